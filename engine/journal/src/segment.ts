import { crc32 } from 'node:zlib'
import { hashBytes } from './chain.ts'

/**
 * A file of the log: a header, then frames, then zeros. The next segment always lies ready, all zeros, so that
 * going on in it changes no directory. Little endian:
 *
 *       0   8  magic
 *       8   4  CRC-32 of byte 12 to the end of the header
 *      12   4  number of the segment, from 1
 *      16   8  number of its first event in the log
 *      24   4  epoch that began it
 *      28   4  bytes of the writer's name
 *      32  32  link: of the segment before, as its next frame would have had it; zeros in the first
 *      64  32  the writer's public key, Ed25519
 *      96  96  the writer's name
 */
export const segmentHeaderBytes = 192

export interface SegmentHeader {
  readonly segment: number
  readonly number: number
  readonly epoch: number
  readonly link: Uint8Array
  readonly publicKey: Uint8Array
  readonly writer: string
}

const magic = Buffer.from('SLUICE01', 'latin1')
const writerBytesMax = 96

export function segmentName(segment: number): string {
  return `${String(segment).padStart(10, '0')}.segment`
}

/** `null` for a file that is no segment. */
export function segmentNumber(name: string): number | null {
  const match = /^(\d{10})\.segment$/.exec(name)
  return match === null ? null : Number(match[1])
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  const writer = Buffer.from(header.writer)
  if (writer.length > writerBytesMax) throw new Error('the name of the writer is too long')
  magic.copy(bytes, 0)
  bytes.writeUInt32LE(header.segment, 12)
  bytes.writeBigUInt64LE(BigInt(header.number), 16)
  bytes.writeUInt32LE(header.epoch, 24)
  bytes.writeUInt32LE(writer.length, 28)
  bytes.set(header.link, 32)
  bytes.set(header.publicKey, 64)
  bytes.set(writer, 96)
  bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8)
  return bytes
}

/** `unused`: still all zeros. `broken`: neither that nor a header. */
export function readSegmentHeader(bytes: Buffer): SegmentHeader | 'unused' | 'broken' {
  if (bytes.every((byte) => byte === 0)) return 'unused'
  if (bytes.length < segmentHeaderBytes || !bytes.subarray(0, 8).equals(magic)) return 'broken'
  if (crc32(bytes.subarray(12, segmentHeaderBytes)) !== bytes.readUInt32LE(8)) return 'broken'
  const writerBytes = bytes.readUInt32LE(28)
  if (writerBytes > writerBytesMax) return 'broken'
  return {
    segment: bytes.readUInt32LE(12),
    number: Number(bytes.readBigUInt64LE(16)),
    epoch: bytes.readUInt32LE(24),
    link: Buffer.from(bytes.subarray(32, 32 + hashBytes)),
    publicKey: Buffer.from(bytes.subarray(64, 96)),
    writer: bytes.toString('utf8', 96, 96 + writerBytes),
  }
}
