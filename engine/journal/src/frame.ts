import { crc32 } from 'node:zlib'
import { hashBytes, hashIn, hashOf } from './chain.ts'

/**
 * What one flush writes. A frame is there as a whole or not at all, so units are atomic. Little endian:
 *
 *      0   4  magic
 *      4   4  bytes of the payload
 *      8   4  CRC-32 of byte 12 to the end of the payload
 *     12   4  kind
 *     16   4  epoch
 *     20   4  events
 *     24   8  number of the first of them in the log
 *     32  32  link: SHA-256 of the header and the event hashes of the frame before, or of the segment's header
 *     64      payload: each event after 4 bytes with its length, whose highest bit is set when the event is signed
 */
export const frameHeaderBytes = 64
export const frameMagic: Buffer = Buffer.from('SLF1', 'latin1')

/** `opened` and `closed` stand at both ends of an incarnation; one that ends without `closed` was killed. */
export type FrameKind = 'opened' | 'events' | 'closed'
const kinds: readonly FrameKind[] = ['opened', 'events', 'closed']

export interface FrameHeader {
  readonly kind: FrameKind
  readonly epoch: number
  readonly events: number
  readonly number: number
  readonly link: Uint8Array
}

/** Completes a frame whose payload is already there, up to the end of `frame`. */
export function writeFrameHeader(frame: Buffer, header: FrameHeader): void {
  frameMagic.copy(frame, 0)
  frame.writeUInt32LE(frame.length - frameHeaderBytes, 4)
  frame.writeUInt32LE(kinds.indexOf(header.kind) + 1, 12)
  frame.writeUInt32LE(header.epoch, 16)
  frame.writeUInt32LE(header.events, 20)
  frame.writeBigUInt64LE(BigInt(header.number), 24)
  frame.set(header.link, 32)
  frame.writeUInt32LE(crc32(frame.subarray(12)), 8)
}

/** Length of the frame that begins at the start of these bytes, or `null` when none can begin there. */
export function frameLength(start: Buffer): number | null {
  if (start.length < frameHeaderBytes || !start.subarray(0, 4).equals(frameMagic)) return null
  return frameHeaderBytes + start.readUInt32LE(4)
}

/** The header of a whole frame; `null` when its checksum or kind is wrong. */
export function readFrameHeader(frame: Buffer): FrameHeader | null {
  if (crc32(frame.subarray(12)) !== frame.readUInt32LE(8)) return null
  const kind = kinds[frame.readUInt32LE(12) - 1]
  if (kind === undefined) return null
  return {
    kind,
    epoch: frame.readUInt32LE(16),
    events: frame.readUInt32LE(20),
    number: Number(frame.readBigUInt64LE(24)),
    link: Buffer.from(frame.subarray(32, 32 + hashBytes)),
  }
}

export interface EncodedEvent {
  /** In place. */
  readonly bytes: Buffer
  readonly signed: boolean
}

const signedBit = 0x8000_0000

export function writeEventLength(into: Buffer, at: number, bytes: number, signed: boolean): void {
  into.writeUInt32LE(signed ? bytes + signedBit : bytes, at)
}

/** The events of a whole frame. Throws when they do not fill it exactly. */
export function eventsIn(frame: Buffer): Generator<EncodedEvent> {
  return eventsBetween(frame, frameHeaderBytes, frame.length)
}

export function* eventsBetween(bytes: Buffer, start: number, end: number): Generator<EncodedEvent> {
  let at = start
  while (at < end) {
    const from = at + 4
    if (from > end) throw new Error('a frame ends inside the length of an event')
    const length = bytes.readUInt32LE(at)
    const signed = length >= signedBit
    at = from + (signed ? length - signedBit : length)
    if (at > end) throw new Error('a frame ends inside an event')
    yield { bytes: bytes.subarray(from, at), signed }
  }
}

/** What the next frame must carry as its link. */
export function linkAfter(frame: Buffer): Buffer {
  const hashes = Array.from(eventsIn(frame), ({ bytes, signed }) => hashIn(bytes, signed))
  return linkOver(frame, Buffer.concat(hashes))
}

export function linkOver(frame: Buffer, hashes: Uint8Array): Buffer {
  return hashOf(Buffer.concat([frame.subarray(0, frameHeaderBytes), hashes]))
}
