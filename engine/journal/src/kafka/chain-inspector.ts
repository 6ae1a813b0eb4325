import { controlStream } from '@sluice/core'
import type { Envelope } from '@sluice/schemas'
import { hashAt, hashBytes, hashIn, hashOf } from '../chain.ts'
import { isKnown } from '../codec.ts'
import { findingsMax, missing, repeated, type Finding } from '../inspector.ts'
import { verifySignature } from '../keys.ts'
import { closedStreamsMax, Streams } from '../streams.ts'
import { linkAfterEvent } from './checkpoints.ts'
import type { ExpectedHead } from './expected-heads.ts'
import type { DecodedEvent } from './wire.ts'

/** Where an event was found. */
export interface FoundAt {
  /** `audit/3`: a topic without its prefix and version, and a partition. */
  readonly lane: string
  readonly offset: number
}

/** What an incarnation has written to one partition, as far as it was found. */
export interface FoundHead {
  events: number
  readonly link: Buffer
  last: number
}

interface Chain {
  next: number
  readonly hash: Buffer
}

/** Follows the chains of many incarnations through the partitions of a log, and notes what does not fit. */
export class ChainInspector {
  readonly findings: Finding[] = []
  events = 0
  unknown = 0
  streams = 0
  readonly #publicKey: () => Uint8Array | null
  /** The log is read from somewhere in it: a chain may begin anywhere. */
  readonly #midway: boolean
  /** By incarnation and lane. */
  readonly #expected: ReadonlyMap<string, readonly ExpectedHead[]>
  /** Lanes whose beginning brokers have removed, as a gateway signed that they may. */
  readonly #shortened: ReadonlySet<string>
  readonly #heads = new Map<string, FoundHead>()
  /** Where each incarnation was found first, and those of which a gateway signed that they began. */
  readonly #begun = new Map<string, FoundAt>()
  readonly #joined = new Set<string>()
  /** By incarnation and stream: of several gateways that write at once none knows the other's. */
  readonly #chains = new Streams<Chain>(2 * closedStreamsMax, () => ({
    next: 0,
    hash: Buffer.alloc(hashBytes),
  }))

  constructor(
    publicKey: () => Uint8Array | null,
    expected: ReadonlyMap<string, readonly ExpectedHead[]>,
    midway: boolean,
    shortened: ReadonlySet<string> = new Set(),
  ) {
    this.#publicKey = publicKey
    this.#expected = expected
    this.#shortened = shortened
    this.#midway = midway
  }

  note({ lane, offset }: FoundAt, what: string, event: Pick<Envelope, 'stream' | 'seq'> | null = null): void {
    if (this.findings.length >= findingsMax) return
    this.findings.push({
      segment: lane,
      offset,
      stream: event?.stream ?? null,
      seq: event?.seq ?? null,
      what,
    })
  }

  /** Compares what was found with what was signed. Midway the counts begin somewhere, and say nothing. */
  end(): void {
    if (this.#midway) return
    for (const [incarnation, at] of this.#begun)
      if (!this.#joined.has(incarnation))
        this.note(at, `${incarnation} never joined this log: what it says here no gateway of it wrote`)
    for (const [key, expected] of this.#expected) for (const head of expected) this.#end(key, head)
  }

  #end(key: string, { events, closed, young, by }: ExpectedHead): void {
    const head = this.#heads.get(key)
    const found = head?.events ?? 0
    const [writer, epoch, ...parts] = key.split('/')
    const lane = parts.join('/')
    const at = { lane, offset: head?.last ?? 0 }
    if (found < young && this.#shortened.has(lane))
      this.note(
        at,
        `${writer} in its incarnation ${epoch} wrote ${young} events here that are too young to be removed, these are ${found}, says ${by}`,
      )
    if (found < events && !this.#shortened.has(lane))
      this.note(
        at,
        `the end was cut off: ${writer} in its incarnation ${epoch} wrote ${events} events here, these are ${found}, says ${by}`,
      )
    if (closed && found > events)
      this.note(
        at,
        `${writer} goes on here after it closed its incarnation ${epoch} with event ${events}, says ${by}`,
      )
  }

  event(at: FoundAt, { envelope, bytes }: DecodedEvent): void {
    const signed = envelope.sig !== null
    const hash = hashIn(bytes, signed)
    this.events += 1
    if (!isKnown(envelope)) this.unknown += 1
    if (!same(hash, hashOf(bytes.subarray(0, hashAt(bytes.length, signed)))))
      this.note(at, 'the event was changed: its hash does not fit its bytes', envelope)
    if (envelope.stream === controlStream) this.#signature(at, envelope)
    const incarnation = `${envelope.writer}/${envelope.epoch}`
    if (!this.#begun.has(incarnation)) this.#begun.set(incarnation, at)
    if (this.#chain(at, envelope, incarnation)) this.#count(at, hash, incarnation)
  }

  #signature(at: FoundAt, event: Envelope): void {
    const key = this.#publicKey()
    if (event.sig === null) this.note(at, 'the event is not signed', event)
    else if (key !== null && !verifySignature(key, event.hash, event.sig))
      this.note(at, 'the signature of the event is not the gateway’s', event)
    else if (event.type === 'GatewayJoined') this.#joined.add(`${event.writer}/${event.epoch}`)
  }

  /** Whether the event takes its chain further. */
  #chain(at: FoundAt, event: Envelope, incarnation: string): boolean {
    const chains = this.#chains
    const known = chains.size
    const name = `${incarnation}/${event.stream}`
    const chain = chains.get(name)
    const { seq } = event
    const begins = (this.#midway || this.#shortened.has(at.lane)) && chains.size > known
    if (chains.size > known) this.streams += 1
    if (begins) chain.next = seq
    if (seq < chain.next) {
      this.note(at, same(chain.hash, event.hash) ? 'the event is repeated' : repeated, event)
      return false
    }
    if (seq > chain.next) this.note(at, missing(chain.next, seq - 1), event)
    else if (!begins && !same(event.prev_hash, chain.hash))
      this.note(at, 'the event does not follow the one before it', event)
    chain.next = seq + 1
    chain.hash.set(event.hash)
    if (event.type === 'SessionClosed') chains.close(name)
    return true
  }

  #count(at: FoundAt, hash: Uint8Array, incarnation: string): void {
    const key = `${incarnation}/${at.lane}`
    const head = this.#heads.get(key) ?? { events: 0, link: Buffer.alloc(hashBytes), last: 0 }
    this.#heads.set(key, head)
    head.events += 1
    head.last = at.offset
    if (this.#midway || this.#shortened.has(at.lane)) return
    linkAfterEvent(head.link, hash).copy(head.link)
    for (const { events, link, by } of this.#expected.get(key) ?? [])
      if (events === head.events && link !== head.link.toString('hex'))
        this.note(at, `what the gateway signed of everything up to here is not what is here, says ${by}`)
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
