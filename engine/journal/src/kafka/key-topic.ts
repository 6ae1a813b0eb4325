import { randomBytes } from 'node:crypto'
import { Partitioners, type Kafka, type Producer } from 'kafkajs'
import type { KeyShelf } from '../key-shelf.ts'
import { untilDone } from './client.ts'
import { RecordAt } from './record-at.ts'

const partition = 0
/** Keys that were read lately, still wrapped: a session's events are mostly read together. */
const keptMax = 1_024

/**
 * Data keys in a compacted topic. The id of a key is its offset there, which compaction keeps; each has a random
 * name of its own, under which a tombstone takes it away.
 */
export class KeyTopic implements KeyShelf {
  readonly #topic: string
  readonly #records: RecordAt
  readonly #producer: Producer
  readonly #kept = new Map<number, Uint8Array>()
  readonly #erased: (id: number) => boolean
  /** Erased here; the log says it of those that others erased. */
  readonly #gone = new Set<number>()

  /** `erased`: whether the log says that this key was erased, whatever compaction has done yet. */
  constructor(kafka: Kafka, topic: string, erased: (id: number) => boolean) {
    this.#topic = topic
    this.#records = new RecordAt(kafka, topic)
    this.#erased = erased
    this.#producer = kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: untilDone,
      maxInFlightRequests: 1,
    })
  }

  open(): Promise<void> {
    return this.#producer.connect()
  }

  async put(wrapped: readonly Uint8Array[]): Promise<readonly number[]> {
    const [written] = await this.#producer.send({
      topic: this.#topic,
      acks: -1,
      messages: wrapped.map((key) => ({
        partition,
        key: randomBytes(16).toString('hex'),
        value: Buffer.from(key),
      })),
    })
    const first = Number(written?.baseOffset ?? -1)
    if (first < 0) throw new Error('the brokers did not say where the data keys are')
    return wrapped.map((_, index) => first + index)
  }

  async get(id: number): Promise<Uint8Array | null> {
    if (this.#gone.has(id) || this.#erased(id)) return null
    const kept = this.#kept.get(id)
    if (kept !== undefined) return kept
    const value = (await this.#records.get(partition, id))?.value ?? null
    if (value !== null) this.#keep(id, value)
    return value
  }

  async erase(id: number): Promise<void> {
    const record = await this.#records.get(partition, id)
    this.#kept.delete(id)
    this.#gone.add(id)
    if (record?.key == null) return
    await this.#producer.send({
      topic: this.#topic,
      acks: -1,
      messages: [{ partition, key: record.key, value: null }],
    })
  }

  async close(): Promise<void> {
    await this.#producer.disconnect()
    await this.#records.close()
  }

  #keep(id: number, value: Uint8Array): void {
    this.#kept.set(id, value)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > keptMax && oldest !== undefined) this.#kept.delete(oldest)
  }
}
