import { limits, type Clock, type Position, type RecordedEvent } from '@sluice/core'
import { pause } from './backoff.ts'

/** The log after a position: to its present end, or on and on. */
export type Reading = (after: Position | undefined, signal: AbortSignal) => AsyncIterable<RecordedEvent>

export interface SourcePorts {
  readonly read: Reading
  readonly clock: Pick<Clock, 'after'>
  readonly leaving: AbortSignal
  readonly report: (what: string, error: unknown) => void
  /** The log no longer has what follows the position: reading begins at the start of what there is. */
  readonly gone: () => void
}

/** The log event by event, as far as somebody asks for it: what nobody asked for stays in the log. */
export class Source {
  readonly #ports: SourcePorts
  #last: Position | undefined
  #events: AsyncIterator<RecordedEvent> | undefined
  #next: Promise<RecordedEvent | undefined> | undefined
  #ended = false
  #failing = false

  constructor(after: Position | undefined, ports: SourcePorts) {
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
    const { read, clock, leaving, report, gone } = this.#ports
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
        if (!this.#failing) report('the log could not be read for an export; trying again', error)
        this.#failing = true
        if (error instanceof RangeError && this.#last !== undefined) {
          this.#last = undefined
          gone()
        }
        await pause(limits.exportRetryMs, clock, leaving)
      }
    }
    this.#ended = true
    return undefined
  }
}
