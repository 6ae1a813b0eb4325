import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Kafka, ProducerRecord, RecordMetadata } from 'kafkajs'
import { ManualClock, settled } from '../scripted.ts'
import { PartitionWriter, type PlacedRecord } from './partition-writer.ts'

/** A client that notes what each producer is asked to send, and whose answers a test scripts by partition. */
class ScriptedClient {
  /** Producer and partition of each call, in order. */
  readonly calls: string[] = []
  readonly answers = new Map<number, Promise<unknown>>()
  #producers = 0

  get kafka(): Kafka {
    const producer = () => {
      const number = ++this.#producers
      return {
        connect: async () => {},
        disconnect: async () => void this.calls.push(`${number} ends`),
        send: async ({ topic, messages }: ProducerRecord): Promise<readonly RecordMetadata[]> => {
          const partition = messages[0]?.partition ?? -1
          assert.equal(messages.length, 1)
          this.calls.push(`${number}:${partition}`)
          const answer = this.answers.get(partition)
          this.answers.delete(partition)
          await answer
          return [{ topicName: topic, partition, errorCode: 0, baseOffset: String(10 * partition) }]
        },
      }
    }
    return { producer } as unknown as Kafka
  }
}

function recordsOf(...partitions: readonly number[]): readonly PlacedRecord[] {
  return partitions.map((partition) => ({ topic: 'audit', partition, key: 'k', value: Buffer.from('v') }))
}

suite('the writer to partitions', () => {
  function writing() {
    const client = new ScriptedClient()
    const clock = new ManualClock()
    const troubles: string[] = []
    const trouble = (what: string): unknown => troubles.push(what)
    return { client, clock, troubles, writer: new PartitionWriter({ kafka: client.kafka, clock, trouble }) }
  }

  test('no call of the client is about two partitions; each record has its place', async () => {
    const { client, writer } = writing()
    const records = recordsOf(0, 1, 2)
    const offsets = await writer.write(records)
    assert.deepEqual(client.calls, ['1:0', '1:1', '1:2'])
    assert.deepEqual(
      records.map((record) => offsets.get(record)),
      [0, 10, 20],
    )
  })

  test('what the client gives up is begun anew, once the rest is written', async () => {
    const { client, clock, writer, troubles } = writing()
    const slow = Promise.withResolvers<void>()
    client.answers.set(0, Promise.reject(new Error('out of order'))).set(1, slow.promise)
    const written = writer.write(recordsOf(0, 1))
    await settled()
    clock.advance(500)
    await settled()
    assert.deepEqual(client.calls, ['1:0', '1:1'], 'the producer still sends')
    slow.resolve()
    await settled()
    assert.deepEqual(troubles, ['out of order'])
    clock.advance(500)
    assert.equal((await written).size, 2)
    assert.deepEqual(client.calls, ['1:0', '1:1', '1 ends', '2:0'])
  })

  test('whoever closes it is told of what could not be written', async () => {
    const { client, writer, troubles } = writing()
    client.answers.set(0, Promise.reject(new Error('the brokers are gone')))
    const written = writer.write(recordsOf(0))
    await writer.close()
    await assert.rejects(written, /the brokers are gone/)
    assert.deepEqual(troubles, [])
  })
})
