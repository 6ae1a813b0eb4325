import { limits } from '@sluice/core'
import { headerBytes, ProtocolViolation } from './wire.ts'

/** Length of the server's message that begins at `at`, of which the header is there. */
export function replyBytes(data: Buffer, at: number): number {
  const length = data.readInt32BE(at + 1)
  if (length < 4 || length > limits.replyMessageBytesMax)
    throw new ProtocolViolation('the server sent a message of invalid length')
  return 1 + length
}

/**
 * The one message that the end of a chunk cut. It is put together in memory of its own, which grows as its bytes
 * arrive and not by what its header promises; everything before and behind it stays where it lies.
 */
export class CutReply {
  #bytes = Buffer.alloc(0)
  #have = 0

  get empty(): boolean {
    return this.#have === 0
  }

  /** Takes what belongs to the cut message from the start of a chunk; gives how much that was. */
  complete(chunk: Buffer): number {
    if (this.#have === 0) return 0
    let taken = 0
    while (taken < chunk.length && this.#missing > 0) taken += this.#take(chunk, taken, this.#missing)
    return taken
  }

  /** The message, once it is whole. */
  take(): Buffer | undefined {
    if (this.#have === 0 || this.#missing > 0) return undefined
    const message = this.#bytes.subarray(0, this.#have)
    this.#bytes = Buffer.alloc(0)
    this.#have = 0
    return message
  }

  /** The rest of a chunk, in which a message begins. */
  keep(chunk: Buffer, from: number): void {
    if (from < chunk.length) this.#take(chunk, from, chunk.length - from)
  }

  get #missing(): number {
    return (this.#have < headerBytes ? headerBytes : replyBytes(this.#bytes, 0)) - this.#have
  }

  #take(chunk: Buffer, from: number, most: number): number {
    const count = Math.min(most, chunk.length - from)
    const needed = this.#have + count
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(512, 2 * needed))
      this.#bytes.copy(larger, 0, 0, this.#have)
      this.#bytes = larger
    }
    chunk.copy(this.#bytes, this.#have, from, from + count)
    this.#have = needed
    return count
  }
}
