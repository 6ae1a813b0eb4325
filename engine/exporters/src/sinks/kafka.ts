import { limits } from '@sluice/core'
import { CompressionTypes, Kafka, logLevel, Partitioners, type KafkaConfig, type Producer } from 'kafkajs'
import { jsonOf } from '../parcel.ts'
import { delivered, failed, refusedBy, type Delivery, type Sink } from '../sink.ts'

export interface KafkaOptions {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly tls?: KafkaConfig['ssl']
  readonly sasl?: KafkaConfig['sasl']
}

const ackMs = 10_000
const connectMs = 5_000
const retry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 }
/**
 * A client that tries again by itself forgets partitions whose new leader had already answered for others. So the
 * exporter does: it delivers the whole batch once more, under the same ids.
 */
const onlyOnce = { retries: 0 }

/** Errors of the broker that blame what was sent. */
const blaming: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'INVALID_RECORD', 'RECORD_LIST_TOO_LARGE'])

/**
 * A topic that exists, on the company's brokers. A document is delivered when all in-sync replicas have it; those of
 * one session are in one partition, in order. A repeat has the same header `sluice_id`.
 */
export function kafka({ brokers, topic, tls, sasl }: KafkaOptions): Sink {
  const client = new Kafka({
    ...(tls === undefined ? {} : { ssl: tls }),
    ...(sasl === undefined ? {} : { sasl }),
    clientId: 'sluice-exporter',
    brokers: [...brokers],
    connectionTimeout: connectMs,
    requestTimeout: limits.exportAttemptMs,
    retry,
    // What it tries again it says itself by failing.
    logLevel: logLevel.NOTHING,
  })
  let producer: Producer | undefined
  const connected = async (): Promise<Producer> => {
    if (producer !== undefined) return producer
    const fresh = client.producer({
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      maxInFlightRequests: 1,
      retry: onlyOnce,
    })
    await fresh.connect()
    producer = fresh
    return fresh
  }
  const leave = async (): Promise<void> => {
    const old = producer
    producer = undefined
    await old?.disconnect().catch(() => {})
  }
  return {
    async deliver(batch): Promise<Delivery> {
      const messages = batch.map((parcel) => ({
        key: parcel.stream,
        value: parcel.kind === 'line' ? parcel.text : jsonOf(parcel),
        headers: { sluice_id: parcel.id, sluice_type: parcel.type },
      }))
      try {
        const to = await connected()
        await to.send({ topic, messages, acks: -1, timeout: ackMs, compression: CompressionTypes.None })
        return delivered
      } catch (error) {
        const type = typeOf(error)
        if (blaming.has(type)) return refusedBy(type)
        await leave()
        return failed(type)
      }
    },
    close: leave,
  }
}

function typeOf(error: unknown): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    if ('type' in cause && typeof cause.type === 'string') return cause.type
  return error instanceof Error ? error.name : 'unknown'
}
