import { refusal, Refused, type Clock, type Ids } from '@sluice/core'
import { Unusable, type Draft, type Finding, type Period, type PolicyDrafts } from './policy-draft.ts'

/** What would have been decided otherwise, while it is found out and after. */
export interface WhatIfJob {
  readonly id: string
  readonly state: 'running' | 'done' | 'failed' | 'stopped'
  readonly by: string
  readonly started_at: string
  readonly ended_at: string | null
  /** Decisions judged so far. */
  readonly decided: number
  readonly report: object | null
  /** Why the policies cannot be used. */
  readonly findings: readonly Finding[]
  readonly error: string | null
}

interface JobPorts {
  readonly drafts: Pick<PolicyDrafts, 'whatIf'>
  readonly clock: Clock
  readonly ids: Pick<Ids, 'next'>
  readonly report: (what: string, error: unknown) => void
}

/** Of those that are over. */
const keptMax = 8
/** A log that takes longer is for the command line, which runs elsewhere. */
const longestMs = 900_000

/** Questions to the whole log, in the memory of this gateway: one at a time, the last few kept. */
export class WhatIfJobs {
  readonly #ports: JobPorts
  readonly #jobs = new Map<string, WhatIfJob>()
  #running: { readonly id: string; readonly stop: AbortController } | undefined

  constructor(ports: JobPorts) {
    this.#ports = ports
  }

  /** Throws `Refused` while another one runs. */
  start(draft: Draft, period: Period, by: string): WhatIfJob {
    const { clock, ids } = this.#ports
    if (this.#running !== undefined)
      throw new Refused(refusal('too_many', 'api/what_if', 'Another one runs: wait for it, or stop it.'))
    const id = ids.next('wif')
    const job: WhatIfJob = {
      id,
      state: 'running',
      by,
      started_at: new Date(clock.now()).toISOString(),
      ended_at: null,
      decided: 0,
      report: null,
      findings: [],
      error: null,
    }
    this.#keep(job)
    void this.#run(job, draft, period)
    return job
  }

  get(id: string): WhatIfJob {
    const job = this.#jobs.get(id)
    if (job !== undefined) return job
    throw new Refused(
      refusal('target_unknown', 'api/what_if', 'This gateway has no such job, or not any more.'),
    )
  }

  stop(id: string): WhatIfJob {
    const job = this.get(id)
    if (this.#running?.id === id) this.#running.stop.abort()
    return job
  }

  close(): void {
    this.#running?.stop.abort()
  }

  async #run({ id }: WhatIfJob, draft: Draft, period: Period): Promise<void> {
    const { drafts, clock, report } = this.#ports
    const stop = new AbortController()
    this.#running = { id, stop }
    using _late = clock.after(longestMs, () => stop.abort())
    const progress = (decided: number): void => this.#change(id, { decided })
    try {
      const found = await drafts.whatIf(draft, period, progress, stop.signal)
      if (stop.signal.aborted) this.#end(id, { state: 'stopped' })
      else if (found === null) this.#end(id, { state: 'failed', error: 'The log holds no such revision.' })
      else this.#end(id, { state: 'done', report: found })
    } catch (error) {
      if (stop.signal.aborted) this.#end(id, { state: 'stopped' })
      else if (error instanceof Unusable) this.#end(id, { state: 'failed', findings: error.findings })
      else {
        report('what other policies would do was not found out', error)
        this.#end(id, { state: 'failed', error: 'The gateway could not read its record, or judge by it.' })
      }
    } finally {
      this.#running = undefined
    }
  }

  #end(id: string, change: Partial<WhatIfJob>): void {
    this.#change(id, { ...change, ended_at: new Date(this.#ports.clock.now()).toISOString() })
  }

  #change(id: string, change: Partial<WhatIfJob>): void {
    const job = this.#jobs.get(id)
    if (job !== undefined) this.#jobs.set(id, { ...job, ...change })
  }

  #keep(job: WhatIfJob): void {
    this.#jobs.set(job.id, job)
    const [oldest] = this.#jobs.keys()
    if (this.#jobs.size > keptMax && oldest !== undefined) this.#jobs.delete(oldest)
  }
}
