import { limits } from '@sluice/core'
import { front, isFrontType } from './messages.ts'
import { headerBytes, ProtocolViolation } from './wire.ts'

/**
 * Bytes received and not yet consumed. What was handed out is never written over: a chunk is used where it lies,
 * and only a message that is cut by the end of a chunk is copied, into a buffer that grows by doubling.
 */
export class FrameBuffer {
  data: Buffer = Buffer.alloc(0)
  at = 0
  end = 0
  /** The buffer is ours and may be appended to. */
  #growing = false

  get length(): number {
    return this.end - this.at
  }

  push(chunk: Buffer): void {
    if (this.at === this.end) {
      this.data = chunk
      this.at = 0
      this.end = chunk.length
      this.#growing = false
      return
    }
    if (!this.#growing || this.data.length - this.end < chunk.length) this.#grow(chunk.length)
    chunk.copy(this.data, this.end)
    this.end += chunk.length
  }

  #grow(by: number): void {
    const rest = this.length
    const larger = Buffer.allocUnsafe(2 * (rest + by))
    this.data.copy(larger, 0, this.at, this.end)
    this.data = larger
    this.at = 0
    this.end = rest
    this.#growing = true
  }
}

/**
 * The next whole message of a client after the login, or `undefined` when its end has not arrived. Type and length
 * are checked as soon as the header is there, before anything is kept for it.
 */
export function takeMessage(
  buffer: FrameBuffer,
  bytesMax: number = limits.requestBytesMax,
): Buffer | undefined {
  if (buffer.length < 1) return undefined
  const type = buffer.data[buffer.at] ?? 0
  if (!isFrontType(type)) throw new ProtocolViolation(`invalid frontend message type ${type}`)
  if (buffer.length < headerBytes) return undefined
  const length = buffer.data.readInt32BE(buffer.at + 1)
  if (length < 4 || length > bytesMax) throw new ProtocolViolation('invalid message length')
  return take(buffer, length + 1)
}

/** COPY data go on in pieces of this size, whatever the client made of them: where a message ends says nothing of rows. */
const pieceBytes = 1_048_576
/** What a server takes as one message (`PQ_LARGE_MESSAGE_LIMIT`). */
const copyDataBytesMax = 1_073_741_822

/** The next whole message of a client that is served. A large CopyData becomes several, so that none is kept whole. */
export function takeServed(buffer: FrameBuffer): Buffer | undefined {
  if (buffer.length < headerBytes || buffer.data[buffer.at] !== front.copyData) return takeMessage(buffer)
  const length = buffer.data.readInt32BE(buffer.at + 1)
  if (length + 1 <= headerBytes + pieceBytes) return takeMessage(buffer)
  if (length > copyDataBytesMax) throw new ProtocolViolation('invalid message length')
  if (buffer.length < headerBytes + pieceBytes) return undefined
  const piece = Buffer.from(buffer.data.subarray(buffer.at, buffer.at + headerBytes + pieceBytes))
  piece.writeInt32BE(headerBytes - 1 + pieceBytes, 1)
  // The header of the rest is written over what has just been copied.
  buffer.at += pieceBytes
  buffer.data[buffer.at] = front.copyData
  buffer.data.writeInt32BE(length - pieceBytes, buffer.at + 1)
  return piece
}

/** The next whole startup packet, which has a length and no type (PostgreSQL 15 §55.7). */
export function takeStartup(buffer: FrameBuffer): Buffer | undefined {
  if (buffer.length < 4) return undefined
  const length = buffer.data.readInt32BE(buffer.at)
  if (length < 8 || length > limits.helloBytesMax)
    throw new ProtocolViolation('invalid length of startup packet')
  return take(buffer, length)
}

/** The next whole message of a server, for the login and for catalogue reads. */
export function takeReply(buffer: FrameBuffer, bytesMax: number): Buffer | undefined {
  if (buffer.length < headerBytes) return undefined
  const length = buffer.data.readInt32BE(buffer.at + 1)
  if (length < 4 || length > bytesMax) throw new ProtocolViolation('invalid message length from the server')
  return take(buffer, length + 1)
}

function take(buffer: FrameBuffer, total: number): Buffer | undefined {
  if (buffer.length < total) return undefined
  const message = buffer.data.subarray(buffer.at, buffer.at + total)
  buffer.at += total
  return message
}
