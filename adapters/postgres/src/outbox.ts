import { onStall } from '@sluice/core'
import type { Duplex } from 'node:stream'

/** Small pieces up to this are copied together: one system call is dearer than the copy. */
const joinBytesMax = 16_384
/** A tick's output above this leaves at once. */
const tickBytesMax = 262_144

/**
 * Bytes on their way out of one socket. Everything of one tick leaves in one write; pieces that lie side by side
 * in memory, as the messages of a pipeline do, are joined without a copy.
 */
export class Outbox {
  readonly #socket: Duplex
  #pieces: Buffer[] = []
  #bytes = 0
  #scheduled = false
  #drained: PromiseWithResolvers<void> | undefined
  readonly #stallMs: number | undefined
  #stalled: Disposable | undefined

  /** `stallMs`: who takes nothing for so long is made to go. */
  constructor(socket: Duplex, stallMs?: number) {
    this.#socket = socket
    this.#stallMs = stallMs
    socket.on('drain', this.#release)
    socket.on('close', this.#release)
  }

  /** Somebody else writes to the socket from now on. */
  detach(): void {
    this.flush()
    this.#socket.off('drain', this.#release)
    this.#socket.off('close', this.#release)
    this.#release()
  }

  readonly #release = (): void => {
    this.#stalled?.[Symbol.dispose]()
    this.#drained?.resolve()
    this.#drained = undefined
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const last = this.#pieces[this.#pieces.length - 1]
    if (
      last !== undefined &&
      last.buffer === bytes.buffer &&
      last.byteOffset + last.length === bytes.byteOffset
    )
      this.#pieces[this.#pieces.length - 1] = Buffer.from(
        last.buffer,
        last.byteOffset,
        last.length + bytes.length,
      )
    else
      this.#pieces.push(
        Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      )
    this.#bytes += bytes.length
    if (this.#bytes > tickBytesMax) this.flush()
    else if (!this.#scheduled) {
      this.#scheduled = true
      process.nextTick(() => this.flush())
    }
  }

  flush(): void {
    this.#scheduled = false
    const pieces = this.#pieces
    const bytes = this.#bytes
    if (pieces.length === 0) return
    this.#pieces = []
    this.#bytes = 0
    if (!this.#socket.writable) return
    const only = pieces[0]
    if (pieces.length === 1 && only !== undefined) this.#socket.write(only)
    else if (bytes <= joinBytesMax) this.#socket.write(Buffer.concat(pieces, bytes))
    else {
      this.#socket.cork()
      for (const piece of pieces) this.#socket.write(piece)
      this.#socket.uncork()
    }
  }

  /** A promise while the socket holds more than it should, for whoever can wait before pushing more. */
  full(): Promise<void> | undefined {
    if (this.#bytes + this.#socket.writableLength <= tickBytesMax) return undefined
    this.flush()
    if (!this.#socket.writableNeedDrain || this.#socket.destroyed) return undefined
    if (this.#drained === undefined) {
      this.#drained = Promise.withResolvers()
      if (this.#stallMs !== undefined) this.#stalled = onStall(this.#stallMs, () => this.#socket.destroy())
    }
    return this.#drained.promise
  }
}
