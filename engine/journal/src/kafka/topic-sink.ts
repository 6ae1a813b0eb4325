import type { Clock, Position } from '@sluice/core'
import type { Kafka } from 'kafkajs'
import type { Sink } from '../append.ts'
import type { Batch } from '../batch.ts'
import type { Report } from '../data-keys.ts'
import { checkpointStream } from '../incarnation.ts'
import { LeaderWriter, type Lane } from './leader-writer.ts'
import { partitionOf, partitions } from './partition.ts'
import { Frontier } from './position.ts'
import type { TopicNames } from './topics.ts'
import { encodeUnit } from './wire.ts'

export interface TopicSinkPorts {
  readonly kafka: Kafka
  readonly names: TopicNames
  readonly clock: Clock
  readonly report: Report
}

/** One flush is one request for each broker that leads partitions of it, all at once. */
export class TopicSink implements Sink {
  readonly #ports: TopicSinkPorts
  readonly #writer: LeaderWriter
  /** At most one: one flush is in flight. */
  #spare: Buffer | undefined
  #stopped = false
  #failing = false

  constructor(ports: TopicSinkPorts) {
    this.#ports = ports
    const { kafka, clock } = ports
    this.#writer = new LeaderWriter({ kafka, clock, trouble: (what) => this.trouble(what) })
  }

  get failing(): boolean {
    return this.#failing
  }

  /** Call when the client said that it could not write and tries again. */
  trouble(what: string): void {
    if (!this.#failing && !this.#stopped)
      this.#ports.report('the log could not be written; trying again', new Error(what))
    this.#failing = true
  }

  /** Rejects when no broker can be reached. */
  open(): Promise<void> {
    return this.#writer.open()
  }

  async write(batch: Batch): Promise<(event: number) => Position> {
    const lanes = lanesOf(unitsOf(batch), this.#ports.names)
    const offsets = await this.#writer.write(lanes)
    this.#failing = false
    return positionsOf(lanes, offsets)
  }

  buffer(bytes: number): Buffer {
    const spare = this.#spare
    this.#spare = undefined
    return spare !== undefined && spare.length >= bytes ? spare : Buffer.allocUnsafe(bytes)
  }

  /** The client has copies. */
  recycle(buffer: Buffer): void {
    this.#spare = buffer
  }

  async close(): Promise<void> {
    this.#stopped = true
    await this.#writer.close()
  }
}

type WrittenTopic = 'audit' | 'control' | 'checkpoints'

interface PlacedUnit {
  readonly topic: WrittenTopic
  readonly partition: number
  readonly key: string
  readonly value: Buffer
  /** Index in the batch of its last event. */
  readonly last: number
}

/** The units of one partition are its messages. */
interface UnitLane extends Lane {
  readonly messages: readonly PlacedUnit[]
}

function unitsOf(batch: Batch): readonly PlacedUnit[] {
  return batch.units.map(({ stream, events }, index) => {
    return { ...topicOf(stream), key: stream, value: encodeUnit(batch.eventsOf(index)), last: events - 1 }
  })
}

function topicOf(stream: string): Pick<PlacedUnit, 'topic' | 'partition'> {
  if (stream === checkpointStream) return { topic: 'checkpoints', partition: 0 }
  return partitions[partitionOf(stream)] ?? { topic: 'audit', partition: 0 }
}

function lanesOf(units: readonly PlacedUnit[], names: TopicNames): readonly UnitLane[] {
  const lanes = Map.groupBy(units, ({ topic, partition }) => `${topic}/${partition}`)
  return [...lanes.values()].flatMap((messages) => {
    const [first] = messages
    return first === undefined ? [] : [{ topic: names[first.topic], partition: first.partition, messages }]
  })
}

/** Where the last event of each unit is, by its index in the batch: in its own partition, of the others it says nothing. */
function positionsOf(
  lanes: readonly UnitLane[],
  offsets: ReadonlyMap<Lane, number>,
): (event: number) => Position {
  const places = new Map<number, { readonly key: string; readonly offset: number }>()
  for (const lane of lanes) {
    const base = offsets.get(lane) ?? -1
    // A repeat that the broker already had may be acknowledged without its place.
    if (base >= 0)
      for (const [at, { last, key }] of lane.messages.entries()) places.set(last, { key, offset: base + at })
  }
  return (event) => {
    const frontier = Frontier.start()
    const found = places.get(event)
    if (found !== undefined && found.key !== checkpointStream)
      frontier.move(partitionOf(found.key), { offset: found.offset + 1, seen: 0 })
    return frontier.position
  }
}
