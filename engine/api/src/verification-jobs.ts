import { refusal, Refused, type Clock, type Ids } from '@sluice/core'
import { isoTime } from './iso-time.ts'

/** What was found in the log. */
export interface Verification {
  readonly ok: boolean
  readonly events: number
  readonly streams: number
  /** Events of types that this version does not know, and events that retention removed, as signed. */
  readonly unknown: number
  readonly removed: number
  readonly findings: readonly {
    /** The file, or topic and partition. */
    readonly segment: string
    readonly offset: number
    readonly stream: string | null
    readonly seq: number | null
    readonly what: string
  }[]
}

/** How much of about how much is read. */
export interface VerifyProgress {
  readonly events: number
  readonly done: number
  readonly of: number
}

/** One reading of the whole log, while it goes on and after. */
export interface VerificationJob {
  readonly id: string
  readonly state: 'running' | 'done' | 'failed' | 'stopped'
  readonly by: string
  readonly started_at: string
  readonly ended_at: string | null
  /** Events so far, and about how much of the log that is; hundredths. */
  readonly events: number
  readonly percent: number
  readonly report: Verification | null
  readonly error: string | null
}

export type VerifyLog = (
  progress: (progress: VerifyProgress) => void,
  signal: AbortSignal,
) => Promise<Verification>

interface JobPorts {
  readonly verify: VerifyLog
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly ids: Pick<Ids, 'next'>
  readonly report: (what: string, error: unknown) => void
}

const keptMax = 8
/** A log that takes longer is for the command line, which runs elsewhere. */
const longestMs = 7_200_000

/** In the memory of this gateway: one at a time, the last few kept. */
export class VerificationJobs {
  readonly #ports: JobPorts
  readonly #jobs = new Map<string, VerificationJob>()
  #running: { readonly id: string; readonly stop: AbortController; readonly over: Promise<void> } | undefined

  constructor(ports: JobPorts) {
    this.#ports = ports
  }

  /** Newest first. */
  list(): readonly VerificationJob[] {
    return [...this.#jobs.values()].toReversed()
  }

  get(id: string): VerificationJob {
    const job = this.#jobs.get(id)
    if (job !== undefined) return job
    throw new Refused(
      refusal(
        'target_unknown',
        'api/verification',
        'This gateway has no such verification, or not any more.',
      ),
    )
  }

  /** Throws `Refused` while another one runs. */
  refuseBusy(): void {
    if (this.#running !== undefined)
      throw new Refused(
        refusal(
          'too_many',
          'api/verification',
          'The log is being verified already: wait for it, or stop it.',
        ),
      )
  }

  start(by: string): VerificationJob {
    this.refuseBusy()
    const { clock, ids } = this.#ports
    const id = ids.next('ver')
    const job: VerificationJob = {
      id,
      state: 'running',
      by,
      started_at: isoTime(clock.now()),
      ended_at: null,
      events: 0,
      percent: 0,
      report: null,
      error: null,
    }
    this.#jobs.set(id, job)
    const [oldest] = this.#jobs.keys()
    if (this.#jobs.size > keptMax && oldest !== undefined) this.#jobs.delete(oldest)
    const stop = new AbortController()
    this.#running = { id, stop, over: this.#run(id, stop) }
    return job
  }

  stop(id: string): VerificationJob {
    const job = this.get(id)
    if (this.#running?.id === id) this.#running.stop.abort()
    return job
  }

  async close(): Promise<void> {
    this.#running?.stop.abort()
    await this.#running?.over
  }

  async #run(id: string, stop: AbortController): Promise<void> {
    const { verify, clock, report } = this.#ports
    using _late = clock.after(longestMs, () => stop.abort())
    const progress = ({ events, done, of }: VerifyProgress): void =>
      this.#change(id, { events, percent: of === 0 ? 100 : Math.min(100, Math.floor((100 * done) / of)) })
    try {
      const found = await verify(progress, stop.signal)
      this.#end(id, { state: 'done', events: found.events, percent: 100, report: found })
    } catch (error) {
      if (stop.signal.aborted) this.#end(id, { state: 'stopped' })
      else {
        report('the log was not verified', error)
        this.#end(id, {
          state: 'failed',
          error: error instanceof Error ? error.message : 'It could not be read.',
        })
      }
    } finally {
      this.#running = undefined
    }
  }

  #end(id: string, change: Partial<VerificationJob>): void {
    this.#change(id, { ...change, ended_at: isoTime(this.#ports.clock.now()) })
  }

  #change(id: string, change: Partial<VerificationJob>): void {
    const job = this.#jobs.get(id)
    if (job !== undefined) this.#jobs.set(id, { ...job, ...change })
  }
}
