import type { Clock } from '@sluice/core'
import { CompressionTypes, type Kafka, type Producer } from 'kafkajs'
import { untilDone } from './client.ts'

export interface PartitionWriterPorts {
  readonly kafka: Kafka
  readonly clock: Clock
  /** Called when something could not be written and is tried again. */
  readonly trouble: (what: string) => void
}

/** A record for one partition. */
export interface PlacedRecord {
  readonly topic: string
  readonly partition: number
  readonly key: string
  readonly value: Buffer
}

/** How long the broker waits for its replicas before it says that they did not acknowledge. */
const ackMs = 5_000
const retryMs = 500

/**
 * Writes records, each in a request of its own. Never those of two partitions in one call of the client: it would
 * repeat all of it although one of the brokers has just answered, or take it for done although a new leader got nothing
 * of it. To one partition it repeats under the same sequence number until every in-sync replica has it, also when
 * another broker leads it meanwhile, so that a repeat is stored once.
 */
export class PartitionWriter {
  readonly #ports: PartitionWriterPorts
  #producer: Producer
  #connected: Promise<void> | undefined
  #stopped = false

  constructor(ports: PartitionWriterPorts) {
    this.#ports = ports
    this.#producer = this.#fresh()
  }

  /** Rejects when no broker can be reached. */
  open(): Promise<void> {
    this.#connected ??= this.#producer.connect()
    return this.#connected
  }

  /**
   * The offset of each record, -1 where the broker does not say it. What the client gives up is begun anew, as long as
   * this is open: nothing is ever abandoned.
   */
  async write(records: readonly PlacedRecord[]): Promise<ReadonlyMap<PlacedRecord, number>> {
    const offsets = new Map<PlacedRecord, number>()
    for (;;) {
      try {
        await this.open()
        await this.#deliver(
          records.filter((record) => !offsets.has(record)),
          offsets,
        )
        return offsets
      } catch (error) {
        if (this.#stopped) throw error
        this.#ports.trouble(error instanceof Error ? error.message : String(error))
        await new Promise<void>((resolve) => this.#ports.clock.after(retryMs, resolve))
        await this.#begin()
      }
    }
  }

  async close(): Promise<void> {
    this.#stopped = true
    await this.#producer.disconnect()
  }

  /** Rejects once each record is written or given up: a fresh producer must not begin while this one still sends. */
  async #deliver(records: readonly PlacedRecord[], offsets: Map<PlacedRecord, number>): Promise<void> {
    const ended = await Promise.allSettled(
      records.map(async (record) => void offsets.set(record, await this.#send(record))),
    )
    for (const end of ended) if (end.status === 'rejected') throw end.reason
  }

  async #send({ topic, partition, key, value }: PlacedRecord): Promise<number> {
    const written = await this.#producer.send({
      topic,
      messages: [{ key, value, partition }],
      acks: -1,
      timeout: ackMs,
      compression: CompressionTypes.None,
    })
    const answer = written.find((each) => each.topicName === topic && each.partition === partition)
    if (answer === undefined) throw new Error(`no broker answered for ${topic}/${partition}`)
    return Number(answer.baseOffset ?? -1)
  }

  async #begin(): Promise<void> {
    const old = this.#producer
    this.#producer = this.#fresh()
    this.#connected = undefined
    await old.disconnect().catch(() => {})
  }

  #fresh(): Producer {
    return this.#ports.kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
      retry: untilDone,
      maxInFlightRequests: 1,
    })
  }
}
