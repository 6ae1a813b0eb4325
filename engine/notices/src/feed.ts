import {
  controlStream,
  limits,
  type Clock,
  type EventStore,
  type Position,
  type RecordedEvent,
} from '@sluice/core'
import { delay } from './delay.ts'

export interface FeedPorts {
  readonly store: Pick<EventStore, 'subscribe'>
  readonly clock: Clock
  readonly report: (what: string, error: unknown) => void
}

/** The control stream event by event, as far as somebody asks for it: what nobody asked for stays in the log. */
export class Feed {
  readonly #ports: FeedPorts
  readonly #signal: AbortSignal
  #last: Position | null
  #events: AsyncIterator<RecordedEvent> | undefined
  #next: Promise<RecordedEvent | undefined> | undefined
  #ended = false

  constructor(after: Position | null, signal: AbortSignal, ports: FeedPorts) {
    this.#last = after
    this.#signal = signal
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
    const { store, clock, report } = this.#ports
    while (!this.#signal.aborted) {
      try {
        const from = this.#last ?? undefined
        this.#events ??= iterated(store.subscribe(from, this.#signal, controlStream))
        const { value, done } = await this.#events.next()
        if (done === true) break
        this.#last = value.position
        return value
      } catch (error) {
        this.#events = undefined
        report('the control stream could not be read for notices; trying again', error)
        await delay(limits.approvalRetryMs, clock, this.#signal)
      }
    }
    this.#ended = true
    return undefined
  }
}

function iterated<T>(items: AsyncIterable<T>): AsyncIterator<T> {
  return items[Symbol.asyncIterator]()
}
