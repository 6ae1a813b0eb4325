import { afterEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Kafka, ProducerRecord, RecordMetadata } from 'kafkajs'
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

/** Whether the partition that was sent to is acknowledged. */
type Answer = (stream: string) => boolean | Error

/** Brokers whose answers a test scripts, one for each request. */
class ScriptedBrokers {
  /** Which producer sent what, in order. */
  readonly sent: (readonly [producer: number, ...streams: string[]])[] = []
  readonly #answers: Answer[]
  #producers = 0
  #offset = 0

  constructor(answers: readonly Answer[]) {
    this.#answers = [...answers]
  }

  get client(): Kafka {
    const producer = () => {
      const number = ++this.#producers
      return {
        connect: async () => {},
        disconnect: async () => {},
        send: (record: ProducerRecord) => this.#take(number, record),
      }
    }
    return { producer } as unknown as Kafka
  }

  async #take(producer: number, { topic, messages }: ProducerRecord): Promise<readonly RecordMetadata[]> {
    const streams = messages.map(({ key }) => String(key))
    const [stream = ''] = streams
    assert.ok(messages.every(({ partition }) => partition === partitions[partitionOf(stream)]?.partition))
    this.sent.push([producer, ...streams])
    const answer = this.#answers.shift()?.(stream) ?? true
    if (answer instanceof Error) throw answer
    const baseOffset = String(this.#offset)
    this.#offset += messages.length
    const partition = messages[0]?.partition ?? -1
    return answer ? [{ topicName: topic, partition, errorCode: 0, baseOffset }] : []
  }
}

suite('the sink on topics', () => {
  const reports: string[] = []
  let close = async (): Promise<void> => {}
  afterEach(() => close())

  function writing(answers: readonly Answer[]) {
    reports.length = 0
    const clock = new ManualClock()
    const brokers = new ScriptedBrokers(answers)
    const sink = new TopicSink({
      kafka: brokers.client,
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
    return { clock, brokers, append }
  }

  test('sends to each partition by a producer of its own, and says where each unit is', async () => {
    assert.notEqual(partitionOf(streamA), partitionOf(streamB))
    const { brokers, append } = writing([])
    const positions = await Promise.all([append(streamA), append(streamA), append(streamB)])
    assert.deepEqual(brokers.sent, [
      [1, streamA, streamA],
      [2, streamB],
    ])
    assert.equal(new Set(positions).size, 3)
    assert.deepEqual(reports, [])
  })

  test('acknowledges nothing of a partition that no broker answered for', async () => {
    const { clock, brokers, append } = writing([() => false])
    let acknowledged = false
    const done = append(streamA).then(() => (acknowledged = true))
    await settled()
    assert.equal(acknowledged, false)
    clock.advance(500)
    await done
    assert.deepEqual(brokers.sent, [
      [1, streamA],
      [2, streamA],
    ])
  })

  test('begins anew only where the client gave up', async () => {
    const { clock, brokers, append } = writing([() => true, () => new Error('the brokers are gone')])
    const both = Promise.all([append(streamA), append(streamB)])
    await settled()
    clock.advance(500)
    await both
    assert.deepEqual(brokers.sent, [
      [1, streamA],
      [2, streamB],
      [3, streamB],
    ])
    assert.deepEqual(reports, ['the log could not be written; trying again'])
  })
})
