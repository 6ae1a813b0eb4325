import type { Http2Session } from 'node:http2'
import type { Clock } from '@sluice/core'
import { limits } from './limits.ts'

export interface HeartbeatEvents {
  /** Called once, when nothing comes any more. */
  readonly gone: () => void
  /** At each look: the bytes that came since the last one. */
  readonly looked?: (received: number) => void
}

/**
 * Finds out that the other side of a session is gone though nobody closed anything: looks every `beatMs` whether something
 * came since the last look, and asks for an answer. What is late because this process was asleep counts once.
 */
export class Heartbeat implements Disposable {
  readonly #session: Http2Session
  readonly #received: () => number
  readonly #clock: Pick<Clock, 'after'>
  readonly #events: HeartbeatEvents
  #next: Disposable | undefined
  #seen = -1
  #missed = 0

  /** `received`: bytes that came so far. */
  constructor(
    session: Http2Session,
    received: () => number,
    clock: Pick<Clock, 'after'>,
    events: HeartbeatEvents,
  ) {
    this.#session = session
    this.#received = received
    this.#clock = clock
    this.#events = events
    this.#look()
  }

  /** It owes an answer for longer than it should. */
  get silent(): boolean {
    return this.#missed > 1
  }

  [Symbol.dispose](): void {
    this.#next?.[Symbol.dispose]()
  }

  #look(): void {
    const received = this.#received()
    this.#missed = received === this.#seen ? this.#missed + 1 : 0
    if (this.#missed > limits.beatsMissedMax) return this.#events.gone()
    if (this.#seen >= 0) this.#events.looked?.(received - this.#seen)
    this.#seen = received
    if (this.#session.destroyed) return
    this.#session.ping(() => {})
    this.#next = this.#clock.after(limits.beatMs, () => this.#look())
  }
}
