import type { End } from './replies.ts'
import { LastReply, Reply } from './replies.ts'

/** The server's answer to one message that was sent, in the order of sending. */
export interface Expected {
  readonly kind: 'parse' | 'bind' | 'describe' | 'execute' | 'close' | 'query' | 'sync'
  /** The message was the poison of a refusal: its error is replaced by these bytes. */
  readonly instead?: Uint8Array
  /** The message was added: the client did not ask and does not see the answer. */
  readonly hidden?: (answer: Buffer) => void
  /** The server did it. For `query`: did the next one of its statements. */
  readonly done?: () => void
  /** The server tried and failed, which also has effects: a failed Parse drops the unnamed statement. */
  readonly failed?: () => void
  /** ParameterDescription, for `describe`. */
  readonly parameters?: (message: Buffer) => void
  /** The server waits for COPY data; without this it has no business to. */
  readonly copyIn?: () => void
}

export interface Owner {
  /** `bytes` wait to be pulled: the server may have to be kept waiting. */
  queued(bytes: number): void
  /** `bytes` were pulled: the server may be read further. */
  taken(bytes: number): void
  /** The flight should stop. Called when it is the one that runs; resolves when the server was told. */
  cancel(): Promise<void>
}

/**
 * One exchange on its way: the answers that it still expects and the ones that wait to be pulled. Its iterator
 * ends after a `LastReply`; it rejects when the server is lost.
 */
export class Flight implements AsyncIterable<Reply, undefined>, AsyncIterator<Reply, undefined> {
  position = 0
  expected: readonly Expected[]
  /** SQLSTATE of the error that it met. */
  status: string | null = null
  failed = false
  skipped = false
  ended = false
  /** The transaction status of the ReadyForQuery that it ended with. */
  ready: 'I' | 'T' | 'E' | null = null
  readonly #settled: (() => void) | undefined
  readonly #ready: Reply[] = []
  #waiting: PromiseWithResolvers<IteratorResult<Reply, undefined>> | undefined
  #error: unknown
  #owner: Owner | undefined
  #stop = false
  #cancelling: Promise<void> | undefined

  /** `settled` runs once: when the last answer arrived, or none will. */
  constructor(expected: readonly Expected[], settled?: () => void) {
    this.expected = expected
    this.#settled = settled
  }

  get now(): Expected | undefined {
    return this.expected[this.position]
  }

  attach(owner: Owner): void {
    this.#owner = owner
  }

  push(reply: Reply): void {
    this.#owner?.queued(reply.bytes.length)
    const waiting = this.#waiting
    if (waiting === undefined) this.#ready.push(reply)
    else {
      this.#waiting = undefined
      this.#hand(reply).then(waiting.resolve, waiting.reject)
    }
  }

  /** The last bytes have arrived. */
  finish(bytes: Uint8Array, record: Uint8Array, rows: number): void {
    this.#end()
    this.push(new LastReply(this.#outcome(), bytes, record, rows))
  }

  /** No answer will come any more. */
  lose(error: unknown): void {
    if (this.ended) return
    this.#error = error
    this.#end()
    this.#waiting?.reject(error)
    this.#waiting = undefined
  }

  /** Asks the server to stop it, now or as soon as it runs; not when it is over. */
  cancel(): void {
    this.#stop = true
    this.running()
  }

  /** It is the first in line: what it expects next is what the server sends next. */
  running(): void {
    if (!this.#stop || this.ended || this.#cancelling !== undefined || this.#owner === undefined) return
    if (this.#first) this.#cancelling = this.#owner.cancel()
  }

  #first = false

  lead(): void {
    this.#first = true
    this.running()
  }

  next(): Promise<IteratorResult<Reply, undefined>> {
    const reply = this.#ready.shift()
    if (reply !== undefined) return this.#hand(reply)
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (this.ended) return Promise.resolve({ done: true, value: undefined })
    this.#waiting = Promise.withResolvers()
    return this.#waiting.promise
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** A cancel on its way must land before the caller may send more, or it would hit the next statement. */
  #hand(reply: Reply): Promise<IteratorResult<Reply, undefined>> {
    this.#owner?.taken(reply.bytes.length)
    const result = { done: false, value: reply } as const
    if (this.#cancelling === undefined || !(reply instanceof LastReply)) return Promise.resolve(result)
    return this.#cancelling.then(() => result)
  }

  #outcome(): End {
    if (this.failed) return { outcome: 'failed', status: this.status }
    return { outcome: this.skipped ? 'skipped' : 'completed', status: null }
  }

  #end(): void {
    this.ended = true
    this.#settled?.()
  }
}
