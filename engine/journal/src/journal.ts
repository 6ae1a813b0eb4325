import {
  controlStream,
  followed,
  limits,
  type AppendOptions,
  type Clock,
  type EventStore,
  type Ids,
  type LogFollower,
  type NewEvent,
  type Position,
  type RecordedEvent,
  type TakeFollowed,
  type Unit,
} from '@sluice/core'
import { Committer } from './append.ts'
import { Batch } from './batch.ts'
import { hashOf, zeroHash } from './chain.ts'
import type { CheckpointOutlet, OutletState } from './checkpoint-courier.ts'
import { openCut, type Cut } from './cut.ts'
import { DataKeys, type Report } from './data-keys.ts'
import type { Disk } from './disk.ts'
import { HeadFile } from './head.ts'
import { HeadStatements } from './head-statements.ts'
import { Incarnation } from './incarnation.ts'
import { KeyFiles } from './key-files.ts'
import { KeyError, type GatewayKeys } from './keys.ts'
import { LogFile, type LogEnd } from './log-file.ts'
import { isSame, placeAfter, readEvents, type ReadEnd } from './read.ts'
import { recover, type Recovered } from './recovery.ts'
import { unseal, type Unsealed } from './sealing.ts'
import { removeSegments, type Removal } from './segment-removal.ts'
import { encodeSegmentHeader, segmentHeaderBytes, segmentName } from './segment.ts'

export interface JournalPorts {
  readonly disk: Disk
  readonly keys: GatewayKeys
  readonly clock: Clock
  readonly ids: Ids
  readonly report: Report
}

export interface JournalOptions {
  /** Size of the files of the log. */
  readonly segmentBytes?: number
  /** Bytes that may wait for the disk before an append is refused. */
  readonly queueBytesMax?: number
  /** Where else it is kept how far the log went. */
  readonly outlets?: readonly CheckpointOutlet[]
}

/** How long closing waits for a disk that does not take what was accepted. */
const closeWaitMs = 5_000
const otherKey =
  'The log was written with another gateway key: restore the folder of keys, or begin a new log in an empty folder.'
const defaultSegmentBytes = 16_777_216

/** The log of one gateway: its only writer, and readers of what it wrote. */
export class Journal implements EventStore, LogFollower {
  readonly writer: string
  readonly epoch: number
  readonly #ports: JournalPorts
  readonly #committer: Committer
  readonly #file: LogFile
  readonly #head: HeadFile
  readonly #cut: Cut
  readonly #statements: HeadStatements
  readonly #shelf: KeyFiles
  readonly #dataKeys: DataKeys
  #closing: Promise<boolean> | undefined
  #ended = false
  readonly #quiet = Promise.withResolvers<void>()

  private constructor(ports: JournalPorts, parts: JournalParts, options: JournalOptions) {
    const { incarnation, file, head, statements, cut, shelf, dataKeys } = parts
    this.writer = incarnation.writer
    this.epoch = incarnation.epoch
    this.#ports = ports
    this.#file = file
    this.#head = head
    this.#cut = cut
    this.#statements = statements
    this.#shelf = shelf
    this.#dataKeys = dataKeys
    const queueBytesMax = options.queueBytesMax ?? limits.appendQueueBytesMax
    this.#committer = new Committer({ ...ports, incarnation, sink: file, queueBytesMax })
  }

  /**
   * Takes up a log where the incarnation before left it, or begins one.
   *
   * @throws LogDamagedError
   * @throws KeyError when the log was signed with another key: nobody could tell who went on
   */
  static async open(ports: JournalPorts, options: JournalOptions = {}): Promise<Journal> {
    const { disk, keys, clock, ids, report } = ports
    const segmentBytes = options.segmentBytes ?? defaultSegmentBytes
    const found = await recover(disk)
    if (found !== null && !Buffer.from(found.publicKey).equals(keys.publicKey)) throw new KeyError(otherKey)
    const writer = found?.writer ?? ids.next('gw')
    const epoch = (found?.epoch ?? 0) + 1
    const incarnation = { writer, epoch }
    const outlets = options.outlets ?? []
    const statements = new HeadStatements({ incarnation, signer: keys, clock, report, outlets })
    const written = statements.state.bind(statements)
    const head = new HeadFile({ disk, signer: keys, clock, report, written }, found?.generation ?? 0)
    const end = found?.end ?? (await begin(ports, head, incarnation, segmentBytes))
    const { publicKey } = keys
    const file = new LogFile({ disk, head, clock, report, publicKey, incarnation, segmentBytes }, end)
    await head.open(end)
    file.prepareNext()
    const shelf = await KeyFiles.open(disk)
    const dataKeys = await DataKeys.open(shelf, keys, report)
    const parts = {
      incarnation: new Incarnation(incarnation, keys, () => dataKeys.take()),
      file,
      head,
      cut: await openCut(disk, end, publicKey),
      statements,
      shelf,
      dataKeys,
    }
    await opened(ports, parts, found)
    return new Journal(ports, parts, options)
  }

  get healthy(): boolean {
    return this.#committer.healthy && !this.#file.failing
  }

  get queuedBytes(): number {
    return this.#committer.queuedBytes
  }

  get outlets(): readonly OutletState[] {
    return this.#statements.outlets
  }

  /** The lock is the lease: nobody else writes this log while the process is there. */
  get live(): boolean {
    return true
  }

  get liveForMs(): number {
    return Infinity
  }

  append(unit: Unit, options: AppendOptions): Promise<Position> {
    return this.#committer.append(unit, options)
  }

  read(after?: Position, stream?: string): AsyncIterable<RecordedEvent> {
    return this.#readUntil(this.#file.end, after, stream)
  }

  async *subscribe(
    after: Position | undefined,
    signal: AbortSignal,
    stream?: string,
  ): AsyncGenerator<RecordedEvent> {
    const control = stream === controlStream ? this.#file.control : undefined
    let place = placeAfter(after, this.#file.end, stream, this.#cut)
    while (!signal.aborted) {
      const ended = this.#ended
      const { end } = this.#file
      const grown = (control ?? this.#file).grown()
      for (const { from, end: to } of control?.after(place, end) ?? [{ from: place, end }])
        for await (const event of readEvents(this.#ports.disk, from, to, stream, this.#cut)) {
          if (signal.aborted) return
          yield event
        }
      place = { ...end, index: -1 }
      if (ended) return
      await either(grown, signal)
    }
  }

  async follow(after: Position | undefined, signal: AbortSignal, take: TakeFollowed): Promise<void> {
    let place = placeAfter(after, this.#file.end, undefined, this.#cut)
    while (!signal.aborted) {
      const { end } = this.#file
      if (isSame(place, end)) {
        if (this.#ended) return
        place = await this.#file.tail(take, signal)
      } else {
        for await (const event of readEvents(this.#ports.disk, place, end, undefined, this.#cut)) {
          await take({ events: [followed(event)], position: event.position })
          if (signal.aborted) return
        }
        place = { ...end, index: -1 }
      }
    }
  }

  async *#readUntil(end: ReadEnd, after: Position | undefined, stream: string | undefined) {
    const from = placeAfter(after, end, stream, this.#cut)
    yield* readEvents(this.#ports.disk, from, end, stream, this.#cut)
  }

  /** The content of an event of this log. */
  unseal(event: RecordedEvent): Promise<Unsealed> {
    return unseal(this.#shelf, this.#ports.keys, event)
  }

  /** Destroys a data key: what is sealed with it is unreadable for good. */
  erase(key: number): Promise<void> {
    return this.#shelf.erase(key)
  }

  /** Removes the oldest segments as far as everything in them may go; how many. More may be due. */
  removeOlder(removal: Removal): Promise<number> {
    const { end } = this.#file
    const ports = { ...this.#ports, log: this, cut: this.#cut, end, headEvents: this.#head.events }
    return removeSegments(ports, removal)
  }

  /** Resolves once everything accepted is durable, or the disk did not take it in time. */
  async close(): Promise<void> {
    await this.end()
  }

  /** Closes; whether the log is closed as it should be. */
  end(): Promise<boolean> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  /** Resolves once nothing can be written any more, which a disk that hangs puts off until after `end`. */
  get quiet(): Promise<void> {
    return this.#quiet.promise
  }

  async #end(): Promise<boolean> {
    const clean = (await this.#committer.close(closeWaitMs)) && (await this.#marked())
    this.#ended = true
    this.#file.stop()
    if (!clean) this.#ports.report('the log was closed before the disk took everything', null)
    const quiet = this.#release()
    this.#quiet.resolve(quiet)
    if (clean) await quiet
    return clean
  }

  /** Whether the log says in time that it was closed. */
  async #marked(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    using _patience = this.#ports.clock.after(closeWaitMs, () => resolve(false))
    this.#mark().then(
      () => resolve(true),
      () => resolve(false),
    )
    return await promise
  }

  async #mark(): Promise<void> {
    await this.#file.write(emptyBatch(this.#ports.disk), 'closed')
    await this.#head.close(this.#file.end)
  }

  async #release(): Promise<void> {
    this.#head.stop()
    await Promise.all([this.#file.settled(), this.#dataKeys.settled(), this.#statements.left()])
    await this.#ports.disk.close()
  }
}

/** Resolves on whichever comes first, and keeps hold of neither. */
async function either(grown: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const aborted = (): void => resolve()
  signal.addEventListener('abort', aborted, { once: true })
  void grown.then(resolve)
  if (!signal.aborted) await promise
  signal.removeEventListener('abort', aborted)
}

interface JournalParts {
  readonly incarnation: Incarnation
  readonly file: LogFile
  readonly head: HeadFile
  readonly cut: Cut
  readonly statements: HeadStatements
  readonly shelf: KeyFiles
  readonly dataKeys: DataKeys
}

async function begin(
  { disk, keys }: JournalPorts,
  head: HeadFile,
  { writer, epoch }: Pick<Journal, 'writer' | 'epoch'>,
  segmentBytes: number,
): Promise<LogEnd> {
  await head.create(zeroHash)
  await disk.allocate(segmentName(1), segmentBytes, 'taken')
  const of = { segment: 1, number: 0, epoch, link: zeroHash, publicKey: keys.publicKey, writer }
  const header = encodeSegmentHeader(of)
  await disk.write(segmentName(1), 0, header)
  return { segment: 1, offset: segmentHeaderBytes, events: 0, link: hashOf(header) }
}

/** The first frame of an incarnation, with what it has to say of the one before. */
async function opened(
  { disk, clock, ids }: JournalPorts,
  parts: JournalParts,
  found: Recovered | null,
): Promise<void> {
  const { incarnation, file } = parts
  const batch = emptyBatch(disk)
  const bodies: Pick<NewEvent, 'type' | 'data'>[] = []
  if (found?.lost === true)
    bodies.push({ type: 'GatewayLost', data: { writer: found.writer, epoch: found.epoch, resumes: 0 } })
  if (found?.dropped != null) {
    const { segment, bytes } = found.dropped
    bodies.push({ type: 'LogRecovered', data: { segment, dropped_bytes: bytes } })
  }
  const [first, ...rest] = bodies.map(
    (body) => ({ ...body, id: ids.next('evt'), time: clock.now() }) as NewEvent,
  )
  if (first !== undefined) {
    const unit: Unit = { stream: controlStream, events: [first, ...rest] }
    if (!incarnation.record(unit, batch)) throw new Error('the first frame is too small')
    incarnation.keep(unit, batch)
  }
  await file.write(batch, 'opened')
}

const markerBytes = 8_192

function emptyBatch(disk: Disk): Batch {
  return new Batch(disk.buffer(markerBytes))
}
