import { hashOf } from './chain.ts'
import { decodeEnvelope } from './codec.ts'
import { excerptsInEffect } from './cut.ts'
import type { Excerpt } from './excerpt.ts'
import { eventsIn } from './frame.ts'
import { damagedSlots, keyFileName, keyFileNumber } from './key-files.ts'
import { readWhole, type Disk } from './disk.ts'
import { headName, isSignedBy, readHead, type StoredHead } from './head.ts'
import { Inspector, type Boundary, type Finding } from './inspector.ts'
import type { KeptCheckpoints } from './kept-checkpoints.ts'
import { publicKeyName, publicKeyPem } from './keys.ts'
import { ReadableFolder } from './local-disk.ts'
import { endOfBytes, findFrame, scan } from './scan.ts'
import {
  readSegmentHeader,
  segmentHeaderBytes,
  segmentName,
  segmentNumber,
  type SegmentHeader,
} from './segment.ts'
import { beginningOf, CutInspector } from './verify-cut.ts'
import { isAt, keptBoundaries, type KeptBoundary } from './verify-kept.ts'

export interface Verification {
  readonly ok: boolean
  readonly events: number
  readonly streams: number
  /** Events of types that this version does not know: their chain is checked like any other. */
  readonly unknown: number
  /** Events that retention removed, as the gateway signed; on Kafka records. */
  readonly removed: number
  readonly findings: readonly Finding[]
}

export interface FolderVerifyOptions {
  /** Milliseconds since 1970: what is surely older is not read, and chains may begin anywhere. */
  readonly since?: number | undefined
  /** What outlets kept of this log, to hold the whole of it against. */
  readonly kept?: readonly KeptCheckpoints[]
  /** Called after each segment, with how many of about how many are read. */
  readonly progress?: (events: number, segments: { readonly done: number; readonly of: number }) => void
}

/** Reads a log beside its writer, if there is one, and names what is missing or changed. */
export function verifyLog(folder: string, options: FolderVerifyOptions = {}): Promise<Verification> {
  return verify(new ReadableFolder(folder), options)
}

type ReadDisk = Pick<Disk, 'list' | 'read'>

/**
 * Needs no keys. The head is read first, so that a log that grows meanwhile is only ever ahead of it. What a crash
 * leaves behind, a write in part at the very end, is no finding; the head says how far the log must go.
 */
export async function verify(
  disk: ReadDisk,
  { since, kept = [], progress = () => {} }: FolderVerifyOptions = {},
): Promise<Verification> {
  const { boundaries, findings } = await keptBoundaries(disk, kept)
  for (let excerpts = await excerptsInEffect(disk); ;) {
    const found = await verifyOnce(disk, excerpts, boundaries, since, progress)
    const now = await excerptsInEffect(disk)
    if (now.length === excerpts.length)
      return { ...found, ok: found.ok && findings.length === 0, findings: [...findings, ...found.findings] }
    // A writer removed segments meanwhile: it may have been in the midst of them.
    excerpts = now
  }
}

async function verifyOnce(
  disk: ReadDisk,
  excerpts: readonly Excerpt[],
  boundaries: readonly KeptBoundary[],
  since: number | undefined,
  progress: NonNullable<FolderVerifyOptions['progress']>,
): Promise<Verification> {
  const first = since === undefined ? 1 : await segmentOf(disk, since)
  const inspector = new Inspector(first > 1)
  const head = await readHead(disk)
  const newest = head?.newest ?? null
  const follower = new Follower(disk, inspector, newest, boundaries, first)
  if (first === 1) await follower.excerpts(excerpts)
  await follower.segments(progress)
  // A crash in the midst of writing the head leaves one of its slots whole; closing writes both.
  if (newest === null) inspector.note(headName, 0, follower.publicKey === null ? noLog : noHead)
  else if (newest.closed)
    for (const offset of head?.damaged ?? []) inspector.note(headName, offset, 'it is not readable')
  const removed = await follower.end()
  await publicKeyFile(disk, inspector, follower.publicKey)
  await dataKeyFiles(disk, inspector)
  const { events, streams, unknown, findings } = inspector
  return { ok: findings.length === 0, events, streams, unknown, removed, findings }
}

export const noLog = 'there is no log in this folder'
const noHead = 'it is missing or not readable: nobody can say whether the end of the log is'

/** Goes through the segments, and remembers whether it came by what the head names. */
class Follower {
  publicKey: Uint8Array | null = null
  readonly #disk: ReadDisk
  readonly #inspector: Inspector
  readonly #head: StoredHead | null
  /** The segment to begin with. */
  #first: number
  readonly #cut: CutInspector
  /** The first segment that was followed. */
  #begins: SegmentHeader | null = null
  /** What was signed of the log elsewhere, as long as it was not come by. */
  readonly #kept: Set<KeptBoundary>
  #reached = false
  #last = { name: segmentName(1), offset: 0 }

  constructor(
    disk: ReadDisk,
    inspector: Inspector,
    head: StoredHead | null,
    kept: readonly KeptBoundary[],
    first: number,
  ) {
    this.#first = first
    this.#disk = disk
    this.#kept = new Set(kept)
    this.#inspector = inspector
    this.#head = head
    this.#cut = new CutInspector(disk, inspector)
  }

  /** What is left of segments that were removed. */
  async excerpts(excerpts: readonly Excerpt[]): Promise<void> {
    for (const excerpt of excerpts) {
      const header = await this.#cut.excerpt(excerpt)
      this.publicKey ??= header?.publicKey ?? null
      this.#first = excerpt.last + 1
    }
    if (excerpts.length > 0) this.#inspector.cut()
  }

  /** Up to the last segment that is in use now: what a writer adds meanwhile is for the next time. */
  async segments(progress: NonNullable<FolderVerifyOptions['progress']>): Promise<void> {
    this.#arrive(this.#inspector.boundary)
    const used = (await this.#disk.list()).map(segmentNumber).filter((number) => number !== null)
    const last = Math.max(1, ...used)
    for (let number = this.#first; number <= last; number++) {
      progress(this.#inspector.events, { done: number - this.#first, of: last - this.#first + 1 })
      const name = segmentName(number)
      const { header, bytes } = await this.#header(name)
      if (isHeader(header)) {
        this.#begin(name, number, header, hashOf(bytes))
        if (!(await this.#segment(name, number, header))) return this.#beyond(number + 1)
      } else if (await this.#usedAfter(number)) {
        this.#inspector.note(name, 0, header === 'broken' ? unreadableHeader : 'this segment is missing')
        this.#inspector.lose()
      } else return this.#beyond(number)
    }
  }

  /** Compares both ends of the log with what was signed; how many events were removed. */
  async end(): Promise<number> {
    const removed = this.#cut.end(this.#begins === null ? null : beginningOf(this.#begins))
    this.#compareKept()
    await this.#compareHead()
    return removed
  }

  /** Of what was signed as removed nothing more is asked. */
  #compareKept(): void {
    const { name, offset } = this.#last
    for (const kept of this.#kept)
      if (kept.events >= (this.#begins?.number ?? 0))
        this.#inspector.note(name, offset, `${cutOff(kept, this.#inspector)}, says ${kept.by}`)
  }

  async #compareHead(): Promise<void> {
    const head = this.#head
    if (head === null) return
    const { name, offset } = this.#last
    if (this.publicKey !== null && !isSignedBy(head, this.publicKey))
      this.#inspector.note(headName, 0, 'it was not signed by the gateway')
    if (!this.#reached) this.#inspector.note(name, offset, cutOff(head, this.#inspector))
    else if (!this.#isHead(this.#inspector.boundary) && (await this.#closed()))
      this.#inspector.note(name, offset, `the log goes on after it was closed with event ${head.events}`)
  }

  #begin(name: string, number: number, header: SegmentHeader, link: Buffer): void {
    const inspector = this.#inspector
    if (header.segment !== number)
      inspector.note(name, 0, `this is segment ${header.segment} under another name`)
    this.publicKey ??= header.publicKey
    this.#begins ??= header
    if (Buffer.compare(this.publicKey, header.publicKey) !== 0)
      inspector.note(name, 0, 'this segment names another key than the first one')
    this.#arrive({ events: header.number, link: header.link })
    inspector.header(name, header, link)
    this.#arrive(inspector.boundary)
  }

  /** Whether the log goes on in a later segment. */
  async #segment(name: string, number: number, header: SegmentHeader): Promise<boolean> {
    for (let at = segmentHeaderBytes; ;) {
      // Whoever writes in a later segment is done with this one, and not before: only then is its end its end.
      const complete = await this.#usedAfter(number)
      at = await this.#follow(name, header, at)
      const last = !complete && !(await this.#usedAfter(number))
      if (complete || last) await this.#rest(name, complete, at)
      if (complete) return true
      if (last) return false
    }
  }

  /** Follows whole frames, notes what lies between them, and ends where no more follow. */
  async #follow(name: string, header: SegmentHeader, from: number): Promise<number> {
    for (let at = from; ;) {
      const stopped = await this.#frames(name, header, at)
      const next = await findFrame(this.#disk, name, stopped)
      if (next === null) return stopped
      // A writer may have completed this frame meanwhile, and written the next one.
      at = await this.#frames(name, header, stopped)
      if (at > stopped) continue
      this.#inspector.note(name, stopped, `${next - stopped} bytes are not what was written: ${unreadable}`)
      this.#inspector.lose()
      at = next
    }
  }

  /** Follows whole frames; where they stop. */
  async #frames(name: string, segment: SegmentHeader, from: number): Promise<number> {
    for await (const scanned of scan(this.#disk, name, from)) {
      if (scanned.kind !== 'frame') return scanned.at
      const { at, header, frame } = scanned
      this.#inspector.frame(name, at, header, frame, segment)
      this.#last = { name, offset: at + frame.length }
      this.#arrive(this.#inspector.boundary)
    }
    return from
  }

  /** After the last segment in use: zeros, or a header in part, as a crash may leave it. */
  async #beyond(number: number): Promise<void> {
    const name = segmentName(number)
    const { header } = await this.#header(name)
    if (header === 'unused') await this.#rest(name, false, 0)
    else if (
      header === 'broken' &&
      ((await findFrame(this.#disk, name, 0)) !== null || (await this.#closed()))
    )
      this.#inspector.note(name, 0, unreadableHeader)
  }

  /** Nothing but zeros follows the last frame, or what a crash leaves of a write. */
  async #rest(name: string, complete: boolean, from: number): Promise<void> {
    const bytes = (await endOfBytes(this.#disk, name, from)) - from
    if (bytes > 0 && (complete || (await this.#closed())))
      this.#inspector.note(name, from, `${bytes} bytes are not what was written: ${unreadable}`)
  }

  /** Whether the log is still the closed one of the head, so that nobody is writing it. */
  async #closed(): Promise<boolean> {
    if (this.#head?.closed !== true) return false
    const now = await readHead(this.#disk)
    return now?.newest?.generation === this.#head.generation
  }

  async #usedAfter(number: number): Promise<boolean> {
    for (const name of await this.#disk.list()) {
      const other = segmentNumber(name)
      if (other !== null && other > number && isHeader((await this.#header(name)).header)) return true
    }
    return false
  }

  async #header(name: string): Promise<{ readonly header: ReadHeader; readonly bytes: Buffer }> {
    const bytes = Buffer.alloc(segmentHeaderBytes)
    await this.#disk.read(name, 0, bytes)
    return { header: readSegmentHeader(bytes), bytes }
  }

  #arrive(at: Boundary | null): void {
    if (this.#isHead(at)) this.#reached = true
    for (const kept of this.#kept) if (isAt(kept, at)) this.#kept.delete(kept)
  }

  #isHead(at: Boundary | null): boolean {
    return this.#head !== null && isAt(this.#head, at)
  }
}

function cutOff(said: Boundary, found: Pick<Inspector, 'events'>): string {
  return `the end of the log was cut off or changed: ${said.events} events were acknowledged, this is after ${found.events}`
}

/** The last segment that begins before a time: what was written since is in it or after it. */
async function segmentOf(disk: ReadDisk, since: number): Promise<number> {
  const numbers = (await disk.list()).map(segmentNumber).filter((number) => number !== null)
  for (const number of numbers.toSorted((a, b) => b - a)) {
    const time = await firstTime(disk, segmentName(number))
    if (time !== null && time < since) return number
  }
  return 1
}

async function firstTime(disk: ReadDisk, name: string): Promise<number | null> {
  for await (const scanned of scan(disk, name, segmentHeaderBytes)) {
    if (scanned.kind !== 'frame') return null
    for (const { bytes } of eventsIn(scanned.frame)) return decodeEnvelope(bytes).time
  }
  return null
}

type ReadHeader = ReturnType<typeof readSegmentHeader>

const unreadableHeader = 'the header of this segment is not readable'
const unreadable = 'no frame with a right checksum is in them'

function isHeader(header: ReadHeader): header is SegmentHeader {
  return header !== 'unused' && header !== 'broken'
}

async function publicKeyFile(disk: ReadDisk, inspector: Inspector, key: Uint8Array | null): Promise<void> {
  const pem = await readWhole(disk, publicKeyName, 4_096)
  if (key !== null && pem !== null && pem.toString() !== publicKeyPem(key))
    inspector.note(publicKeyName, 0, 'it is not the key that the segments name')
}

/** Erased slots are as they should be; lost ones take content with them that nobody erased. */
async function dataKeyFiles(disk: ReadDisk, inspector: Inspector): Promise<void> {
  const numbers = (await disk.list()).map(keyFileNumber).filter((number) => number !== null)
  for (let number = 1; number <= Math.max(0, ...numbers); number++) {
    const name = keyFileName(number)
    if (!numbers.includes(number))
      inspector.note(name, 0, 'these data keys are missing: what they seal is lost')
    else
      for (const offset of await damagedSlots(disk, name))
        inspector.note(name, offset, 'the data key is damaged: what it seals is lost')
  }
}
