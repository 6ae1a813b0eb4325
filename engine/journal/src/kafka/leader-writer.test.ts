import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type {
  Kafka,
  PartitionMetadata,
  ProducerBatch,
  ProducerConfig,
  RecordMetadata,
  TopicMessages,
} from 'kafkajs'
import { ManualClock, settled } from '../scripted.ts'
import { LeaderWriter, type Lane } from './leader-writer.ts'

/** Who leads partitions 0, 1, 2 … of the topic. */
type Leaders = readonly number[]

/**
 * A client as far as it places messages and chooses brokers: by what it knows of the leaders when it does so, and again
 * at each repeat. Fails the test when one call of it goes to two brokers.
 */
class ScriptedClient {
  /** Broker and partitions of each request, in order. */
  readonly requests: string[] = []
  leaders: Leaders
  /** What the client knows at each repeat to come. */
  readonly repeats: Leaders[] = []
  /** What a broker answers to its next request, when that is not yes. */
  readonly answers = new Map<number, Promise<void>>()
  #producers = 0

  constructor(leaders: Leaders) {
    this.leaders = leaders
  }

  get kafka(): Kafka {
    const producer = ({ createPartitioner }: ProducerConfig) => {
      const number = ++this.#producers
      const place = createPartitioner?.() ?? assert.fail()
      return {
        connect: async () => {},
        disconnect: async () => {},
        sendBatch: async ({ topicMessages = [] }: ProducerBatch) => {
          for (;;) {
            const partitions = this.#placed(topicMessages, place)
            const [broker = -1, ...others] = new Set(partitions.map((partition) => this.leaders[partition]))
            assert.deepEqual(others, [], 'one call goes to one broker')
            this.requests.push(`${number}:${broker}:${partitions.join()}`)
            const later = this.repeats.shift()
            if (later === undefined) return await this.#answer(broker, partitions)
            this.leaders = later
          }
        },
      }
    }
    return { producer } as unknown as Kafka
  }

  async #answer(broker: number, partitions: readonly number[]): Promise<readonly RecordMetadata[]> {
    const answer = this.answers.get(broker)
    this.answers.delete(broker)
    await answer
    return partitions.map((partition) => {
      return { topicName: 'audit', partition, errorCode: 0, baseOffset: String(10 * partition) }
    })
  }

  #placed(
    sent: readonly TopicMessages[],
    place: ReturnType<NonNullable<ProducerConfig['createPartitioner']>>,
  ) {
    const partitionMetadata = this.leaders.map((leader, partitionId): PartitionMetadata => {
      return { partitionErrorCode: 0, partitionId, leader, replicas: [], isr: [] }
    })
    return sent.flatMap(({ topic, messages }) =>
      messages.map((message) => place({ topic, message, partitionMetadata })),
    )
  }
}

function lanesOf(...partitions: readonly number[]): readonly Lane[] {
  return partitions.map((partition) => ({
    topic: 'audit',
    partition,
    messages: [{ key: 'k', value: Buffer.from('v') }],
  }))
}

suite('the writer to leaders', () => {
  /** It has written to each partition, so it knows who leads them. */
  async function writing(leaders: Leaders) {
    const client = new ScriptedClient(leaders)
    const clock = new ManualClock()
    const troubles: string[] = []
    const trouble = (what: string): unknown => troubles.push(what)
    const writer = new LeaderWriter({ kafka: client.kafka, clock, trouble })
    await writer.write(lanesOf(...leaders.keys()))
    const learnt = client.requests.splice(0)
    return { client, clock, writer, troubles, learnt }
  }

  test('learns who leads from the first request to each partition', async () => {
    const { learnt } = await writing([1, 1, 2])
    assert.deepEqual(learnt, ['1:1:0', '1:1:1', '1:2:2'])
  })

  test('sends what has one leader in one request, and gives the place of each lane', async () => {
    const { client, writer } = await writing([1, 1, 2])
    const lanes = lanesOf(0, 1, 2)
    const offsets = await writer.write(lanes)
    assert.deepEqual(client.requests, ['1:1:0,1', '1:2:2'])
    assert.deepEqual(
      lanes.map((lane) => offsets.get(lane)),
      [0, 10, 20],
    )
  })

  test('a leader that moved before the request: no call goes to two brokers', async () => {
    const { client, writer } = await writing([1, 1, 1])
    client.leaders = [1, 2, 3]
    await writer.write(lanesOf(0, 1, 2))
    assert.deepEqual(client.requests.toSorted(), ['1:1:0', '1:2:1', '1:3:2'])
  })

  test('a leader that moved between two repeats: each part is repeated by the same producer', async () => {
    const { client, writer, troubles } = await writing([1, 1])
    client.repeats.push([1, 1], [1, 2])
    await writer.write(lanesOf(0, 1))
    assert.deepEqual(client.requests, ['1:1:0,1', '1:1:0,1', '1:1:0', '1:2:1'])
    assert.deepEqual(troubles, [])
  })

  test('what the client gives up is begun anew, once the rest is written', async () => {
    const { client, clock, writer, troubles } = await writing([1, 2])
    const slow = Promise.withResolvers<void>()
    client.answers.set(1, Promise.reject(new Error('out of order'))).set(2, slow.promise)
    const written = writer.write(lanesOf(0, 1))
    await settled()
    clock.advance(500)
    await settled()
    assert.deepEqual(client.requests, ['1:1:0', '1:2:1'])
    slow.resolve()
    await settled()
    assert.deepEqual(troubles, ['out of order'])
    clock.advance(500)
    assert.equal((await written).size, 2)
    assert.deepEqual(client.requests, ['1:1:0', '1:2:1', '2:1:0'])
  })
})
