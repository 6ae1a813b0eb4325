import { createCipheriv, createDecipheriv } from 'node:crypto'
import kafkajs, { type Kafka, type Producer } from 'kafkajs'
import { topics } from '@sluice/kafka'
import { hashOf } from '../chain.ts'
import type { DataKey } from '../data-keys.ts'
import { untilDone } from './client.ts'
import { keyedPartition } from './partition.ts'
import { RecordAt } from './record-at.ts'

/** Where the chunks of a content are, in their order. Sealed in the event that the content belongs to. */
export interface Manifest {
  readonly partition: number
  readonly offsets: readonly number[]
  readonly bytes: number
  /** SHA-256 of the whole, hexadecimal. */
  readonly sha256: string
}

const chunkBytes = 262_144
/** Chunks in one request: a batch of records must stay below what the brokers take at once. */
const chunksPerSend = 3
const algorithm = 'aes-256-gcm'
const tagBytes = 16

/**
 * Content that is too large for its event, in chunks in a topic of its own. They are acknowledged before the event
 * that names them is written: chunks that no event names were never part of the log.
 */
export class Bodies {
  readonly #topic: string
  readonly #producer: Producer
  readonly #records: RecordAt

  constructor(kafka: Kafka, topic: string) {
    this.#topic = topic
    this.#records = new RecordAt(kafka, topic)
    this.#producer = kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      retry: untilDone,
      maxInFlightRequests: 1,
    })
  }

  open(): Promise<void> {
    return this.#producer.connect()
  }

  /** `key` seals nothing else. */
  async put(stream: string, content: Uint8Array, { key }: DataKey): Promise<Manifest> {
    const partition = keyedPartition(stream, topics.bodies.partitions)
    const count = Math.ceil(content.length / chunkBytes)
    const offsets: number[] = []
    for (let first = 0; first < count; first += chunksPerSend) {
      const indexes = Array.from({ length: Math.min(chunksPerSend, count - first) }, (_, at) => first + at)
      const messages = indexes.map((index) => {
        const chunk = content.subarray(index * chunkBytes, (index + 1) * chunkBytes)
        const cipher = createCipheriv(algorithm, key, nonceOf(index)).setAAD(placeOf(stream, index, count))
        return {
          key: stream,
          partition,
          value: Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]),
        }
      })
      const [written] = await this.#producer.send({ topic: this.#topic, acks: -1, messages })
      const base = Number(written?.baseOffset ?? -1)
      if (base < 0) throw new Error('the brokers did not say where the content is')
      offsets.push(...indexes.map((_, at) => base + at))
    }
    return { partition, offsets, bytes: content.length, sha256: hashOf(content).toString('hex') }
  }

  /** `null` when retention has removed it. Rejects when it is not what was put. */
  async get(stream: string, of: Manifest, key: DataKey['key']): Promise<Uint8Array | null> {
    const chunks: Buffer[] = []
    for (const [index, offset] of of.offsets.entries()) {
      const record = await this.#records.get(of.partition, offset)
      if (record?.value == null) return null
      const end = record.value.length - tagBytes
      const cipher = createDecipheriv(algorithm, key, nonceOf(index))
      cipher.setAAD(placeOf(stream, index, of.offsets.length)).setAuthTag(record.value.subarray(end))
      chunks.push(Buffer.concat([cipher.update(record.value.subarray(0, end)), cipher.final()]))
    }
    const content = Buffer.concat(chunks)
    if (content.length !== of.bytes || hashOf(content).toString('hex') !== of.sha256)
      throw new Error('the content is not what its event names')
    return content
  }

  async close(): Promise<void> {
    await this.#producer.disconnect()
    await this.#records.close()
  }
}

function nonceOf(index: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32BE(index, 8)
  return nonce
}

function placeOf(stream: string, index: number, count: number): Buffer {
  return Buffer.from(JSON.stringify([stream, index, count]))
}
