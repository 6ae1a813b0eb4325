import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock, systemIds, type NewEvent } from '@sluice/core'
import {
  delivered,
  kafka as kafkaSink,
  openExporters,
  type Mapper,
  type Parcel,
  type Sink,
} from '@sluice/exporters'
import { openKafka } from '@sluice/journal'
import { Kafka, logLevel, type KafkaMessage } from 'kafkajs'
import { broker } from './broker.ts'
import { kafkaLogOptions } from './log-under-test.ts'

const never = new AbortController().signal

function parcel(number: number, text: string = '{"a":1}'): Parcel {
  const of = { kind: 'document', type: 'DecisionMade', severity: 6 } as const
  const stream = `ses_${number % 5}`
  return { ...of, id: `evt_${number}`, timeMs: 1_000 * number, text, bytes: text.length, stream, seq: number }
}

const started = await broker()
if ('missing' in started) suite('a topic of the company', { skip: started.missing })
else {
  const { brokers } = started
  suite('a topic of the company', () => {
    const client = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING })
    const admin = client.admin()
    after(() => admin.disconnect())

    async function created(topic: string, bytesMax = 1_048_576): Promise<string> {
      await admin.connect()
      const configEntries = [{ name: 'max.message.bytes', value: String(bytesMax) }]
      await admin.createTopics({ topics: [{ topic, numPartitions: 3, configEntries }] })
      return topic
    }

    async function read(
      topic: string,
      count: number,
    ): Promise<readonly (KafkaMessage & { readonly partition: number })[]> {
      const consumer = client.consumer({ groupId: `test-${topic}`, maxWaitTimeInMs: 200 })
      const got: (KafkaMessage & { readonly partition: number })[] = []
      const { promise, resolve } = Promise.withResolvers<void>()
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      await consumer.run({
        eachMessage: async ({ message, partition }) => {
          if (got.push({ ...message, partition }) >= count) resolve()
        },
      })
      await promise
      await consumer.disconnect()
      return got
    }

    test('gets what is exported, a session in order in one partition, known by its id', async () => {
      const topic = await created('siem')
      const sink = kafkaSink({ brokers, topic })
      const batch = Array.from({ length: 300 }, (_, number) => parcel(number))
      for (const from of [0, 100, 200])
        assert.deepEqual(await sink.deliver(batch.slice(from, from + 100), never), { kind: 'delivered' })
      await sink.close()
      const got = await read(topic, batch.length)
      assert.equal(got.length, batch.length)
      for (const session of ['ses_0', 'ses_1', 'ses_2', 'ses_3', 'ses_4']) {
        const of = got.filter(({ key }) => key?.toString() === session)
        assert.equal(new Set(of.map(({ partition }) => partition)).size, 1)
        assert.deepEqual(
          of.map(({ headers }) => String(headers?.['sluice_id'])),
          batch.filter(({ stream }) => stream === session).map(({ id }) => id),
        )
      }
      assert.equal(got[0]?.value?.toString(), '{"a":1}')
    })

    test('that takes no message of this length refuses it, and takes the others', async () => {
      const topic = await created('small', 20_000)
      const sink = kafkaSink({ brokers, topic })
      const long = parcel(1, JSON.stringify('x'.repeat(50_000)))
      assert.deepEqual(await sink.deliver([long], never), { kind: 'refused', reason: 'MESSAGE_TOO_LARGE' })
      assert.deepEqual(await sink.deliver([parcel(2)], never), { kind: 'delivered' })
      await sink.close()
    })

    test('that does not exist is a failure, until somebody makes it', async () => {
      const sink = kafkaSink({ brokers, topic: 'later' })
      const delivery = await sink.deliver([parcel(1)], never)
      assert.equal(delivery.kind, 'failed')
      await created('later')
      assert.deepEqual(await sink.deliver([parcel(1)], never), { kind: 'delivered' })
      await sink.close()
    })
  })
}

suite('a log on Kafka', { skip: 'missing' in started ? started.missing : false }, () => {
  test('is exported whole, each event once, over restarts and while it grows', async () => {
    assert.ok('brokers' in started)
    const folder = await mkdtemp(join(tmpdir(), 'sluice-exports-'))
    const log = await openKafka(kafkaLogOptions(started.brokers))
    const written: string[] = []
    const converse = async (name: string): Promise<void> => {
      const events = conversation(`ses_${name}`)
      written.push(...events.map(({ id }) => id))
      for (const event of events)
        await log.append({ stream: `ses_${name}`, events: [event] }, { withinMs: 10_000, urgency: 'soon' })
    }
    const got: { readonly id: string; readonly target: string | null }[] = []
    const sink: Sink = {
      async deliver(batch) {
        got.push(...batch.map(({ text }) => JSON.parse(text) as (typeof got)[number]))
        return delivered
      },
      close: async () => {},
    }
    const mapper: Mapper = {
      format: 'json',
      map: ({ event, session }) =>
        event.stream.startsWith('ses_')
          ? { id: event.id, timeMs: event.time, body: { id: event.id, target: session?.target ?? null } }
          : null,
    }
    try {
      for (let round = 0; round < 3; round++) {
        await Promise.all(Array.from({ length: 10 }, (_, number) => converse(`${round}_${number}`)))
        const exporters = await openExporters({
          destinations: [{ name: 'siem', mapper, sink, sinceMs: 0 }],
          folder,
          store: log,
          clock: systemClock,
          ids: systemIds(systemClock),
          report: (what, error) => assert.fail(`${what}: ${String(error)}`),
        })
        exporters.start()
        await converse(`late_${round}`)
        const isDone = (): boolean => got.length >= written.length && exporters.status()[0]?.lag.events === 0
        for (let tries = 0; tries < 1_000 && !isDone(); tries++) await sleep(20)
        assert.deepEqual(exporters.status()[0]?.lag, { events: 0, seconds: 0 })
        await exporters.close()
      }
      assert.deepEqual(got.map(({ id }) => id).toSorted(), written.toSorted())
      assert.ok(
        got.every(({ target }) => target === 'shop'),
        'each is joined with its session',
      )
    } finally {
      await log.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
})

function conversation(session: string): readonly NewEvent[] {
  const subject = { id: 'demo#alice', type: 'human', issuer: 'demo', groups: [], on_behalf_of: null }
  const of = { gateway: 'gw', target: 'shop', protocol: 'postgres', subject, claims: '{}', labels: '{}' }
  const token = { token_id: 't', token_expires_ms: 0, client_ip: '127.0.0.1', application: null }
  const counts = { requests: 0, denied: 0, rows: 0, bytes: 0 }
  const at = { time: Date.now() }
  return [
    { id: `evt_${session}_0`, ...at, type: 'SessionOpened', data: { session, ...of, ...token } },
    { id: `evt_${session}_1`, ...at, type: 'SessionClosed', data: { session, reason: 'done', ...counts } },
  ]
}

test('brokers that are not there are a failure in time', async () => {
  const sink = kafkaSink({ brokers: ['127.0.0.1:1'], topic: 'siem' })
  const delivery = await sink.deliver([parcel(1)], never)
  assert.equal(delivery.kind, 'failed')
  await sink.close()
})
