import { createHash } from 'node:crypto'
import type { Disk } from './disk.ts'
import {
  eventsIn,
  frameHeaderBytes,
  writeEventLength,
  writeFrameHeader,
  type EncodedEvent,
  type FrameHeader,
} from './frame.ts'
import type { Place } from './position.ts'
import { scan } from './scan.ts'
import { readSegmentHeader, segmentHeaderBytes, type SegmentHeader } from './segment.ts'

/**
 * What is left of segments that were removed: the header of the first of them, and each event of the control stream in a
 * frame of its own, which says in the place of its link where the event was:
 *
 *      32   4  segment     36   8  offset of its frame there     44   4  its index in it     48  16  zeros
 */
export interface Excerpt {
  readonly first: number
  readonly last: number
}

export function excerptName(last: number): string {
  return `${String(last).padStart(10, '0')}.excerpt`
}

/** The last segment that it stands for; `null` for a file that is no excerpt. */
export function excerptNumber(name: string): number | null {
  const match = /^(\d{10})\.excerpt$/.exec(name)
  return match === null ? null : Number(match[1])
}

export function excerptFrame({ bytes, signed }: EncodedEvent, of: FrameHeader, was: Place): Buffer {
  const frame = Buffer.alloc(frameHeaderBytes + 4 + bytes.length)
  writeEventLength(frame, frameHeaderBytes, bytes.length, signed)
  frame.set(bytes, frameHeaderBytes + 4)
  const link = Buffer.alloc(32)
  link.writeUInt32LE(was.segment, 0)
  link.writeBigUInt64LE(BigInt(was.offset), 4)
  link.writeUInt32LE(was.index, 12)
  writeFrameHeader(frame, { kind: 'events', epoch: of.epoch, events: 1, number: of.number, link })
  return frame
}

export interface ExcerptEvent {
  readonly at: number
  readonly header: FrameHeader
  /** Valid until the next step. */
  readonly frame: Buffer
  readonly event: EncodedEvent
  /** Where the event was. */
  readonly was: Place
}

/** Its events in their order. Throws where it is not readable. */
export async function* excerptEvents(disk: Pick<Disk, 'read'>, name: string): AsyncGenerator<ExcerptEvent> {
  for await (const scanned of scan(disk, name, segmentHeaderBytes)) {
    if (scanned.kind === 'broken')
      throw new Error(`${name} is not readable at byte ${scanned.at}: ${scanned.what}`)
    if (scanned.kind === 'end') return
    const { at, header, frame } = scanned
    const link = Buffer.from(header.link)
    const was = {
      segment: link.readUInt32LE(0),
      offset: Number(link.readBigUInt64LE(4)),
      index: link.readUInt32LE(12),
    }
    for (const event of eventsIn(frame)) yield { at, header, frame, event, was }
  }
}

/** The header of the first segment that it stands for; `null` when it is not readable. */
export async function excerptHeader(disk: Pick<Disk, 'read'>, name: string): Promise<SegmentHeader | null> {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  await disk.read(name, 0, bytes)
  const header = readSegmentHeader(bytes)
  return header === 'unused' || header === 'broken' ? null : header
}

/** All excerpts in a folder, those of the oldest segments first; `first` is 0 where the header is not readable. */
export async function excerptsIn(disk: Pick<Disk, 'list' | 'read'>): Promise<readonly Excerpt[]> {
  const lasts = (await disk.list()).map(excerptNumber).filter((last) => last !== null)
  return Promise.all(
    lasts
      .toSorted((a, b) => a - b)
      .map(async (last) => ({ first: (await excerptHeader(disk, excerptName(last)))?.segment ?? 0, last })),
  )
}

const windowBytes = 262_144

/** SHA-256 of a whole file, hexadecimal. */
export async function digestOf(disk: Pick<Disk, 'read'>, name: string): Promise<string> {
  const hash = createHash('sha256')
  const bytes = Buffer.alloc(windowBytes)
  for (let at = 0; ;) {
    const read = await disk.read(name, at, bytes)
    if (read === 0) return hash.digest('hex')
    hash.update(bytes.subarray(0, read))
    at += read
  }
}
