import { LegalHoldFold, limits } from '@sluice/core'
import { ContentRetention } from './content-retention.ts'
import { controlEvents } from './control-events.ts'
import type { Report } from './data-keys.ts'
import { finishDestroying, type DestroyPorts } from './destroy-keys.ts'
import type { Removal } from './segment-removal.ts'

export interface RetentionPorts extends DestroyPorts {
  readonly report: Report
  /** Of this gateway: whether a session of that id is open. */
  readonly isOpen: (session: string) => boolean
}

/** How long which class of events is kept, in milliseconds; `null`: for ever. */
export interface RetentionTimes {
  /** Statements, parameters and answers, from the end of their session. */
  readonly contentMs: number | null
  /** Events of sessions. */
  readonly auditMs: number | null
}

/** Something that is looked at again and again. Rejects when it could not be done this time. */
type Sweep = (signal: AbortSignal) => Promise<unknown>

/** Removes what is older than its class is kept, from now on and each hour. Several gateways may do so at once. */
export class Retention {
  readonly #ports: RetentionPorts
  readonly #sweeps: readonly Sweep[]
  readonly #leaving = new AbortController()
  #timer: Disposable | undefined
  #running: Promise<void> = Promise.resolve()

  constructor({ contentMs, auditMs }: RetentionTimes, ports: RetentionPorts) {
    this.#ports = ports
    const content = contentMs === null ? null : new ContentRetention(ports, contentMs)
    this.#sweeps = [
      ...(content === null ? [] : [(signal: AbortSignal) => content.sweep(signal)]),
      ...(auditMs === null ? [] : [(signal: AbortSignal) => this.#removeOlder(auditMs, signal)]),
    ]
  }

  start(): void {
    this.#running = this.#tried(() => finishDestroying(this.#ports.log)).then(() => this.#sweep())
  }

  /** What is under way ends soon; the next start goes on with it. */
  async close(): Promise<void> {
    this.#leaving.abort()
    this.#timer?.[Symbol.dispose]()
    await this.#running
  }

  async #sweep(): Promise<void> {
    for (const sweep of this.#sweeps) await this.#tried(sweep)
    if (this.#sweeps.length === 0 || this.#leaving.signal.aborted) return
    this.#timer = this.#ports.clock.after(limits.retentionSweepMs, () => {
      this.#running = this.#sweep()
    })
  }

  async #removeOlder(auditMs: number, signal: AbortSignal): Promise<void> {
    const { log, clock, isOpen } = this.#ports
    const until = clock.now() - auditMs
    const folded = new LegalHoldFold()
    for await (const event of controlEvents(log)) folded.apply(event)
    const isKept: Removal['isKept'] = (session, opened) =>
      isOpen(session) || folded.over({ session, opened }).length > 0
    for (let removed = 1; removed > 0 && !signal.aborted;)
      removed = await log.removeOlder({ until, isKept, holds: folded.placed, signal })
  }

  async #tried(sweep: Sweep): Promise<void> {
    const { signal } = this.#leaving
    if (signal.aborted) return
    try {
      await sweep(signal)
    } catch (error) {
      if (!signal.aborted)
        this.#ports.report('retention could not do its work; trying again in an hour', error)
    }
  }
}
