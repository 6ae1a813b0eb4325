import type { Clock, Position } from '@sluice/core'
import type { Kafka } from 'kafkajs'
import type { Sink } from '../append.ts'
import type { Batch } from '../batch.ts'
import type { Report } from '../data-keys.ts'
import { checkpointStream } from '../incarnation.ts'
import { PartitionWriter } from './partition-writer.ts'
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

/** One flush is one request for each partition of it, all at once. */
export class TopicSink implements Sink {
  readonly #ports: TopicSinkPorts
  readonly #writers = new Map<string, PartitionWriter>()
  #stopped = false
  #failing = false

  constructor(ports: TopicSinkPorts) {
    this.#ports = ports
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
    return this.#writer('control', 0).open()
  }

  async write(batch: Batch): Promise<(event: number) => Position> {
    const placed = unitsOf(batch)
    const lanes = [...Map.groupBy(placed, ({ topic, partition }) => `${topic}/${partition}`).values()]
    const written = await Promise.all(lanes.map((units) => this.#send(units)))
    this.#failing = false
    return positionsOf(written.flat())
  }

  buffer(bytes: number): Buffer {
    return Buffer.allocUnsafe(bytes)
  }

  /** The client may still hold parts of it. */
  recycle(): void {}

  async close(): Promise<void> {
    this.#stopped = true
    await Promise.all([...this.#writers.values()].map((writer) => writer.close()))
  }

  /** Units of one partition. */
  async #send(units: readonly PlacedUnit[]): Promise<readonly WrittenUnit[]> {
    const [first] = units
    if (first === undefined) return []
    const base = await this.#writer(first.topic, first.partition).write(units)
    // A repeat that the broker already had may be acknowledged without its place.
    return units.map((unit, at) => ({ ...unit, offset: base < 0 ? -1 : base + at }))
  }

  #writer(topic: WrittenTopic, partition: number): PartitionWriter {
    const key = `${topic}/${partition}`
    const known = this.#writers.get(key)
    if (known !== undefined) return known
    const { kafka, clock, names } = this.#ports
    const trouble = (what: string): void => this.trouble(what)
    const writer = new PartitionWriter({ kafka, clock, trouble }, names[topic], partition)
    this.#writers.set(key, writer)
    return writer
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

interface WrittenUnit extends PlacedUnit {
  readonly offset: number
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

/** Where the last event of each unit is, by its index in the batch: in its own partition, of the others it says nothing. */
function positionsOf(written: readonly WrittenUnit[]): (event: number) => Position {
  const places = new Map(written.map((unit) => [unit.last, unit]))
  return (event) => {
    const frontier = Frontier.start()
    const found = places.get(event)
    if (found !== undefined && found.offset >= 0 && found.key !== checkpointStream)
      frontier.move(partitionOf(found.key), { offset: found.offset + 1, seen: 0 })
    return frontier.position
  }
}
