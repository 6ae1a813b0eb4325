import { crc32 } from 'node:zlib'
import type { Envelope } from '@sluice/schemas'
import { Batch } from './batch.ts'
import { hashAt, hashOf, signatureAt, writeHash, zeroHash } from './chain.ts'
import { decodeEnvelope, encodeEnvelope } from './codec.ts'
import { eventsIn, frameLength, readFrameHeader, type FrameHeader } from './frame.ts'
import { HeadFile } from './head.ts'
import type { Signer } from './keys.ts'
import { MemoryDisk } from './memory-disk.ts'
import { ManualClock } from './scripted.ts'
import { segmentHeaderBytes } from './segment.ts'

/** Somebody who knows the format and can write the files: what an intruder, or a newer version, would leave. */

export interface FrameBytes {
  readonly at: number
  readonly bytes: Buffer
  readonly header: FrameHeader
}

/** The frames of one segment. */
export function framesOf(segment: Buffer): readonly FrameBytes[] {
  const frames: FrameBytes[] = []
  for (let at = segmentHeaderBytes; ;) {
    const length = frameLength(segment.subarray(at))
    if (length === null) return frames
    const bytes = Buffer.from(segment.subarray(at, at + length))
    const header = readFrameHeader(bytes)
    if (header === null) throw new Error('forging begins with a whole log')
    frames.push({ at, bytes, header })
    at += length
  }
}

/** The segment with other frames, zeros up to its size. */
export function withFrames(segment: Buffer, frames: readonly Uint8Array[]): Buffer {
  return Buffer.concat([segment.subarray(0, segmentHeaderBytes), ...frames], segment.length)
}

/** Makes the checksum of a frame right again. */
export function fixChecksum(frame: Buffer): Buffer {
  frame.writeUInt32LE(crc32(frame.subarray(12)), 8)
  return frame
}

/** Makes the hash of the n-th event in a frame, and the frame's checksum, right again. */
export function fixHash(frame: Buffer, index: number): Buffer {
  const event = [...eventsIn(frame)][index]
  if (event === undefined) throw new Error('the frame has no such event')
  const at = hashAt(event.bytes.length, event.signed)
  writeHash(event.bytes.subarray(0, at), event.bytes, at)
  return fixChecksum(frame)
}

/**
 * Writes a segment anew with events that were changed, every chain, link and checksum right again; signatures and
 * the head too, when the signer lends a hand. For logs of one segment.
 */
export async function rewrite(
  segment: Buffer,
  change: (event: Envelope) => Envelope,
  signer: Signer | null,
): Promise<{ readonly segment: Buffer; readonly head: Buffer | null }> {
  const hashes = new Map<string, Buffer>()
  const rewritten: Buffer[] = []
  let link: Uint8Array = hashOf(segment.subarray(0, segmentHeaderBytes))
  let events = 0
  for (const { bytes, header } of framesOf(segment)) {
    const batch = new Batch(Buffer.alloc(2 * bytes.length + 1_024))
    for (const { bytes: old, signed } of eventsIn(bytes)) {
      const event = change(decodeEnvelope(old))
      const chain = `${event.stream} ${event.epoch}`
      const hash = append(
        batch,
        { ...event, prev_hash: hashes.get(chain) ?? zeroHash },
        signed ? signer : null,
      )
      hashes.set(chain, hash)
    }
    const sealed = batch.seal({ kind: header.kind, epoch: header.epoch, number: events, link })
    rewritten.push(Buffer.from(sealed.frame))
    link = sealed.link
    events += batch.events
  }
  const head = signer === null ? null : await headOf({ events, link }, signer)
  return { segment: withFrames(segment, rewritten), head }
}

function append(batch: Batch, event: Envelope, signer: Signer | null): Buffer {
  const signed = event.sig !== null
  const envelope = { ...event, sealed: event.sealed === null ? null : [event.sealed] }
  const bytes = batch.add((into, at) => encodeEnvelope(envelope, into, at), signed)
  if (bytes === null) throw new Error('the forged frame is too small')
  const at = hashAt(bytes.length, signed)
  writeHash(bytes.subarray(0, at), bytes, at)
  const hash = Buffer.from(bytes.subarray(at, at + zeroHash.length))
  if (signer !== null) bytes.set(signer.sign(hash), signatureAt(bytes.length))
  batch.count(hash)
  return hash
}

async function headOf(
  at: { readonly events: number; readonly link: Uint8Array },
  signer: Signer,
): Promise<Buffer> {
  const disk = new MemoryDisk()
  const head = new HeadFile({ disk, signer, clock: new ManualClock(), report: () => {} }, 1_000)
  await head.create(zeroHash)
  await head.close(at)
  return disk.files.get('head') ?? Buffer.alloc(0)
}
