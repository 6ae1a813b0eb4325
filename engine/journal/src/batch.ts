import type { Position } from '@sluice/core'
import { hashBytes } from './chain.ts'
import {
  eventsBetween,
  frameHeaderBytes,
  linkOver,
  writeEventLength,
  writeFrameHeader,
  type EncodedEvent,
  type FrameHeader,
} from './frame.ts'
import type { RecordableEvent } from './incarnation.ts'

/** Whoever waits for a unit of a batch. */
export interface Waiter {
  /** Index of the unit's last event in the batch. */
  readonly last: number
  /** By the monotonic clock. */
  readonly deadline: number
  readonly resolve: (position: Position) => void
  readonly reject: (error: Error) => void
}

/** Where one unit lies in its batch. */
export interface UnitPlace {
  readonly stream: string
  /** How many events the batch has up to its end. */
  readonly events: number
  /** Offset of its end. */
  readonly end: number
  /** Of its first event. */
  readonly seq: number
  readonly recorded: readonly RecordableEvent[]
}

/**
 * The units that one flush writes, encoded where the disk takes them from. Once sealed its bytes never change,
 * so that a failed write can be repeated.
 */
export class Batch {
  readonly #bytes: Buffer
  #hashes: Buffer = Buffer.allocUnsafe(64 * hashBytes)
  #end = frameHeaderBytes
  #events = 0
  /** Index of the first event that is signed, which those of the control stream are. */
  #signed = Infinity
  readonly #units: UnitPlace[] = []
  waiters: Waiter[] = []
  /** Somebody waits: it is flushed as soon as the flush before is done. */
  urgent = false

  /** `bytes` is overwritten; it goes back to its owner with `release`. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get events(): number {
    return this.#events
  }

  /** Whether any of its events is signed. */
  get signed(): boolean {
    return this.#signed < this.#events
  }

  get length(): number {
    return this.#end
  }

  /** Bytes that may still be added. */
  get room(): number {
    return this.#bytes.length - this.#end
  }

  get payloadBytes(): number {
    return this.#end - frameHeaderBytes
  }

  /** Of the event counted last. */
  get lastHash(): Buffer {
    return this.hashOf(this.#events - 1)
  }

  /** Of an event by its index. In memory that stays when the batch is released. */
  hashOf(event: number): Buffer {
    return this.#hashes.subarray(hashBytes * event, hashBytes * (event + 1))
  }

  /** Encodes an event in place: `encode` gives its end, or a negative number when there is no room. */
  add(encode: (into: Buffer, at: number) => number, signed: boolean): Buffer | null {
    const from = this.#end + 4
    if (from > this.#bytes.length) return null
    const end = encode(this.#bytes, from)
    if (end < 0) return null
    writeEventLength(this.#bytes, this.#end, end - from, signed)
    this.#end = end
    if (signed) this.#signed = Math.min(this.#signed, this.#events)
    return this.#bytes.subarray(from, end)
  }

  /** Counts an event that was added, once its hash is known. */
  count(hash: Uint8Array): void {
    const at = hashBytes * this.#events++
    if (at === this.#hashes.length) this.#hashes = Buffer.concat([this.#hashes], 2 * this.#hashes.length)
    this.#hashes.set(hash, at)
  }

  /** What was added since the unit before is one unit, and stays. */
  close(stream: string, seq: number, recorded: readonly RecordableEvent[]): void {
    this.#units.push({ stream, events: this.#events, end: this.#end, seq, recorded })
  }

  get units(): readonly UnitPlace[] {
    return this.#units
  }

  /** The events of the unit at that place among the units, in place. */
  *eventsOf(index: number): Generator<EncodedEvent> {
    const from = this.#units[index - 1]?.end ?? frameHeaderBytes
    yield* eventsBetween(this.#bytes, from, this.#units[index]?.end ?? from)
  }

  /** Undoes what was added since the batch had this length and so many events. */
  cutBack(length: number, events: number): void {
    this.#end = length
    this.#events = events
    if (this.#signed >= events) this.#signed = Infinity
  }

  /** The frame, and the link that the next frame must carry. */
  seal(header: Omit<FrameHeader, 'events'>): { readonly frame: Buffer; readonly link: Buffer } {
    const frame = this.#bytes.subarray(0, this.#end)
    writeFrameHeader(frame, { ...header, events: this.#events })
    return { frame, link: linkOver(frame, this.#hashes.subarray(0, hashBytes * this.#events)) }
  }

  release(): Buffer {
    return this.#bytes
  }
}
