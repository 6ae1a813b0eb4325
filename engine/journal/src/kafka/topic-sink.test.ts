import { afterEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type {
  Kafka,
  PartitionMetadata,
  ProducerBatch,
  ProducerConfig,
  RecordMetadata,
  TopicMessages,
} from 'kafkajs'
import { Committer } from '../append.ts'
import { Incarnation } from '../incarnation.ts'
import { memoryKeys } from '../keys.ts'
import { countedIds, eventsOf, ManualClock, settled } from '../scripted.ts'
import { partitionOf, partitions } from './partition.ts'
import { topicNames } from './topics.ts'
import { TopicSink } from './topic-sink.ts'

const now = { withinMs: 60_000, urgency: 'now' } as const
const names = topicNames('')
const ids = countedIds()

/** Two streams of different partitions. */
const [streamA, streamB] = ['ses_a', 'ses_b'] as const

/** Whether a request is acknowledged. */
type Answer = boolean | Error

/** One broker that leads everything, whose answers a test scripts, one for each request. */
class ScriptedBroker {
  /** Which producer sent what, in order. */
  readonly sent: (readonly [producer: number, ...streams: string[]])[] = []
  readonly #answers: Answer[]
  #producers = 0
  #offset = 0

  constructor(answers: readonly Answer[]) {
    this.#answers = [...answers]
  }

  get client(): Kafka {
    const producer = ({ createPartitioner }: ProducerConfig) => {
      const number = ++this.#producers
      const place = createPartitioner?.() ?? assert.fail()
      return {
        connect: async () => {},
        disconnect: async () => {},
        sendBatch: ({ topicMessages = [] }: ProducerBatch) => {
          for (const { topic, messages } of topicMessages)
            for (const message of messages) {
              const partition = partitions[partitionOf(String(message.key))]?.partition
              assert.equal(place({ topic, message, partitionMetadata: ledByOne }), partition)
            }
          return this.#take(number, topicMessages)
        },
      }
    }
    return { producer } as unknown as Kafka
  }

  async #take(producer: number, sent: readonly TopicMessages[]): Promise<readonly RecordMetadata[]> {
    const streams = sent.flatMap(({ messages }) => messages.map(({ key }) => String(key)))
    this.sent.push([producer, ...streams])
    const answer = this.#answers.shift() ?? true
    if (answer instanceof Error) throw answer
    if (!answer) return []
    return sent.map(({ topic, messages }) => {
      const baseOffset = String(this.#offset)
      this.#offset += messages.length
      return { topicName: topic, partition: messages[0]?.partition ?? -1, errorCode: 0, baseOffset }
    })
  }
}

const ledByOne: PartitionMetadata[] = Array.from({ length: 12 }, (_, partitionId) => {
  return { partitionErrorCode: 0, partitionId, leader: 1, replicas: [1], isr: [1] }
})

suite('the sink on topics', () => {
  const reports: string[] = []
  let close = async (): Promise<void> => {}
  afterEach(() => close())

  function writing(answers: readonly Answer[]) {
    reports.length = 0
    const clock = new ManualClock()
    const broker = new ScriptedBroker(answers)
    const sink = new TopicSink({
      kafka: broker.client,
      names,
      clock,
      report: (what) => reports.push(what),
    })
    const incarnation = new Incarnation({ writer: 'gw_1', epoch: 1 }, memoryKeys(), () => undefined)
    const committer = new Committer({
      incarnation,
      sink,
      clock,
      report: assert.fail,
      queueBytesMax: 1_000_000,
    })
    close = async () => {
      const closed = committer.close(10)
      clock.advance(10)
      await closed
    }
    const append = (stream: string) => {
      return committer.append({ stream, events: [eventsOf(ids, stream).abandoned('x')] }, now)
    }
    return { clock, broker, append }
  }

  test('sends what has one leader in one request, and says where each unit is', async () => {
    assert.notEqual(partitionOf(streamA), partitionOf(streamB))
    const { broker, append } = writing([])
    await Promise.all([append(streamA), append(streamB)])
    const positions = await Promise.all([append(streamA), append(streamA), append(streamB)])
    // Who leads them is known once they have been written to.
    assert.deepEqual(broker.sent, [
      [1, streamA],
      [1, streamB],
      [1, streamA, streamA, streamB],
    ])
    assert.equal(new Set(positions).size, 3)
    assert.deepEqual(reports, [])
  })

  test('acknowledges nothing of a partition that no broker answered for', async () => {
    const { clock, broker, append } = writing([false])
    let acknowledged = false
    const done = append(streamA).then(() => (acknowledged = true))
    await settled()
    assert.equal(acknowledged, false)
    clock.advance(500)
    await done
    assert.deepEqual(broker.sent, [
      [1, streamA],
      [2, streamA],
    ])
  })

  test('begins anew only with what the client gave up', async () => {
    const { clock, broker, append } = writing([true, new Error('the brokers are gone')])
    const both = Promise.all([append(streamA), append(streamB)])
    await settled()
    clock.advance(500)
    await both
    assert.deepEqual(broker.sent, [
      [1, streamA],
      [1, streamB],
      [2, streamB],
    ])
    assert.deepEqual(reports, ['the log could not be written; trying again'])
  })
})
