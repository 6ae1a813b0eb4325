import type { Clock, Position } from '@sluice/core'
import { CompressionTypes, Partitioners, type Kafka, type Producer, type RecordMetadata } from 'kafkajs'
import type { Sink } from '../append.ts'
import type { Batch } from '../batch.ts'
import type { Report } from '../data-keys.ts'
import { checkpointStream } from '../incarnation.ts'
import { untilDone } from './client.ts'
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

const writtenTopics = ['audit', 'control', 'checkpoints'] as const
/** How long the broker waits for its replicas before it says that they did not acknowledge. */
const ackMs = 5_000
const retryMs = 500

/**
 * One flush is one request to each broker that leads a partition of it. The client repeats it under the same
 * sequence numbers until every in-sync replica has it, so a repeat is stored once.
 */
export class TopicSink implements Sink {
  readonly #ports: TopicSinkPorts
  #producer: Producer
  #stopped = false
  #failing = false

  constructor(ports: TopicSinkPorts) {
    this.#ports = ports
    this.#producer = this.#fresh()
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

  open(): Promise<void> {
    return this.#producer.connect()
  }

  async write(batch: Batch): Promise<(event: number) => Position> {
    const placed = unitsOf(batch)
    const written = await this.#send(placed)
    this.#failing = false
    return positionsOf(batch, placed, written, this.#ports.names)
  }

  buffer(bytes: number): Buffer {
    return Buffer.allocUnsafe(bytes)
  }

  /** The client may still hold parts of it. */
  recycle(): void {}

  async close(): Promise<void> {
    this.#stopped = true
    await this.#producer.disconnect()
  }

  /** What the client gives up is begun anew, as long as the log is open: a batch is never abandoned. */
  async #send(placed: readonly PlacedUnit[]): Promise<readonly RecordMetadata[]> {
    const written: RecordMetadata[] = []
    for (let rest = placed; rest.length > 0; rest = unanswered(placed, written, this.#ports.names)) {
      try {
        written.push(...(await this.#attempt(rest)))
      } catch (error) {
        if (this.#stopped) throw error
        this.trouble(error instanceof Error ? error.message : String(error))
        await new Promise<void>((resolve) => this.#ports.clock.after(retryMs, resolve))
        await this.#reconnect()
      }
    }
    return written
  }

  #attempt(units: readonly PlacedUnit[]): Promise<readonly RecordMetadata[]> {
    const topicMessages = writtenTopics.flatMap((topic) => {
      const messages = units.filter((unit) => unit.topic === topic)
      return messages.length === 0 ? [] : [{ topic: this.#ports.names[topic], messages }]
    })
    return this.#producer.sendBatch({
      topicMessages,
      acks: -1,
      timeout: ackMs,
      compression: CompressionTypes.None,
    })
  }

  async #reconnect(): Promise<void> {
    const old = this.#producer
    this.#producer = this.#fresh()
    await old.disconnect().catch(() => {})
    await this.#producer.connect().catch(() => {})
  }

  #fresh(): Producer {
    return this.#ports.kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: untilDone,
      maxInFlightRequests: 1,
    })
  }
}

type WrittenTopic = (typeof writtenTopics)[number]

interface PlacedUnit {
  readonly topic: WrittenTopic
  readonly partition: number
  readonly key: string
  readonly value: Buffer
}

function unitsOf(batch: Batch): readonly PlacedUnit[] {
  return batch.units.map(({ stream }, index) => {
    return { ...topicOf(stream), key: stream, value: encodeUnit(batch.eventsOf(index)) }
  })
}

function topicOf(stream: string): Pick<PlacedUnit, 'topic' | 'partition'> {
  if (stream === checkpointStream) return { topic: 'checkpoints', partition: 0 }
  return partitions[partitionOf(stream)] ?? { topic: 'audit', partition: 0 }
}

/**
 * The client says that it is done although a partition got no answer, when the leader of that partition went away and
 * the broker that leads it now had already answered for others. Sent again by the same producer, what a broker has
 * already is not stored twice.
 */
function unanswered(
  placed: readonly PlacedUnit[],
  written: readonly RecordMetadata[],
  names: TopicNames,
): readonly PlacedUnit[] {
  const answered = new Set(written.map(({ topicName, partition }) => `${topicName}/${partition}`))
  return placed.filter(({ topic, partition }) => !answered.has(`${names[topic]}/${partition}`))
}

/** Where the last event of each unit is, by its index in the batch: in its own partition, of the others it says nothing. */
function positionsOf(
  batch: Batch,
  placed: readonly PlacedUnit[],
  written: readonly RecordMetadata[],
  names: TopicNames,
): (event: number) => Position {
  const next = new Map(
    written.map(({ topicName, partition, baseOffset }) => [
      `${topicName}/${partition}`,
      Number(baseOffset ?? -1),
    ]),
  )
  const offsets = new Map<number, { readonly key: string; readonly offset: number }>()
  for (const [index, { topic, partition, key }] of placed.entries()) {
    const lane = `${names[topic]}/${partition}`
    const offset = next.get(lane) ?? -1
    // A repeat that the broker already had may be acknowledged without its place.
    if (offset >= 0) next.set(lane, offset + 1)
    offsets.set((batch.units[index]?.events ?? 0) - 1, { key, offset })
  }
  return (event) => {
    const frontier = Frontier.start()
    const found = offsets.get(event)
    if (found !== undefined && found.offset >= 0 && found.key !== checkpointStream)
      frontier.move(partitionOf(found.key), { offset: found.offset + 1, seen: 0 })
    return frontier.position
  }
}
