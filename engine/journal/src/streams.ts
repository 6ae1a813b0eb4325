import { hashBytes } from './chain.ts'
import type { DataKey } from './data-keys.ts'

/** Where a stream of one incarnation stands. */
export interface StreamState {
  /** Sequence number of its next event. */
  next: number
  /** Hash of its last event. */
  readonly hash: Buffer
  /** From its first sealed content on. */
  key: DataKey | undefined
}

/**
 * Closed streams are remembered until so many more were closed: the outcome of what was still running follows
 * SessionClosed within seconds. Who checks a log remembers twice as many.
 */
export const closedStreamsMax = 32_768

/** The streams of one incarnation. Those that are closed are forgotten in the order of their closing. */
export class Streams<State> {
  readonly #open = new Map<string, State>()
  readonly #closed = new Map<string, State>()
  readonly #closedMax: number
  readonly #fresh: () => State

  constructor(closedMax: number, fresh: () => State) {
    this.#closedMax = closedMax
    this.#fresh = fresh
  }

  get(stream: string): State {
    const known = this.#open.get(stream) ?? this.#closed.get(stream)
    if (known !== undefined) return known
    const fresh = this.#fresh()
    this.#open.set(stream, fresh)
    return fresh
  }

  /** Call after the event that ends a stream. */
  close(stream: string): void {
    const state = this.#open.get(stream)
    if (state === undefined) return
    this.#open.delete(stream)
    this.#closed.set(stream, state)
    if (this.#closed.size <= this.#closedMax) return
    const [oldest] = this.#closed.keys()
    if (oldest !== undefined) this.#closed.delete(oldest)
  }

  openNames(): Iterable<string> {
    return this.#open.keys()
  }

  get size(): number {
    return this.#open.size + this.#closed.size
  }
}

export function freshStream(): StreamState {
  return { next: 0, hash: Buffer.alloc(hashBytes), key: undefined }
}
