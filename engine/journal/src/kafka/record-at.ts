import type { Kafka } from 'kafkajs'
import { openCluster, type Cluster, type FetchedRecord } from './cluster.ts'

const fetchBytes = 1_048_576
const holdMs = 100

/** Single records of a topic, by their place. */
export class RecordAt {
  readonly #kafka: Kafka
  readonly #topic: string
  #cluster: Promise<Cluster> | undefined

  constructor(kafka: Kafka, topic: string) {
    this.#kafka = kafka
    this.#topic = topic
  }

  /** `null` when retention or compaction has removed it. */
  async get(partition: number, offset: number): Promise<FetchedRecord | null> {
    try {
      return await this.#fetch(partition, offset)
    } catch {
      // The leader of the partition may have changed since the last time.
      await this.close()
      return await this.#fetch(partition, offset)
    }
  }

  async close(): Promise<void> {
    const cluster = await this.#cluster?.catch(() => undefined)
    this.#cluster = undefined
    await cluster?.disconnect().catch(() => {})
  }

  async #fetch(partition: number, offset: number): Promise<FetchedRecord | null> {
    this.#cluster ??= connected(this.#kafka, this.#topic)
    const cluster = await this.#cluster
    const [leader] = Object.keys(cluster.findLeaderForPartitions(this.#topic, [partition]))
    if (leader === undefined) throw new Error(`${this.#topic} has no partition ${partition}`)
    const broker = await cluster.findBroker({ nodeId: leader })
    const { responses } = await broker.fetch({
      maxWaitTime: holdMs,
      minBytes: 1,
      maxBytes: fetchBytes,
      isolationLevel: 0,
      topics: [
        {
          topic: this.#topic,
          partitions: [{ partition, fetchOffset: String(offset), maxBytes: fetchBytes }],
        },
      ],
    })
    const messages = responses.flatMap(({ partitions }) => partitions.flatMap((each) => each.messages))
    return messages.find((each) => Number(each.offset) === offset) ?? null
  }
}

async function connected(kafka: Kafka, topic: string): Promise<Cluster> {
  const cluster = openCluster(kafka)
  await cluster.connect()
  await cluster.addMultipleTargetTopics([topic])
  return cluster
}
