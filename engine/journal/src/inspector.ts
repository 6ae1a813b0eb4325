import { controlStream, type EventData } from '@sluice/core'
import type { Envelope } from '@sluice/schemas'
import { hashAt, hashBytes, hashIn, hashOf, zeroHash } from './chain.ts'
import { decodeEnvelope, isKnown, recordedEvent } from './codec.ts'
import { eventsIn, linkAfter, type EncodedEvent, type FrameHeader } from './frame.ts'
import { verifySignature } from './keys.ts'
import { positionOf } from './position.ts'
import type { SegmentHeader } from './segment.ts'
import { closedStreamsMax, Streams } from './streams.ts'

/** Something that cannot have come about by writing the log, or by a crash. */
export interface Finding {
  /** The file. */
  readonly segment: string
  readonly offset: number
  /** The event, when it is about one. */
  readonly stream: string | null
  readonly seq: number | null
  readonly what: string
}

/** How far the log has been followed. */
export interface Boundary {
  readonly events: number
  readonly link: Uint8Array
}

interface Chain {
  /** Sequence number that its next event must have. */
  next: number
  hash: Uint8Array
}

export const findingsMax = 100

/** Follows the frames of a log and the chains in them, and notes what does not fit. Needs no secret. */
export class Inspector {
  readonly findings: Finding[] = []
  /** What the gateway signed of segments that it removed. */
  readonly removals: EventData['SegmentsRemoved'][] = []
  events = 0
  unknown = 0
  streams = 0
  /** Reading begins somewhere in the log: so may its chains. */
  readonly #midway: boolean
  /** `null` after a stretch that could not be read: what follows cannot be compared with it. */
  #boundary: Boundary | null = { events: 0, link: zeroHash }
  #epoch = 0
  #chains = freshChains()
  /** The incarnation in which the log begins after what was removed: its chains may begin anywhere. */
  #cutEpoch: number | 'next' | null = null
  /** Streams that were open when an incarnation ended; the next one may go on with the same name. */
  readonly #standing = new Set<string>()

  constructor(midway = false) {
    this.#midway = midway
    if (midway) this.#boundary = null
  }

  get boundary(): Boundary | null {
    return this.#boundary
  }

  note(
    segment: string,
    offset: number,
    what: string,
    event: Pick<Envelope, 'stream' | 'seq'> | null = null,
  ): void {
    if (this.findings.length >= findingsMax) return
    this.findings.push({ segment, offset, stream: event?.stream ?? null, seq: event?.seq ?? null, what })
  }

  /** What follows is not compared with what came before, which is already known to be wrong. */
  lose(): void {
    this.#boundary = null
  }

  /** An event that is left of removed segments. */
  left(name: string, at: number, header: FrameHeader, encoded: EncodedEvent, segment: SegmentHeader): void {
    this.#incarnation(name, at, header)
    try {
      this.#event(name, at, encoded, header, segment)
    } catch {
      this.note(name, at, 'a frame holds something that is not an event')
    }
  }

  /** What was removed ends here: the next segment is compared with what was signed of it, elsewhere. */
  cut(): void {
    this.lose()
    this.#cutEpoch = 'next'
  }

  /** The header of a segment; its own link is what the first frame must carry. */
  header(name: string, header: SegmentHeader, link: Uint8Array): void {
    const before = this.#boundary
    if (before !== null && (header.number !== before.events || !same(header.link, before.link)))
      this.note(name, 0, 'this segment does not follow the one before it')
    this.#boundary = { events: header.number, link }
  }

  frame(name: string, at: number, header: FrameHeader, frame: Buffer, segment: SegmentHeader): void {
    this.#place(name, at, header)
    this.#incarnation(name, at, header)
    if (this.#cutEpoch === 'next') this.#cutEpoch = header.epoch
    try {
      let count = 0
      for (const event of eventsIn(frame)) {
        count += 1
        this.#event(name, at, event, header, segment)
      }
      if (count !== header.events) this.note(name, at, 'a frame does not have as many events as it says')
      this.#boundary = { events: header.number + count, link: linkAfter(frame) }
    } catch {
      this.note(name, at, 'a frame holds something that is not an event')
      this.lose()
    }
  }

  #place(name: string, at: number, { number, link }: FrameHeader): void {
    const before = this.#boundary
    if (before === null) return
    if (number > before.events)
      this.note(name, at, `${number - before.events} events are missing before this frame`)
    else if (number < before.events)
      this.note(name, at, `this frame belongs before event ${number}: it is repeated or in another order`)
    else if (!same(link, before.link))
      this.note(name, at, 'what comes before this frame was changed or removed')
  }

  #incarnation(name: string, at: number, { epoch }: FrameHeader): void {
    if (epoch === this.#epoch || (this.#midway && this.#epoch === 0)) {
      this.#epoch = epoch
      return
    }
    if (epoch < this.#epoch)
      this.note(name, at, `incarnation ${epoch} goes on after incarnation ${this.#epoch}`)
    for (const stream of this.#chains.openNames()) this.#standing.add(stream)
    this.#chains = freshChains()
    this.#epoch = epoch
  }

  #event(name: string, at: number, encoded: EncodedEvent, header: FrameHeader, segment: SegmentHeader): void {
    const { bytes, signed } = encoded
    const event = decodeEnvelope(bytes)
    this.events += 1
    if (!isKnown(event)) this.unknown += 1
    const hash = hashIn(bytes, signed)
    const fits = same(hash, event.hash) && same(hashOf(bytes.subarray(0, hashAt(bytes.length, signed))), hash)
    if (!fits) this.note(name, at, 'the event was changed: its hash does not fit its bytes', event)
    if (event.writer !== segment.writer || event.epoch !== header.epoch)
      this.note(name, at, 'the event is of another writer or incarnation', event)
    if (event.stream === controlStream) this.#signature(name, at, event, segment)
    this.#chain(name, at, event)
  }

  #signature(name: string, at: number, event: Envelope, { publicKey }: SegmentHeader): void {
    if (event.sig === null) this.note(name, at, 'the event is not signed', event)
    else if (!verifySignature(publicKey, event.hash, event.sig))
      this.note(name, at, 'the signature of the event is not the gateway’s', event)
    else this.#removal(event)
  }

  #removal(event: Envelope): void {
    if (event.type !== 'SegmentsRemoved') return
    const known = recordedEvent(event, positionOf({ segment: 0, offset: 0, index: 0 }))
    if (known.type === 'SegmentsRemoved') this.removals.push(known.data)
  }

  #chain(name: string, at: number, event: Envelope): void {
    const known = this.#chains.size
    const chain = this.#chains.get(event.stream)
    if (chain.next === 0 && !this.#standing.has(event.stream)) this.streams += 1
    const { seq } = event
    const afterCut = event.epoch === this.#cutEpoch && event.stream !== controlStream
    const begins = (this.#midway || afterCut) && this.#chains.size > known
    if (begins) chain.next = seq
    if (seq > chain.next) this.note(name, at, missing(chain.next, seq - 1), event)
    else if (seq < chain.next)
      this.note(name, at, same(chain.hash, event.hash) ? 'the event is repeated' : repeated, event)
    else if (!begins && !same(event.prev_hash, chain.hash))
      this.note(name, at, 'the event does not follow the one before it', event)
    chain.next = seq + 1
    chain.hash = event.hash
    if (event.type === 'SessionClosed') this.#chains.close(event.stream)
  }
}

export const repeated = 'the stream already has an event of this number: it is repeated, or the stream forks'

export function missing(first: number, last: number): string {
  return first === last
    ? `event ${first} of the stream is missing before this one`
    : `events ${first} to ${last} of the stream are missing before this one`
}

function freshChains(): Streams<Chain> {
  return new Streams<Chain>(2 * closedStreamsMax, () => ({ next: 0, hash: Buffer.alloc(hashBytes) }))
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
