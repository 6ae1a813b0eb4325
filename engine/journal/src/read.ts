import { controlStream, type Position, type RecordedEvent } from '@sluice/core'
import { decodeEvent } from './codec.ts'
import type { Cut } from './cut.ts'
import type { Disk } from './disk.ts'
import { excerptEvents, excerptName } from './excerpt.ts'
import { eventsIn } from './frame.ts'
import { placeOf, positionOf, type Place } from './position.ts'
import { scan } from './scan.ts'
import { readSegmentHeader, segmentHeaderBytes, segmentName } from './segment.ts'

/** Up to where the log is durable. */
export type ReadEnd = Pick<Place, 'segment' | 'offset'>

/** Before the first event of a log. */
export const logStart: Place = { segment: 1, offset: segmentHeaderBytes, index: -1 }

/**
 * Where to read on after an event. Throws for a position that is not in the log, and for one after which something is no
 * longer there; of the control stream everything is.
 */
export function placeAfter(
  position: Position | undefined,
  end: ReadEnd,
  stream: string | undefined,
  cut: Pick<Cut, 'last'>,
): Place {
  if (position === undefined) return logStart
  const place = placeOf(position)
  if (!isBefore(place, end)) throw new RangeError('this position is not in this log')
  if (place.segment <= cut.last && place.left !== true && stream !== controlStream) throw removed()
  return place
}

function removed(): RangeError {
  return new RangeError('what followed this position in the log was removed by retention')
}

export function isSame(a: ReadEnd, b: ReadEnd): boolean {
  return a.segment === b.segment && a.offset === b.offset
}

export function isBefore(place: ReadEnd, end: ReadEnd): boolean {
  return place.segment < end.segment || (place.segment === end.segment && place.offset < end.offset)
}

/**
 * The events after a place, all or of one stream, in the order of the log, up to its end at this moment. Holds one
 * frame at a time. Throws when the log is not readable on the way: what is missing is never passed over. Of what `cut` says
 * was removed it gives what is left; a `RangeError` when something was removed meanwhile.
 */
export async function* readEvents(
  disk: Pick<Disk, 'read'>,
  from: Place,
  end: ReadEnd,
  stream: string | undefined,
  cut: Pick<Cut, 'excerpts' | 'last'>,
): AsyncGenerator<RecordedEvent> {
  const { last } = cut
  if (from.segment <= last) yield* eventsLeft(disk, from, stream, cut.excerpts)
  for (let segment = Math.max(from.segment, last + 1); segment <= end.segment; segment++) {
    const name = segmentName(segment)
    const offset = segment === from.segment ? from.offset : segmentHeaderBytes
    if (segment <= cut.last) throw removed()
    await refuseMissing(disk, name, segment)
    for await (const scanned of scan(disk, name, offset, segment === end.segment ? end.offset : Infinity)) {
      if (scanned.kind === 'broken')
        throw new Error(`${name} is not readable at byte ${scanned.at}: ${scanned.what}`)
      if (scanned.kind === 'end') {
        if (segment === end.segment && scanned.at !== end.offset)
          throw new Error(`${name} ends at byte ${scanned.at}, before what was acknowledged`)
        continue
      }
      const skipped = segment === from.segment && scanned.at === from.offset ? from.index : -1
      yield* eventsAfter(scanned.frame, { segment, offset: scanned.at, index: skipped }, stream)
    }
    if (segment <= cut.last) throw removed()
  }
}

/** The events after a place in what is left of removed segments. */
async function* eventsLeft(
  disk: Pick<Disk, 'read'>,
  from: Place,
  stream: string | undefined,
  excerpts: Cut['excerpts'],
): AsyncGenerator<RecordedEvent> {
  if (stream !== undefined && stream !== controlStream) return
  for (const { last } of excerpts) {
    if (last < from.segment) continue
    for await (const { event, was } of excerptEvents(disk, excerptName(last)))
      if (isAfter(was, from)) yield decodeEvent(event.bytes, positionOf({ ...was, left: true }))
  }
}

function isAfter(place: Place, from: Place): boolean {
  return isBefore(from, place) || (!isBefore(place, from) && place.index > from.index)
}

function* eventsAfter(
  frame: Buffer,
  { segment, offset, index: skipped }: Place,
  stream: string | undefined,
): Generator<RecordedEvent> {
  let index = -1
  // The frame's memory is used again for the next one, but decoding copies.
  for (const { bytes, signed } of eventsIn(frame)) {
    index += 1
    // Exactly the events of the control stream are signed: the others need not be decoded to be passed over.
    if (index <= skipped || (stream === controlStream && !signed)) continue
    const event = decodeEvent(bytes, positionOf({ segment, offset, index }))
    if (stream === undefined || event.stream === stream) yield event
  }
}

async function refuseMissing(disk: Pick<Disk, 'read'>, name: string, segment: number): Promise<void> {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  await disk.read(name, 0, bytes)
  const header = readSegmentHeader(bytes)
  if (header === 'unused' || header === 'broken' || header.segment !== segment)
    throw new Error(`${name} is missing or not readable`)
}
