import type { EventData } from '@sluice/core'
import { announced, type AnnouncePorts } from './announce.ts'
import { hashOf } from './chain.ts'
import { decodeEnvelope, recordedEvent } from './codec.ts'
import { removeLeft, type Cut } from './cut.ts'
import type { Disk } from './disk.ts'
import { excerptFrame, excerptName, excerptsIn } from './excerpt.ts'
import { eventsIn } from './frame.ts'
import { positionOf } from './position.ts'
import type { ReadEnd } from './read.ts'
import { scan } from './scan.ts'
import { readSegmentHeader, segmentHeaderBytes, segmentName, type SegmentHeader } from './segment.ts'

/** What is to go. */
export interface Removal {
  /** Milliseconds since 1970: events of then and later stay. */
  readonly until: number
  /** Whether something of this session must stay. `opened` is `null` when that event is no longer in the log. */
  readonly isKept: (session: string, opened: EventData['SessionOpened'] | null) => boolean
  /** Legal holds that `isKept` knows of. */
  readonly holds: number
  readonly signal?: AbortSignal | undefined
}

export interface RemovalPorts extends AnnouncePorts {
  readonly disk: Disk
  readonly cut: Cut
  readonly end: ReadEnd
  /** Events that the head tells of: it must not point into what is removed. */
  readonly headEvents: number
}

/** Removed at once; what is left of them is in memory for a moment. */
const segmentsMax = 64

/**
 * Removes the oldest segments as far as all of their events are old enough, except for what they hold of the control stream.
 * What is removed is in the log before it is done, with what is left and where the log then begins. How many were
 * removed; more may be due.
 */
export async function removeSegments(ports: RemovalPorts, removal: Removal): Promise<number> {
  const { disk, cut, end, headEvents } = ports
  await tidied(disk, cut)
  const first = cut.last + 1
  const frames: Buffer[] = []
  const opened = new Map<string, EventData['SessionOpened']>()
  let last = cut.last
  while (last + 1 < end.segment && last - cut.last < segmentsMax && removal.signal?.aborted !== true) {
    if ((await headerOf(disk, last + 2)).header.number > headEvents) break
    const more = await controlFrames(disk, last + 1, removal, opened)
    if (more === null) break
    frames.push(...more)
    last += 1
  }
  if (last < first) return 0
  const header = await headerOf(disk, first)
  const next = await headerOf(disk, last + 1)
  const content = Buffer.concat([header.bytes, ...frames])
  await disk.create(excerptName(last), content)
  const data = {
    first,
    last,
    events: next.header.number,
    link: Buffer.from(next.header.link).toString('hex'),
    excerpt: hashOf(content).toString('hex'),
    kept: frames.length,
    until_ms: removal.until,
    holds: removal.holds,
  }
  if (!(await announced(ports, { type: 'SegmentsRemoved', data }))) {
    await disk.remove(excerptName(last))
    return 0
  }
  // From here on nobody begins to read what is gone.
  cut.add({ first, last })
  await removeLeft(disk, { first, last })
  return last - first + 1
}

/** Ends what an earlier attempt could not. */
async function tidied(disk: Disk, cut: Cut): Promise<void> {
  for (const excerpt of cut.excerpts) await removeLeft(disk, excerpt)
  for (const { last } of await excerptsIn(disk)) if (last > cut.last) await disk.remove(excerptName(last))
}

/** What is left of a segment; `null` when it must stay. */
async function controlFrames(
  disk: Disk,
  segment: number,
  { until, isKept }: Removal,
  opened: Map<string, EventData['SessionOpened']>,
): Promise<readonly Buffer[] | null> {
  const name = segmentName(segment)
  const frames: Buffer[] = []
  const sessions = new Set<string>()
  for await (const scanned of scan(disk, name, segmentHeaderBytes)) {
    if (scanned.kind === 'broken')
      throw new Error(`${name} is not readable at byte ${scanned.at}: ${scanned.what}`)
    if (scanned.kind === 'end') break
    const { header, frame, at: offset } = scanned
    for (const [index, encoded] of [...eventsIn(frame)].entries()) {
      const place = { segment, offset, index }
      const envelope = decodeEnvelope(encoded.bytes)
      if (envelope.time >= until) return null
      if (encoded.signed) frames.push(excerptFrame(encoded, header, place))
      else if (envelope.stream.startsWith('ses_')) sessions.add(envelope.stream)
      const event = envelope.type === 'SessionOpened' ? recordedEvent(envelope, positionOf(place)) : null
      if (event?.type === 'SessionOpened') opened.set(event.stream, event.data)
    }
  }
  return [...sessions].some((session) => isKept(session, opened.get(session) ?? null)) ? null : frames
}

async function headerOf(
  disk: Disk,
  segment: number,
): Promise<{ readonly bytes: Buffer; readonly header: SegmentHeader }> {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  await disk.read(segmentName(segment), 0, bytes)
  const header = readSegmentHeader(bytes)
  if (header === 'unused' || header === 'broken')
    throw new Error(`the header of ${segmentName(segment)} is not readable`)
  return { bytes, header }
}
