import { hashOf } from './chain.ts'
import type { Disk } from './disk.ts'
import { linkAfter } from './frame.ts'
import { headName, isSignedBy, readHead, type StoredHead } from './head.ts'
import type { LogEnd } from './log-file.ts'
import { endOfBytes, findFrame, scan } from './scan.ts'
import {
  readSegmentHeader,
  segmentHeaderBytes,
  segmentName,
  segmentNumber,
  type SegmentHeader,
} from './segment.ts'

/** The log is not what was acknowledged: going on would hide that. */
export class LogDamagedError extends Error {
  override readonly name = 'LogDamagedError'
}

/** What an incarnation finds when it opens a log. */
export interface Recovered {
  readonly end: LogEnd
  readonly writer: string
  readonly publicKey: Uint8Array
  /** Of the incarnation before. */
  readonly epoch: number
  /** It did not close. */
  readonly lost: boolean
  /** Bytes of a write that was never acknowledged, and where they were. */
  readonly dropped: { readonly segment: string; readonly bytes: number } | null
  /** The generation of the head. */
  readonly generation: number
}

/**
 * Finds the end of the log. After a crash the last write may be there in part: it was never acknowledged, so it is
 * written over with zeros. Whatever else is wrong is damage. `null`: there is no log yet.
 *
 * @throws LogDamagedError
 */
export async function recover(disk: Disk): Promise<Recovered | null> {
  const last = await lastSegment(disk)
  const stored = await readHead(disk)
  if (last === null) {
    if (stored?.newest != null && stored.newest.events > 0) throw damaged('every segment is missing')
    return null
  }
  const head = trusted(stored?.newest ?? null, last.header.publicKey)
  const found = await endOf(disk, last)
  const behind = found.end.events < head.events
  const elsewhere = found.end.events === head.events && !found.links.has(hex(head.link))
  if (behind || elsewhere)
    throw damaged(`it ends at event ${found.end.events}, but ${head.events} were acknowledged`)
  const dropped = await dropTail(disk, last.name, found.end.offset)
  const { writer, publicKey } = last.header
  const { end, epoch, lost } = found
  return { end, writer, publicKey, epoch, lost, dropped, generation: head.generation }
}

interface LastSegment {
  readonly name: string
  readonly header: SegmentHeader
  /** Of the header; the first frame carries it. */
  readonly link: Uint8Array
}

/** Segments after it are unused, or their header was being written when the machine stopped. */
async function lastSegment(disk: Disk): Promise<LastSegment | null> {
  const numbers = (await disk.list()).map(segmentNumber).filter((number) => number !== null)
  for (const number of numbers.toSorted((a, b) => b - a)) {
    const name = segmentName(number)
    const bytes = Buffer.alloc(segmentHeaderBytes)
    await disk.read(name, 0, bytes)
    const header = readSegmentHeader(bytes)
    if (header !== 'unused' && header !== 'broken') return { name, header, link: hashOf(bytes) }
    if (header === 'broken' && (await findFrame(disk, name, 0)) !== null)
      throw damaged(`the header of ${name} is not readable`)
  }
  return null
}

interface FoundEnd {
  readonly end: LogEnd
  readonly epoch: number
  readonly lost: boolean
  /** Links at the boundaries where no further event follows. */
  readonly links: ReadonlySet<string>
}

async function endOf(disk: Disk, { name, header, link }: LastSegment): Promise<FoundEnd> {
  let end: LogEnd = { segment: header.segment, offset: segmentHeaderBytes, events: header.number, link }
  let { epoch } = header
  let lost = true
  let links = new Set([hex(header.link), hex(link)])
  for await (const scanned of scan(disk, name, segmentHeaderBytes)) {
    if (scanned.kind === 'broken' || scanned.kind === 'end') {
      const later = await findFrame(disk, name, scanned.at)
      if (later !== null)
        throw damaged(`${name} is not readable at byte ${scanned.at}, but goes on at ${later}`)
      continue
    }
    const { frame, header: here, at } = scanned
    if (here.number !== end.events || hex(here.link) !== hex(end.link))
      throw damaged(`at byte ${at} of ${name} something is missing`)
    end = { ...end, offset: at + frame.length, events: end.events + here.events, link: linkAfter(frame) }
    if (here.events > 0) links = new Set()
    links.add(hex(end.link))
    epoch = here.epoch
    lost = here.kind !== 'closed'
  }
  return { end, epoch, lost, links }
}

/** Without a head that the gateway signed nobody could say whether the end of the log is missing. */
function trusted(head: StoredHead | null, publicKey: Uint8Array): StoredHead {
  if (head === null) throw damaged(`its file "${headName}" is missing or not readable`)
  if (!isSignedBy(head, publicKey)) throw damaged(`its file "${headName}" was not signed by this gateway`)
  return head
}

async function dropTail(disk: Disk, name: string, from: number): Promise<Recovered['dropped']> {
  const bytes = (await endOfBytes(disk, name, from)) - from
  if (bytes === 0) return null
  await disk.write(name, from, Buffer.alloc(bytes))
  return { segment: name, bytes }
}

function damaged(what: string): LogDamagedError {
  return new LogDamagedError(
    `The log is damaged: ${what}. "sluice audit verify" says more. Restore it, or begin a new log in an empty folder.`,
  )
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
