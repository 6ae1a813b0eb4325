import { afterEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Kafka, ProducerConfig, ProducerRecord, RecordMetadata } from 'kafkajs'
import type { Position } from '@sluice/core'
import { Committer } from '../append.ts'
import { Incarnation } from '../incarnation.ts'
import { memoryKeys } from '../keys.ts'
import { countedIds, eventsOf, ManualClock, settled } from '../scripted.ts'
import { homeOf, partitions } from './partition.ts'
import { Frontier } from './position.ts'
import { topicNames } from './topics.ts'
import { TopicSink } from './topic-sink.ts'
import { decodeRecord } from './wire.ts'

const now = { withinMs: 60_000, urgency: 'now' } as const
const names = topicNames('')
const ids = countedIds()
const incarnation = { writer: 'gw_1', epoch: 1 }
const home = homeOf(incarnation)

/** Whether a request is acknowledged. */
type Answer = boolean | Error

/** Brokers whose answers a test scripts, one for each request. */
class ScriptedBrokers {
  /** Which producer sent events of which streams, in order. */
  readonly sent: (readonly [producer: number, ...streams: string[]])[] = []
  readonly records: { readonly topic: string; readonly partition: number; readonly key: string }[] = []
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
        send: async (sent: ProducerRecord) => {
          const { topic, messages } = sent
          for (const message of messages)
            assert.equal(place({ topic, message, partitionMetadata: [] }), message.partition)
          return this.#take(number, sent)
        },
      }
    }
    return { producer } as unknown as Kafka
  }

  #take(producer: number, { topic, messages }: ProducerRecord): readonly RecordMetadata[] {
    const [{ key, partition = -1, value } = assert.fail(), ...others] = messages
    assert.deepEqual(others, [], 'one record for each partition')
    const events = decodeRecord(value as Buffer)
    this.sent.push([producer, ...events.map(({ envelope }) => envelope.stream)])
    this.records.push({ topic, partition, key: String(key) })
    const answer = this.#answers.shift() ?? true
    if (answer instanceof Error) throw answer
    if (!answer) return []
    return [{ topicName: topic, partition, errorCode: 0, baseOffset: String(this.#offset++) }]
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
      incarnation,
      clock,
      report: (what) => reports.push(what),
    })
    const committer = new Committer({
      incarnation: new Incarnation(incarnation, memoryKeys(), () => undefined),
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

  const placeAt = (position: Position, index: number) => Frontier.of(position).at(index)

  test('writes all sessions in one record, in the partition of who writes', async () => {
    const { brokers, append } = writing([])
    const positions = await Promise.all(['ses_a', 'ses_b', 'ses_a', 'ses_c'].map(append))
    assert.deepEqual(brokers.sent, [[1, 'ses_a', 'ses_b', 'ses_a', 'ses_c']])
    const partition = partitions[home]?.partition
    assert.deepEqual(brokers.records, [{ topic: names.audit, partition, key: 'gw_1/1' }])
    assert.deepEqual(reports, [])
    assert.deepEqual(
      positions.map((position) => placeAt(position, home)),
      [
        { offset: 0, seen: 1 },
        { offset: 0, seen: 2 },
        { offset: 0, seen: 3 },
        { offset: 1, seen: 0 },
      ],
    )
  })

  test('writes control and checkpoints beside them, and says where each unit is', async () => {
    const { brokers, append } = writing([])
    const [session, control, checkpoint, other] = await Promise.all(
      ['ses_a', 'control', 'checkpoints', 'ses_b'].map(append),
    )
    assert.deepEqual(
      brokers.records.map(({ topic }) => topic),
      [names.audit, names.control, names.checkpoints],
    )
    assert.deepEqual(placeAt(session ?? assert.fail(), home), { offset: 0, seen: 1 })
    assert.deepEqual(placeAt(other ?? assert.fail(), home), { offset: 1, seen: 0 })
    assert.deepEqual(placeAt(control ?? assert.fail(), 0), { offset: 2, seen: 0 })
    assert.equal(checkpoint, Frontier.start().position, 'readers of the log do not come there')
  })

  test('acknowledges nothing of a partition that no broker answered for', async () => {
    const { clock, brokers, append } = writing([false])
    let acknowledged = false
    const done = append('ses_a').then(() => (acknowledged = true))
    await settled()
    assert.equal(acknowledged, false)
    clock.advance(500)
    await done
    assert.deepEqual(brokers.sent, [
      [1, 'ses_a'],
      [2, 'ses_a'],
    ])
  })

  test('begins anew only with what the client gave up', async () => {
    const { clock, brokers, append } = writing([true, new Error('the brokers are gone')])
    const both = Promise.all([append('ses_a'), append('control')])
    await settled()
    clock.advance(500)
    await both
    assert.deepEqual(brokers.sent, [
      [1, 'ses_a'],
      [1, 'control'],
      [2, 'control'],
    ])
    assert.deepEqual(reports, ['the log could not be written; trying again'])
  })
})
