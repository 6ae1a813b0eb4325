import type { Broker, Cluster, FetchedRecord } from './cluster.ts'

/** One partition as a reader goes through it. */
export interface Lane {
  readonly topic: string
  readonly partition: number
  /** Offset of the record to fetch next. */
  next: number
  /** To be read up to this offset; `Infinity`: for as long as more comes. */
  end: number
  readonly records: FetchedRecord[]
}

/** How many bytes of a partition one fetch brings, and how many may lie ready before no more are fetched. */
const partitionBytes = 1_048_576
const readyBytesMax = 2 * partitionBytes
/** What a record takes beside its value. */
const recordBytes = 64
/** How long a broker holds a fetch that finds nothing. */
const holdMs = 1_000

/** Fetches records of several partitions ahead of who pulls them, from each broker with one request at a time. */
export class RecordReader {
  readonly #cluster: Cluster
  readonly #lanes: readonly Lane[]
  readonly #paceMs: number | undefined
  readonly #fetching = new Map<string, Promise<void>>()

  /** `paceMs`: brokers gather what comes for so long. */
  constructor(cluster: Cluster, lanes: readonly Lane[], paceMs?: number) {
    this.#cluster = cluster
    this.#paceMs = paceMs
    this.#lanes = lanes
  }

  /** Resolves once there is more than before, or nothing came for a while. Rejects when a broker does not answer. */
  async more(): Promise<void> {
    for (const [leader, lanes] of this.#hungry()) {
      if (this.#fetching.has(leader)) continue
      const fetching = this.#fetch(leader, lanes).finally(() => this.#fetching.delete(leader))
      // Another broker's answer may be awaited when this one fails; the next call fails then.
      fetching.catch(() => {})
      this.#fetching.set(leader, fetching)
    }
    if (this.#fetching.size > 0) await Promise.race(this.#fetching.values())
  }

  /** The lanes that need records, by the broker that leads their partition. */
  #hungry(): ReadonlyMap<string, readonly Lane[]> {
    const byLeader = new Map<string, Lane[]>()
    for (const lane of this.#lanes) {
      if (lane.next >= lane.end || readyBytes(lane) >= readyBytesMax) continue
      const { topic, partition } = lane
      const [leader] = Object.keys(this.#cluster.findLeaderForPartitions(topic, [partition]))
      if (leader === undefined) throw new Error(`${topic} has no partition ${partition}`)
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), lane])
    }
    return byLeader
  }

  async #fetch(leader: string, lanes: readonly Lane[]): Promise<void> {
    const broker: Broker = await this.#cluster.findBroker({ nodeId: leader })
    const { responses } = await broker.fetch({
      maxWaitTime: this.#paceMs ?? holdMs,
      minBytes: this.#paceMs === undefined ? 1 : partitionBytes,
      maxBytes: partitionBytes * 8,
      isolationLevel: 0,
      topics: lanes.map((lane) => ({
        topic: lane.topic,
        partitions: [{ partition: lane.partition, fetchOffset: String(lane.next), maxBytes: partitionBytes }],
      })),
    })
    for (const { topicName, partitions: fetched } of responses)
      for (const { partition, messages } of fetched) {
        const lane = lanes.find((each) => each.topic === topicName && each.partition === partition)
        if (lane !== undefined) take(lane, messages)
      }
  }
}

function readyBytes({ records }: Lane): number {
  return records.reduce((sum, { value }) => sum + recordBytes + (value?.length ?? 0), 0)
}

/** A broker sends whole batches: what lies before the asked offset in one is not wanted. */
function take(lane: Lane, messages: readonly FetchedRecord[]): void {
  for (const message of messages) {
    const offset = Number(message.offset)
    if (offset < lane.next) continue
    lane.next = offset + 1
    if (offset < lane.end && !message.isControlRecord) lane.records.push(message)
  }
}
