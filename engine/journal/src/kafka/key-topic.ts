import { randomBytes } from 'node:crypto'
import { Partitioners, type Kafka, type Producer } from 'kafkajs'
import type { KeyShelf } from '../key-shelf.ts'
import { untilDone } from './client.ts'
import { openCluster, type Cluster, type FetchedRecord } from './cluster.ts'

const partition = 0
const fetchBytes = 65_536
const holdMs = 100
/** Keys that were read lately, still wrapped: a session's events are mostly read together. */
const keptMax = 1_024

/**
 * Data keys in a compacted topic. The id of a key is its offset there, which compaction keeps; each has a random
 * name of its own, under which a tombstone takes it away.
 */
export class KeyTopic implements KeyShelf {
  readonly #kafka: Kafka
  readonly #topic: string
  readonly #producer: Producer
  readonly #kept = new Map<number, Uint8Array>()
  readonly #erased: (id: number) => boolean
  #cluster: Promise<Cluster> | undefined

  /** `erased`: whether the log says that this key was erased, whatever compaction has done yet. */
  constructor(kafka: Kafka, topic: string, erased: (id: number) => boolean) {
    this.#kafka = kafka
    this.#topic = topic
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
    if (this.#erased(id)) return null
    const kept = this.#kept.get(id)
    if (kept !== undefined) return kept
    const value = (await this.#record(id))?.value ?? null
    if (value !== null) this.#keep(id, value)
    return value
  }

  async erase(id: number): Promise<void> {
    const record = await this.#record(id)
    this.#kept.delete(id)
    if (record?.key == null) return
    await this.#producer.send({
      topic: this.#topic,
      acks: -1,
      messages: [{ partition, key: record.key, value: null }],
    })
  }

  async close(): Promise<void> {
    await this.#producer.disconnect()
    await (await this.#cluster)?.disconnect()
  }

  #keep(id: number, value: Uint8Array): void {
    this.#kept.set(id, value)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > keptMax && oldest !== undefined) this.#kept.delete(oldest)
  }

  /** `null` when compaction has removed it. */
  async #record(id: number): Promise<FetchedRecord | null> {
    try {
      return await this.#fetch(id)
    } catch {
      // The leader of the partition may have changed since the last time.
      await this.#forget()
      return await this.#fetch(id)
    }
  }

  async #forget(): Promise<void> {
    const cluster = await this.#cluster?.catch(() => undefined)
    this.#cluster = undefined
    await cluster?.disconnect().catch(() => {})
  }

  async #fetch(id: number): Promise<FetchedRecord | null> {
    const topic = this.#topic
    this.#cluster ??= connected(this.#kafka, topic)
    const cluster = await this.#cluster
    const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))
    if (leader === undefined) throw new Error('the topic of the data keys has no leader')
    const broker = await cluster.findBroker({ nodeId: leader })
    const { responses } = await broker.fetch({
      maxWaitTime: holdMs,
      minBytes: 1,
      maxBytes: fetchBytes,
      isolationLevel: 0,
      topics: [{ topic, partitions: [{ partition, fetchOffset: String(id), maxBytes: fetchBytes }] }],
    })
    const messages = responses.flatMap(({ partitions }) => partitions.flatMap((each) => each.messages))
    return messages.find(({ offset }) => Number(offset) === id) ?? null
  }
}

async function connected(kafka: Kafka, topic: string): Promise<Cluster> {
  const cluster = openCluster(kafka)
  await cluster.connect()
  await cluster.addMultipleTargetTopics([topic])
  return cluster
}
