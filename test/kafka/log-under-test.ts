import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import kafkajs, { type Kafka } from 'kafkajs'
import { systemClock, systemIds } from '@sluice/core'
import { memoryKeys, openKafka, type GatewayKeys, type KafkaOptions, type Sink } from '@sluice/journal'
import type { Envelope } from '@sluice/schemas'
import { hashAt, hashIn, writeHash, zeroHash } from '../../engine/journal/src/chain.ts'
import { encodeEnvelope } from '../../engine/journal/src/codec.ts'
import { decodeRecord, encodeRecord } from '../../engine/journal/src/kafka/wire.ts'
import { queueBytesMax, type LogUnderTest } from '../contract/event-store.contract.ts'
import { gate, type Gate } from '../contract/gate.ts'
import { reopening } from '../contract/reopening.ts'

const ids = systemIds(systemClock)

/** A log of its own on these brokers, under a prefix that nobody else has. */
export function kafkaLogOptions(brokers: readonly string[], keys: GatewayKeys = memoryKeys()): KafkaOptions {
  return {
    connection: { brokers },
    prefix: `${randomBytes(6).toString('hex')}.`,
    writer: 'gw_1',
    keys,
    clock: systemClock,
    ids,
    replication: 1,
    allowUnsafe: ['single_broker'],
    report: (what, error) => assert.fail(`${what}: ${String(error)}`),
  }
}

/** Holds every acknowledgement while it is told to. */
function through(sink: Sink, passed: Gate['passed']): Sink {
  return {
    write: async (batch) => {
      await passed()
      return sink.write(batch)
    },
    buffer: (bytes) => sink.buffer(bytes),
    recycle: (buffer) => sink.recycle(buffer),
  }
}

export async function onKafka(brokers: readonly string[]): Promise<LogUnderTest> {
  const { stall, resume, passed } = gate()
  let options: KafkaOptions = {
    ...kafkaLogOptions(brokers),
    queueBytesMax,
    sink: (sink) => through(sink, passed),
  }
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING })
  const log = await reopening(() => openKafka(options))
  return {
    ...log,
    stall,
    resume,
    stored: async () =>
      Buffer.concat([...(await records(kafka, options.prefix ?? ''))].map(({ value }) => value)),
    renamed: async (type) => {
      const { prefix = '' } = options
      options = { ...options, prefix: `${prefix}renamed.` }
      await (await openKafka(options)).close()
      await copyRenamed(kafka, { from: prefix, to: `${prefix}renamed.` }, type)
      return log.reopen()
    },
  }
}

export interface StoredRecord {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer
  readonly value: Buffer
}

/** What lies in the topics that events are written to, in the order of each partition. */
export async function records(kafka: Kafka, prefix: string): Promise<readonly StoredRecord[]> {
  const topics = ['audit', 'control', 'checkpoints'].map((topic) => `${prefix}sluice.${topic}.v1`)
  const admin = kafka.admin()
  await admin.connect()
  const ends = await Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)))
  await admin.disconnect()
  let missing = ends.flat().reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0)
  const found: StoredRecord[] = []
  const consumer = kafka.consumer({ groupId: randomBytes(6).toString('hex'), maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topics, fromBeginning: true })
  const { promise, resolve } = Promise.withResolvers<void>()
  if (missing === 0) return found
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, partition, message: { key, value } }) => {
      if (key !== null && value !== null) found.push({ topic, partition, key, value })
      if (--missing === 0) resolve()
    },
  })
  await promise
  await consumer.disconnect()
  return found
}

/** The sessions of a log once more, as a version wrote them that calls ExchangeAbandoned by this name. */
async function copyRenamed(
  kafka: Kafka,
  { from, to }: { readonly from: string; readonly to: string },
  type: string,
): Promise<void> {
  const heads = new Map<string, Buffer>()
  const sessions = (await records(kafka, from)).filter(({ topic }) => topic.includes('.audit.'))
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  for (const { topic, partition, key, value } of sessions) {
    const events = decodeRecord(value).map(({ envelope }) => {
      const renamed = envelope.type === 'ExchangeAbandoned' ? { ...envelope, type } : envelope
      const bytes = rechained(renamed, heads.get(envelope.stream) ?? zeroHash)
      heads.set(envelope.stream, Buffer.from(hashIn(bytes, false)))
      return { bytes, signed: false }
    })
    await producer.send({
      topic: topic.replace(from, to),
      messages: [{ key, partition, value: encodeRecord(events) }],
    })
  }
  await producer.disconnect()
}

/** The event with another history: its hash fits, as whoever may write to the topics can make it. */
export function rechained(envelope: Envelope, previous: Uint8Array): Buffer {
  const sealed = envelope.sealed === null ? null : [envelope.sealed]
  const buffer = Buffer.alloc(1_048_576)
  const end = encodeEnvelope({ ...envelope, sealed, prev_hash: previous, hash: zeroHash }, buffer, 0)
  const bytes = buffer.subarray(0, end)
  const at = hashAt(bytes.length, false)
  writeHash(bytes.subarray(0, at), bytes, at)
  return bytes
}
