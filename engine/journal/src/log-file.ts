import type { Clock, Position, TakeFollowed } from '@sluice/core'
import { batchBytes, type Sink } from './append.ts'
import type { Batch } from './batch.ts'
import { hashOf } from './chain.ts'
import { ControlFrames } from './control-frames.ts'
import type { Report } from './data-keys.ts'
import type { Disk } from './disk.ts'
import type { FrameKind } from './frame.ts'
import type { HeadFile } from './head.ts'
import type { IncarnationOf } from './incarnation.ts'
import { positionOf, type Place } from './position.ts'
import { encodeSegmentHeader, segmentHeaderBytes, segmentName } from './segment.ts'
import { Tail } from './tail.ts'

/** Where the next frame goes, and what it must say of what came before. */
export interface LogEnd {
  readonly segment: number
  readonly offset: number
  /** Events in the log before it. */
  readonly events: number
  readonly link: Uint8Array
}

export interface LogFilePorts {
  readonly disk: Disk
  readonly head: HeadFile
  readonly clock: Clock
  readonly report: Report
  readonly publicKey: Uint8Array
  readonly incarnation: IncarnationOf
  readonly segmentBytes: number
}

const retryMs = { first: 20, most: 1_000 } as const
/** A segment that was full sooner holds large writes, for which zeros laid ready would only be written in vain. */
const bulkMs = 2_000
/** Buffers of the usual size kept for the next batches. */
const buffersKept = 16

/**
 * The writing end of the log. A write that failed is repeated with the same bytes at the same place: of a page
 * that could not be written the system may believe that it was, so it is never only synced again.
 */
export class LogFile implements Sink {
  /** Of this incarnation. */
  readonly control: ControlFrames
  readonly #ports: LogFilePorts
  readonly #buffers: Buffer[] = []
  readonly #tails = new Set<Tail>()
  readonly #untold: { readonly batch: Batch; readonly at: Pick<Place, 'segment' | 'offset'> }[] = []
  #end: LogEnd
  #prepared: Promise<unknown> | undefined
  #room: 'taken' | 'promised' = 'taken'
  #begunMs = -Infinity
  #failing = false
  #stopped = false
  #grown: PromiseWithResolvers<void> | undefined

  constructor(ports: LogFilePorts, end: LogEnd) {
    this.#ports = ports
    this.#end = end
    this.control = new ControlFrames(end)
  }

  /** Everything before is durable. */
  get end(): LogEnd {
    return this.#end
  }

  /** Resolves when there is more than now. */
  grown(): Promise<void> {
    this.#grown ??= Promise.withResolvers()
    return this.#grown.promise
  }

  /** Hands out what is written from now on. Resolves with its end once that is over. */
  async tail(take: TakeFollowed, signal: AbortSignal): Promise<Place> {
    this.#tell()
    const tail = new Tail(this.#end, take)
    const leave = (): void => tail.end()
    signal.addEventListener('abort', leave)
    this.#tails.add(tail)
    try {
      return await tail.over
    } finally {
      this.#tails.delete(tail)
      signal.removeEventListener('abort', leave)
    }
  }

  get failing(): boolean {
    return this.#failing
  }

  async write(batch: Batch, kind: FrameKind = 'events'): Promise<(event: number) => Position> {
    const { segmentBytes, incarnation, head } = this.#ports
    if (this.#end.offset > segmentHeaderBytes && this.#end.offset + batch.length > segmentBytes)
      await this.rotate()
    const { segment, offset, events, link } = this.#end
    const sealed = batch.seal({ kind, epoch: incarnation.epoch, number: events, link })
    await this.#persist(segmentName(segment), offset, sealed.frame)
    this.#end = {
      segment,
      offset: offset + sealed.frame.length,
      events: events + batch.events,
      link: sealed.link,
    }
    head.note(this.#end)
    if (batch.signed) this.control.add({ segment, offset }, this.#end)
    this.#untold.push({ batch, at: { segment, offset } })
    // Whoever waits for the batch goes first. Signed events are told from its bytes, which are the next batch's by then.
    if (batch.signed) this.#tell()
    else if (this.#untold.length === 1) setImmediate(() => this.#tell())
    this.#wake()
    return (index) => positionOf({ segment, offset, index })
  }

  /** Goes on in the next segment. */
  async rotate(): Promise<void> {
    const { incarnation, publicKey, clock } = this.#ports
    const { events, link } = this.#end
    const segment = this.#end.segment + 1
    await (this.#prepared ?? this.#prepare(segment)).catch(() =>
      this.#untilDone(() => this.#prepare(segment)),
    )
    const { writer, epoch } = incarnation
    const header = encodeSegmentHeader({ segment, number: events, epoch, link, publicKey, writer })
    await this.#persist(segmentName(segment), 0, header)
    this.#end = { segment, offset: segmentHeaderBytes, events, link: hashOf(header) }
    const now = clock.monotonic()
    this.#room = now - this.#begunMs < bulkMs ? 'promised' : 'taken'
    this.#begunMs = now
    this.prepareNext()
  }

  /** Lays the next segment ready, in the background. */
  prepareNext(): void {
    this.#prepared = this.#prepare(this.#end.segment + 1)
    // Whoever needs the segment tries again, and waits for it.
    this.#prepared.catch((error: unknown) =>
      this.#ports.report('the next segment could not be laid ready', error),
    )
  }

  buffer(bytes: number): Buffer {
    return (bytes === batchBytes ? this.#buffers.pop() : undefined) ?? this.#ports.disk.buffer(bytes)
  }

  recycle(buffer: Buffer): void {
    if (buffer.length === batchBytes && this.#buffers.length < buffersKept) this.#buffers.push(buffer)
  }

  /** Ends all trying. A write that hangs may still land, so nobody else may write to this log yet. */
  stop(): void {
    this.#stopped = true
    this.#tell()
    for (const tail of this.#tails) tail.end()
    this.control.wake()
    this.#wake()
  }

  /** Resolves when nothing is written in the background. */
  async settled(): Promise<void> {
    await this.#prepared?.catch(() => undefined)
  }

  /** Followers hear of what is durable. */
  #tell(): void {
    for (const { batch, at } of this.#untold.splice(0))
      for (const tail of this.#tails) tail.add(batch, this.#ports.incarnation, at)
  }

  #wake(): void {
    this.#grown?.resolve()
    this.#grown = undefined
  }

  #prepare(segment: number): Promise<void> {
    return this.#ports.disk.allocate(segmentName(segment), this.#ports.segmentBytes, this.#room)
  }

  #persist(name: string, at: number, bytes: Uint8Array): Promise<void> {
    const { disk } = this.#ports
    return disk.write(name, at, bytes).catch(() => this.#untilDone(() => disk.write(name, at, bytes)))
  }

  async #untilDone(attempt: () => Promise<void>): Promise<void> {
    this.#failing = true
    for (let waitMs: number = retryMs.first; !this.#stopped; waitMs = Math.min(2 * waitMs, retryMs.most)) {
      try {
        await attempt()
        this.#failing = false
        return
      } catch (error) {
        if (waitMs === retryMs.first) this.#ports.report('the log could not be written; trying again', error)
        await new Promise<void>((resolve) => this.#ports.clock.after(waitMs, resolve))
      }
    }
    throw new Error('the log was closed')
  }
}
