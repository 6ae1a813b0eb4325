import { controlStream, type Clock, type Position, type RecordedEvent } from '@sluice/core'
import type { Kafka } from 'kafkajs'
import { recordedEvent } from '../codec.ts'
import { hashAt, hashOf } from '../chain.ts'
import { verifySignature } from '../keys.ts'
import { openCluster, type Cluster } from './cluster.ts'
import { partitions, partitionsOf } from './partition.ts'
import { Frontier } from './position.ts'
import { RecordReader, type Lane } from './reader.ts'
import type { TopicNames } from './topics.ts'
import { decodeRecord, type DecodedEvent } from './wire.ts'

export interface ReadPorts {
  readonly kafka: Kafka
  readonly names: TopicNames
  readonly clock: Clock
  /** Of the gateways' signatures: what claims to be control and is not signed with it is nobody's word. */
  readonly publicKey: Uint8Array
}

export interface Follow {
  /** Who reads has left: nothing more is handed out. */
  readonly left: AbortSignal
  /** The log is closed: what it has by then is handed out. */
  readonly closed: AbortSignal
}

export interface ReadOptions {
  readonly after: Position | undefined
  readonly stream: string | undefined
  /** Go on with what comes; without it the present end is the end. */
  readonly follow?: Follow
  /** What comes within so long may be handed out at once. */
  readonly paceMs?: number | undefined
}

/** Brokers that do not answer for so long, one attempt after another, are an error. */
const patienceMs = 10_000
const retryMs = 200

/**
 * The events after a position. Those of one stream are in the order of the log; between streams the time decides
 * as far as it is known, which is exact for what was there when reading began.
 */
export async function* readLog(
  ports: ReadPorts,
  { after, stream, follow, paceMs }: ReadOptions,
): AsyncGenerator<RecordedEvent> {
  const frontier = Frontier.of(after)
  const cluster = openCluster(ports.kafka)
  const reading = { ...ports, cluster, left: follow?.left }
  try {
    const lanes = await persistently(reading, () => opened(cluster, ports.names, frontier, stream))
    if (follow === undefined) await persistently(reading, () => bound(cluster, ports.names, lanes ?? []))
    const reader = new RecordReader(cluster, lanes ?? [], paceMs)
    const queue = new EventQueue(lanes ?? [], stream)
    let open = follow !== undefined
    while (!isLeft(follow)) {
      if (open && follow?.closed.aborted === true) {
        await persistently(reading, () => bound(cluster, ports.names, lanes ?? []))
        open = false
      }
      const next = queue.shift()
      if (next === 'done') return
      if (next === 'starved') await persistently(reading, () => either(reader.more(), follow, open))
      else {
        const event = eventAfter(next, frontier, stream)
        if (event !== undefined) yield recordedEvent(trusted(event, ports.publicKey), frontier.position)
      }
    }
  } finally {
    // It ends with the fetch that is under way, for which nobody need wait.
    void cluster.disconnect().catch(() => {})
  }
}

function isLeft(follow: Follow | undefined): boolean {
  return follow?.left.aborted === true
}

/** Resolves on whichever comes first, and keeps hold of neither. */
async function either(more: Promise<void>, follow: Follow | undefined, open: boolean): Promise<void> {
  if (follow === undefined) return more
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = (): void => resolve()
  const signals = open ? [follow.left, follow.closed] : [follow.left]
  for (const signal of signals) signal.addEventListener('abort', wake, { once: true })
  try {
    if (!signals.some(({ aborted }) => aborted)) await Promise.race([more, promise])
  } finally {
    more.catch(() => {})
    for (const signal of signals) signal.removeEventListener('abort', wake)
  }
}

/** Lanes from the frontier on. Throws for a position that the log never had, or that retention has passed. */
async function opened(
  cluster: Cluster,
  names: TopicNames,
  frontier: Frontier,
  stream: string | undefined,
): Promise<readonly EventLane[]> {
  const indexes = partitionsOf(stream)
  await cluster.connect()
  await cluster.addMultipleTargetTopics([names.audit, names.control])
  const first = await offsets(cluster, names, indexes, true)
  const ends = await offsets(cluster, names, indexes, false)
  return indexes.map((index) => {
    const { offset } = frontier.at(index)
    const [low, high] = [first.get(index) ?? 0, ends.get(index) ?? 0]
    if (offset > high || (offset > 0 && offset < low))
      throw new RangeError('this position is not in this log, or what followed it was removed by retention')
    return { ...topicOf(names, index), index, next: Math.max(offset, low), end: Infinity, records: [] }
  })
}

/** What is there now is the end. */
async function bound(cluster: Cluster, names: TopicNames, lanes: readonly EventLane[]): Promise<void> {
  const ends = await offsets(
    cluster,
    names,
    lanes.map(({ index }) => index),
    false,
  )
  for (const lane of lanes) lane.end = ends.get(lane.index) ?? 0
}

async function offsets(
  cluster: Cluster,
  names: TopicNames,
  indexes: readonly number[],
  fromBeginning: boolean,
): Promise<ReadonlyMap<number, number>> {
  const wanted = (['control', 'audit'] as const).flatMap((topic) => {
    const here = indexes.flatMap((index) => {
      const found = partitions[index]
      return found?.topic === topic ? [{ partition: found.partition }] : []
    })
    return here.length === 0 ? [] : [{ topic: names[topic], partitions: here, fromBeginning }]
  })
  const found = new Map<number, number>()
  for (const { topic, partitions: offsetsOf } of await cluster.fetchTopicsOffset(wanted))
    for (const { partition, offset } of offsetsOf) {
      const index = partitions.findIndex(
        (each) => names[each.topic] === topic && each.partition === partition,
      )
      found.set(index, Number(offset))
    }
  return found
}

interface Reading {
  readonly clock: Clock
  readonly cluster: Cluster
  readonly left: AbortSignal | undefined
}

/** Tries again what a change of leaders or a broken connection stopped. `undefined`: who reads has left. */
async function persistently<T>(
  { clock, cluster, left }: Reading,
  attempt: () => Promise<T>,
): Promise<T | undefined> {
  for (const until = clock.monotonic() + patienceMs; ;) {
    try {
      return await attempt()
    } catch (error) {
      if (left?.aborted === true) return undefined
      if (error instanceof RangeError || clock.monotonic() > until) throw error
      await new Promise<void>((resolve) => clock.after(retryMs, resolve))
      await cluster
        .connect()
        .then(() => cluster.refreshMetadata())
        .catch(() => {})
    }
  }
}

interface EventLane extends Lane {
  /** Among `partitions`. */
  readonly index: number
}

function topicOf(names: TopicNames, index: number): Pick<Lane, 'topic' | 'partition'> {
  const found = partitions[index]
  if (found === undefined) throw new Error(`there is no partition ${index}`)
  return { topic: names[found.topic], partition: found.partition }
}

interface FetchedEvent {
  readonly index: number
  readonly offset: number
  /** Its place in its record. */
  readonly at: number
  /** `undefined`: the record has nothing of what is read. */
  readonly event: DecodedEvent | undefined
  /** Nothing of the record follows. */
  readonly last: boolean
}

/** What is open of a record. */
interface OpenRecord {
  readonly offset: number
  readonly events: readonly DecodedEvent[]
  at: number
}

/** The events that were fetched, the oldest first. */
class EventQueue {
  readonly #lanes: readonly EventLane[]
  readonly #open = new Map<EventLane, OpenRecord>()
  /** A record without it has nothing of the stream that is read. */
  readonly #name: Buffer

  constructor(lanes: readonly EventLane[], stream: string | undefined) {
    this.#lanes = lanes
    this.#name = Buffer.from(stream ?? '')
  }

  shift(): FetchedEvent | 'starved' | 'done' {
    let first: { readonly lane: EventLane; readonly record: OpenRecord; readonly time: number } | undefined
    let open = false
    for (const lane of this.#lanes) {
      const record = this.#head(lane)
      if (record === undefined) {
        if (lane.next >= lane.end) continue
        open = true
        // What is not fetched yet may be older than what is.
        if (lane.end < Infinity) return 'starved'
      } else {
        const time = record.events[record.at]?.envelope.time ?? 0
        if (first === undefined || time < first.time) first = { lane, record, time }
      }
    }
    return first === undefined ? (open ? 'starved' : 'done') : this.#take(first.lane, first.record)
  }

  #take(lane: EventLane, record: OpenRecord): FetchedEvent {
    const at = record.at++
    const last = record.at >= record.events.length
    if (last) this.#open.delete(lane)
    return { index: lane.index, offset: record.offset, at, event: record.events[at], last }
  }

  #head(lane: EventLane): OpenRecord | undefined {
    const known = this.#open.get(lane)
    const record = known === undefined ? lane.records.shift() : undefined
    if (record === undefined) return known
    const value = record.value ?? Buffer.alloc(0)
    const events = value.includes(this.#name) ? decoded(value, lane) : []
    const opened = { offset: Number(record.offset), events, at: 0 }
    this.#open.set(lane, opened)
    return opened
  }
}

function decoded(value: Buffer, { topic, partition, next }: Lane): readonly DecodedEvent[] {
  try {
    return decodeRecord(value)
  } catch (error) {
    const where = `${topic}/${partition} before offset ${next}`
    throw new Error(`the log is not readable at ${where}: what is there was not written by a gateway`, {
      cause: error,
    })
  }
}

/** Moves the frontier past it. `undefined`: it was seen before, or is of no stream that is read. */
function eventAfter(
  { index, offset, at, event, last }: FetchedEvent,
  frontier: Frontier,
  stream: string | undefined,
): DecodedEvent | undefined {
  const place = frontier.at(index)
  if (place.offset === offset && at < place.seen) return undefined
  frontier.move(index, last ? { offset: offset + 1, seen: 0 } : { offset, seen: at + 1 })
  return stream === undefined || event?.envelope.stream === stream ? event : undefined
}

/** Whoever may write to the topic could claim to be a gateway: such an event is handed out without a signature. */
function trusted({ envelope, bytes }: DecodedEvent, publicKey: Uint8Array): DecodedEvent['envelope'] {
  if (envelope.stream !== controlStream || envelope.sig === null) return envelope
  const right =
    Buffer.compare(hashOf(bytes.subarray(0, hashAt(bytes.length, true))), envelope.hash) === 0 &&
    verifySignature(publicKey, envelope.hash, envelope.sig)
  return right ? envelope : { ...envelope, sig: null }
}
