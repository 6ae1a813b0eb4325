import type { Kafka } from 'kafkajs'

/** A record as the client hands it out. */
export interface FetchedRecord {
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Written by the broker to end a transaction; holds nothing of ours. */
  readonly isControlRecord: boolean
}

export interface FetchedPartition {
  readonly partition: number
  readonly highWatermark: string
  readonly messages: readonly FetchedRecord[]
}

export interface FetchRequest {
  readonly maxWaitTime: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly isolationLevel: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly fetchOffset: string
      readonly maxBytes: number
    }[]
  }[]
}

export interface Broker {
  fetch(request: FetchRequest): Promise<{
    readonly responses: readonly {
      readonly topicName: string
      readonly partitions: readonly FetchedPartition[]
    }[]
  }>
}

/** What kafkajs' own consumer reads with. */
export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  refreshMetadata(): Promise<void>
  findBroker(of: { readonly nodeId: string }): Promise<Broker>
  findLeaderForPartitions(
    topic: string,
    partitions: readonly number[],
  ): Readonly<Record<string, readonly number[]>>
  fetchTopicsOffset(
    topics: readonly {
      readonly topic: string
      readonly partitions: readonly { readonly partition: number }[]
      readonly fromBeginning?: boolean
      readonly fromTimestamp?: number
    }[],
  ): Promise<
    readonly {
      readonly topic: string
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
    }[]
  >
}

const factoryName = 'private:Kafka:createCluster'
const metadataMs = 60_000

/**
 * The public consumer of kafkajs reads only as a member of a group: each reader of the log would wait for a
 * rebalance, leave offsets behind, and be pushed instead of pulling. So this takes the part that the consumer itself
 * is made of. The version is pinned, and the contract of the log does not pass without it.
 */
export function openCluster(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === factoryName)
  const create: unknown = symbol === undefined ? undefined : Reflect.get(kafka, symbol)
  if (typeof create !== 'function') throw new Error(`this version of kafkajs has no ${factoryName}`)
  const options = { metadataMaxAge: metadataMs, allowAutoTopicCreation: false, isolationLevel: 0 }
  return (create as (of: typeof options) => Cluster)(options)
}
