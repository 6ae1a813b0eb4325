import type { Clock } from '@sluice/core'
import { CompressionTypes, Partitioners, type Kafka, type Message, type Producer } from 'kafkajs'
import { untilDone } from './client.ts'

export interface PartitionWriterPorts {
  readonly kafka: Kafka
  readonly clock: Clock
  /** Called when something could not be written and is tried again. */
  readonly trouble: (what: string) => void
}

/** How long the broker waits for its replicas before it says that they did not acknowledge. */
const ackMs = 5_000
const retryMs = 500

/**
 * Writes to one partition, one batch after another. With a producer of its own: the client repeats a batch of several
 * partitions although one of its brokers has just answered, or takes it for done although a new leader got nothing of
 * it. To one partition it repeats under the same sequence numbers until every in-sync replica has it, so a repeat is
 * stored once.
 */
export class PartitionWriter {
  readonly #ports: PartitionWriterPorts
  readonly #topic: string
  readonly #partition: number
  #producer: Producer
  #connected: Promise<void> | undefined
  #stopped = false

  constructor(ports: PartitionWriterPorts, topic: string, partition: number) {
    this.#ports = ports
    this.#topic = topic
    this.#partition = partition
    this.#producer = this.#fresh()
  }

  /** Rejects when no broker can be reached. */
  open(): Promise<void> {
    this.#connected ??= this.#producer.connect()
    return this.#connected
  }

  /**
   * The offset of the first message, -1 where the broker does not say it. What the client gives up is begun anew, as
   * long as this is open: nothing is ever abandoned.
   */
  async write(messages: readonly Message[]): Promise<number> {
    for (;;) {
      try {
        await this.open()
        return await this.#attempt(messages)
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

  async #attempt(messages: readonly Message[]): Promise<number> {
    const placed = messages.map((message) => ({ ...message, partition: this.#partition }))
    const written = await this.#producer.send({
      topic: this.#topic,
      messages: placed,
      acks: -1,
      timeout: ackMs,
      compression: CompressionTypes.None,
    })
    const answer = written.find(({ partition }) => partition === this.#partition)
    if (answer === undefined) throw new Error(`no broker answered for ${this.#topic}/${this.#partition}`)
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
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: untilDone,
      maxInFlightRequests: 1,
    })
  }
}
