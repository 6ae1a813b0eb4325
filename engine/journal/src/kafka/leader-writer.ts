import type { Clock } from '@sluice/core'
import { CompressionTypes, type Kafka, type Message, type PartitionerArgs, type Producer } from 'kafkajs'
import { untilDone } from './client.ts'

export interface LeaderWriterPorts {
  readonly kafka: Kafka
  readonly clock: Clock
  /** Called when something could not be written and is tried again. */
  readonly trouble: (what: string) => void
}

/** What goes to one partition, in order. */
export interface Lane {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly Message[]
}

/** How long the broker waits for its replicas before it says that they did not acknowledge. */
const ackMs = 5_000
const retryMs = 500

/** The lanes of one request have no leader in common any more; nothing was sent. */
class LeaderMoved extends Error {}

/**
 * Writes lanes, those of one leader in one request. Never those of two leaders in one call of the client: it would
 * repeat all of it although one of the brokers has just answered, or take it for done although a new leader got nothing
 * of it. To one leader it repeats under the same sequence numbers until every in-sync replica has it, so that a repeat
 * is stored once. Leaders move also between the repeats, so each is looked at again as the client places its messages.
 */
export class LeaderWriter {
  readonly #ports: LeaderWriterPorts
  /** As the client last saw them. */
  readonly #leaders = new Map<string, number>()
  readonly #expected = new WeakMap<Message, number>()
  #producer: Producer
  #connected: Promise<void> | undefined
  #stopped = false

  constructor(ports: LeaderWriterPorts) {
    this.#ports = ports
    this.#producer = this.#fresh()
  }

  /** Rejects when no broker can be reached. */
  open(): Promise<void> {
    this.#connected ??= this.#producer.connect()
    return this.#connected
  }

  /**
   * The offset of the first message of each lane, -1 where the broker does not say it. What the client gives up is begun
   * anew, as long as this is open: nothing is ever abandoned.
   */
  async write(lanes: readonly Lane[]): Promise<ReadonlyMap<Lane, number>> {
    const offsets = new Map<Lane, number>()
    for (;;) {
      try {
        await this.open()
        await this.#deliver(
          lanes.filter((lane) => !offsets.has(lane)),
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

  /** Rejects once each lane is written or given up: a fresh producer must not begin while this one still sends. */
  async #deliver(lanes: readonly Lane[], offsets: Map<Lane, number>): Promise<void> {
    const requests = [...Map.groupBy(lanes, (lane) => this.#leaderOf(lane) ?? lane).values()]
    const ended = await Promise.allSettled(requests.map((request) => this.#send(request, offsets)))
    for (const end of ended) if (end.status === 'rejected') throw end.reason
  }

  async #send(lanes: readonly Lane[], offsets: Map<Lane, number>): Promise<void> {
    try {
      const written = await this.#producer.sendBatch({
        topicMessages: lanes.map((lane) => ({ topic: lane.topic, messages: this.#placed(lane) })),
        acks: -1,
        timeout: ackMs,
        compression: CompressionTypes.None,
      })
      for (const lane of lanes) {
        const { topic, partition } = lane
        const answer = written.find((each) => each.topicName === topic && each.partition === partition)
        if (answer === undefined) throw new Error(`no broker answered for ${topic}/${partition}`)
        offsets.set(lane, Number(answer.baseOffset ?? -1))
      }
    } catch (error) {
      if (!(error instanceof LeaderMoved)) throw error
      await this.#deliver(lanes, offsets)
    }
  }

  #leaderOf({ topic, partition }: Lane): number | undefined {
    return this.#leaders.get(`${topic}/${partition}`)
  }

  #placed(lane: Lane): Message[] {
    const leader = this.#leaderOf(lane)
    return lane.messages.map(({ key, value }) => {
      const message = { key: key ?? null, value, partition: lane.partition }
      if (leader !== undefined) this.#expected.set(message, leader)
      return message
    })
  }

  /** The client calls this for each message of a request, and chooses the brokers by the same metadata. */
  #place({ topic, partitionMetadata, message }: PartitionerArgs): number {
    const { partition = -1 } = message
    const leader = partitionMetadata.find(({ partitionId }) => partitionId === partition)?.leader
    if (leader !== undefined) this.#leaders.set(`${topic}/${partition}`, leader)
    const expected = this.#expected.get(message)
    if (expected !== undefined && expected !== leader)
      throw new LeaderMoved(`another broker leads ${topic}/${partition} now`)
    return partition
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
      createPartitioner: () => (args) => this.#place(args),
      retry: untilDone,
      maxInFlightRequests: 1,
    })
  }
}
