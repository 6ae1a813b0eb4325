import { afterEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Kafka, ProducerBatch, RecordMetadata } from 'kafkajs'
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

type Answer = (sent: readonly string[]) => readonly string[] | Error

/** Brokers whose answers a test scripts: which of the streams that were sent are acknowledged. */
class ScriptedBrokers {
  readonly sent: { readonly producer: number; readonly streams: readonly string[] }[] = []
  readonly #answers: readonly Answer[]
  #producers = 0
  #offset = 0

  constructor(answers: readonly Answer[]) {
    this.#answers = answers
  }

  get client(): Kafka {
    const producer = () => {
      const number = ++this.#producers
      return {
        connect: async () => {},
        disconnect: async () => {},
        sendBatch: (batch: ProducerBatch) => this.#take(number, batch),
      }
    }
    return { producer } as unknown as Kafka
  }

  async #take(producer: number, { topicMessages = [] }: ProducerBatch): Promise<readonly RecordMetadata[]> {
    const streams = topicMessages.flatMap(({ messages }) => messages.map(({ key }) => String(key)))
    const answer = this.#answers[this.sent.length]?.(streams) ?? streams
    this.sent.push({ producer, streams })
    if (answer instanceof Error) throw answer
    return answer.map((stream) => ({
      topicName: names.audit,
      partition: partitions[partitionOf(stream)]?.partition ?? -1,
      errorCode: 0,
      baseOffset: String(this.#offset++),
    }))
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

  test('acknowledges nothing of a partition that no broker answered for', async () => {
    assert.notEqual(partitionOf(streamA), partitionOf(streamB))
    const { brokers, append } = writing([(sent) => sent.filter((stream) => stream === streamA)])
    await Promise.all([append(streamA), append(streamB)])
    assert.deepEqual(brokers.sent, [
      { producer: 1, streams: [streamA, streamB] },
      { producer: 1, streams: [streamB] },
    ])
  })

  test('sends with a fresh producer only what is not yet acknowledged when the client gives up', async () => {
    const { clock, brokers, append } = writing([
      (sent) => sent.filter((stream) => stream === streamA),
      () => new Error('the brokers are gone'),
    ])
    const both = Promise.all([append(streamA), append(streamB)])
    await settled()
    clock.advance(500)
    await both
    assert.deepEqual(brokers.sent, [
      { producer: 1, streams: [streamA, streamB] },
      { producer: 1, streams: [streamB] },
      { producer: 2, streams: [streamB] },
    ])
    assert.deepEqual(reports, ['the log could not be written; trying again'])
  })
})
