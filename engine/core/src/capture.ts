import type { EventBody } from './decider.ts'
import { limits } from './limits.ts'

export interface CaptureOf {
  readonly session: string
  readonly exchange: string
  readonly direction: 'request' | 'response'
}

/** A small piece is copied, so that it does not keep the memory of a whole read alive. */
const copiedBelowBytes = 4_096

/** Appends without making the answer wait for the ack; rejects when the log does not take it. */
export type AppendSoon = (body: EventBody) => Promise<unknown>

/**
 * Keeps what a caller saw, or streamed, for the log. What exceeds one event's sealed content leaves as
 * RecordingChunk events while the answer goes on; `add` makes the stream wait when too much of it is not yet
 * durable. A chunk that the log refuses rejects the next `add` or `rest`: the answer is then cut.
 */
export class Capture {
  chunks = 0
  bytes = 0
  readonly #of: CaptureOf
  readonly #append: AppendSoon
  #parts: Uint8Array[] = []
  #held = 0
  #unacked = 0
  #failed: unknown
  #acked: (() => void) | undefined

  constructor(of: CaptureOf, append: AppendSoon) {
    this.#of = of
    this.#append = append
  }

  /** What `record` lies in must not change any more: a large piece is kept where it is. */
  add(record: Uint8Array): Promise<void> | undefined {
    if (this.#failed !== undefined) throw this.#failed
    this.bytes += record.length
    let from = 0
    while (this.#held + record.length - from > limits.sealedBytesMax) {
      const upTo = from + limits.sealedBytesMax - this.#held
      this.#keep(record.subarray(from, upTo))
      this.#flush()
      from = upTo
    }
    if (from < record.length) this.#keep(record.subarray(from))
    return this.#unacked > limits.captureUnackedBytesMax ? this.#room() : undefined
  }

  /** The part not yet appended, which belongs into the completing event; `undefined` when nothing was seen. */
  rest(): Uint8Array | undefined {
    if (this.#failed !== undefined) throw this.#failed
    if (this.#held === 0) return undefined
    const [only, ...more] = this.#parts
    return more.length === 0 && only !== undefined ? only : Buffer.concat(this.#parts, this.#held)
  }

  /** Appends what is held as a last chunk, where no completing event carries it. */
  end(): void {
    if (this.#held > 0) this.#flush()
  }

  #keep(part: Uint8Array): void {
    this.#parts.push(part.length < copiedBelowBytes ? Buffer.from(part) : part)
    this.#held += part.length
  }

  #flush(): void {
    const sealed = Buffer.concat(this.#parts, this.#held)
    this.#parts = []
    this.#held = 0
    this.#unacked += sealed.length
    const body: EventBody = {
      type: 'RecordingChunk',
      data: { ...this.#of, index: this.chunks++, bytes: sealed.length },
      sealed,
    }
    this.#append(body).then(
      () => this.#ack(sealed.length),
      (error: unknown) => {
        this.#failed = error ?? new Error('the log refused a recording')
        this.#ack(sealed.length)
      },
    )
  }

  #ack(bytes: number): void {
    this.#unacked -= bytes
    if (this.#unacked > limits.captureUnackedBytesMax && this.#failed === undefined) return
    this.#acked?.()
    this.#acked = undefined
  }

  async #room(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#acked = resolve
    })
    if (this.#failed !== undefined) throw this.#failed
  }
}
