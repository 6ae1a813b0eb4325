import { refusal, Refused, type Clock, type Ids } from '@sluice/core'
import { isoTime } from './iso-time.ts'

/** One reading of the whole log, while it goes on and after. */
export interface LogJob {
  readonly id: string
  readonly state: 'running' | 'done' | 'failed' | 'stopped'
  readonly by: string
  readonly started_at: string
  readonly ended_at: string | null
  readonly error: string | null
}

export interface LogJobsPorts {
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly ids: Pick<Ids, 'next'>
}

export interface KindOfJob {
  /** Of their ids. */
  readonly prefix: string
  /** Of refusals. */
  readonly rule: string
  /** Said while another one runs, and of one that is not there. */
  readonly busy: string
  readonly unknown: string
  /** A log that takes longer is for the command line, which runs elsewhere. */
  readonly longestMs: number
}

/** What a job does: tells of how it goes on, and gives how it ended. Rejecting with anything is a failure unless it was stopped. */
export type LogWork<Details> = (
  progress: (change: Partial<Details>) => void,
  signal: AbortSignal,
) => Promise<Partial<LogJob & Details>>

const keptMax = 8

/** In the memory of this gateway: one at a time, the last few kept. */
export class LogJobs<Details extends object> {
  readonly #kind: KindOfJob
  readonly #ports: LogJobsPorts
  readonly #jobs = new Map<string, LogJob & Details>()
  #running: { readonly id: string; readonly stop: AbortController; readonly over: Promise<void> } | undefined

  constructor(kind: KindOfJob, ports: LogJobsPorts) {
    this.#kind = kind
    this.#ports = ports
  }

  /** Newest first. */
  list(): readonly (LogJob & Details)[] {
    return [...this.#jobs.values()].toReversed()
  }

  /** Throws `Refused`. */
  get(id: string): LogJob & Details {
    const job = this.#jobs.get(id)
    if (job !== undefined) return job
    throw new Refused(refusal('target_unknown', this.#kind.rule, this.#kind.unknown))
  }

  /** Throws `Refused` while another one runs. */
  refuseBusy(): void {
    if (this.#running !== undefined) throw new Refused(refusal('too_many', this.#kind.rule, this.#kind.busy))
  }

  /** Throws `Refused` while another one runs. `failed`: what is told of a failure. */
  start(
    by: string,
    details: Details,
    work: LogWork<Details>,
    failed: (error: unknown) => Partial<LogJob & Details>,
  ): LogJob & Details {
    this.refuseBusy()
    const id = this.#ports.ids.next(this.#kind.prefix)
    const started_at = isoTime(this.#ports.clock.now())
    const job = { id, state: 'running' as const, by, started_at, ended_at: null, error: null, ...details }
    this.#jobs.set(id, job)
    const [oldest] = this.#jobs.keys()
    if (this.#jobs.size > keptMax && oldest !== undefined) this.#jobs.delete(oldest)
    const stop = new AbortController()
    this.#running = { id, stop, over: this.#run(id, stop, work, failed) }
    return job
  }

  /** Throws `Refused` where there is no such job. */
  stop(id: string): LogJob & Details {
    const job = this.get(id)
    if (this.#running?.id === id) this.#running.stop.abort()
    return job
  }

  /** Resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.#running?.stop.abort()
    await this.#running?.over
  }

  async #run(
    id: string,
    stop: AbortController,
    work: LogWork<Details>,
    failed: (error: unknown) => Partial<LogJob & Details>,
  ): Promise<void> {
    const { clock } = this.#ports
    using _late = clock.after(this.#kind.longestMs, () => stop.abort())
    const end = (change: Partial<LogJob>): void =>
      this.#change(id, { ...change, ended_at: isoTime(clock.now()) })
    try {
      end({ state: 'done', ...(await work((change) => this.#change(id, change), stop.signal)) })
    } catch (error) {
      end(stop.signal.aborted ? { state: 'stopped' } : { state: 'failed', ...failed(error) })
    } finally {
      this.#running = undefined
    }
  }

  #change(id: string, change: object): void {
    const job = this.#jobs.get(id)
    if (job !== undefined) this.#jobs.set(id, { ...job, ...change })
  }
}
