import type { RecordedEvent } from './events.ts'
import { pause } from './pause.ts'
import type { Clock, Position } from './ports.ts'

/** The log after a position: to its present end, or on and on. */
export type Reading = (after: Position | undefined, signal: AbortSignal) => AsyncIterable<RecordedEvent>

export interface LogFeedPorts {
  readonly read: Reading
  readonly clock: Pick<Clock, 'after'>
  readonly leaving: AbortSignal
  /** Between two attempts to read. */
  readonly retryMs: number
  /** Of several attempts that fail in a row only the first is told. */
  readonly failed: (error: unknown) => void
  /** The log no longer has what follows the position: reading begins at the start of what there is. */
  readonly gone?: () => void
}

/** The log event by event, as far as somebody asks for it: what nobody asked for stays in the log. */
export class LogFeed {
  readonly #ports: LogFeedPorts
  #last: Position | undefined
  #events: AsyncIterator<RecordedEvent> | undefined
  #next: Promise<RecordedEvent | undefined> | undefined
  #ended = false
  #failing = false

  constructor(after: Position | undefined, ports: LogFeedPorts) {
    this.#last = after
    this.#ports = ports
  }

  /** Nothing will come any more. */
  get ended(): boolean {
    return this.#ended
  }

  /** The next event; `undefined` when it does not come before `until`, or none will. Never rejects. */
  async next(until?: Promise<void>): Promise<RecordedEvent | undefined> {
    this.#next ??= this.#pull()
    const event = await (until === undefined
      ? this.#next
      : Promise.race([this.#next, until.then(() => undefined)]))
    if (event !== undefined) this.#next = undefined
    return event
  }

  async close(): Promise<void> {
    await this.#next
    await this.#events?.return?.()
  }

  async #pull(): Promise<RecordedEvent | undefined> {
    const { read, clock, leaving, retryMs } = this.#ports
    while (!leaving.aborted) {
      try {
        this.#events ??= read(this.#last, leaving)[Symbol.asyncIterator]()
        const { value, done } = await this.#events.next()
        if (done === true) break
        this.#last = value.position
        this.#failing = false
        return value
      } catch (error) {
        this.#events = undefined
        if (leaving.aborted) break
        this.#fails(error)
        await pause(retryMs, clock, leaving)
      }
    }
    this.#ended = true
    return undefined
  }

  #fails(error: unknown): void {
    const { failed, gone } = this.#ports
    if (!this.#failing) failed(error)
    this.#failing = true
    if (!(error instanceof RangeError) || this.#last === undefined || gone === undefined) return
    this.#last = undefined
    gone()
  }
}
