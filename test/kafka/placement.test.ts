import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import kafkajs from 'kafkajs'
import { systemClock, systemIds, type NewEvent, type RecordedEvent } from '@sluice/core'
import { openKafka, verifyKafka, type Log } from '@sluice/journal'
import { keyedPartition } from '../../engine/journal/src/kafka/partition.ts'
import { decodeRecord, encodeRecord } from '../../engine/journal/src/kafka/wire.ts'
import { broker } from './broker.ts'
import { kafkaLogOptions, records } from './log-under-test.ts'

const ids = systemIds(systemClock)
const now = { withinMs: 10_000, urgency: 'now' } as const
const kafka = await broker()

function event(session: string, reason: string): NewEvent {
  const data = { session, exchange: ids.next('exc'), reason }
  return { id: ids.next('evt'), time: systemClock.now(), type: 'ExchangeAbandoned', data }
}

async function collected(events: AsyncIterable<RecordedEvent>): Promise<readonly RecordedEvent[]> {
  const found: RecordedEvent[] = []
  for await (const each of events) if (each.type === 'ExchangeAbandoned') found.push(each)
  return found
}

const reasonOf = ({ data }: RecordedEvent) => (data as { readonly reason: string }).reason
const sessions = Array.from({ length: 20 }, (_, at) => `ses_${at}`)

suite('where a gateway writes', { skip: 'missing' in kafka ? kafka.missing : false }, () => {
  const brokers = 'missing' in kafka ? [] : kafka.brokers
  const client = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING })

  /** Three units of each session, all sessions at once, so that many share a record. */
  async function filled(log: Log) {
    const positions = await Promise.all(
      sessions.flatMap((stream) =>
        [0, 1, 2].map((at) =>
          log.append({ stream, events: [event(stream, `${at}`), event(stream, `${at}+`)] }, now),
        ),
      ),
    )
    return positions
  }

  test('all sessions of an incarnation are in one partition, by its key, in few records', async () => {
    const options = kafkaLogOptions(brokers)
    const log = await openKafka(options)
    await filled(log)
    await log.close()
    const audit = (await records(client, options.prefix ?? '')).filter(({ topic }) =>
      topic.includes('.audit.'),
    )
    assert.ok(audit.length <= 3, `${audit.length} records`)
    const key = `${log.writer}/${log.epoch}`
    for (const record of audit)
      assert.deepEqual([record.key.toString(), record.partition], [key, keyedPartition(key, 12)])
  })

  test('each session is read in its order, from anywhere inside of a record too', async () => {
    const log = await openKafka(kafkaLogOptions(brokers))
    const positions = await filled(log)
    const whole = ['0', '0+', '1', '1+', '2', '2+']
    for (const [at, stream] of sessions.entries()) {
      assert.deepEqual((await collected(log.read(undefined, stream))).map(reasonOf), whole)
      const rest = await collected(log.read(positions[3 * at + 1], stream))
      assert.deepEqual(rest.map(reasonOf), ['2', '2+'])
    }
    const all = await collected(log.read())
    for (const [at, { position }] of [...all.entries()].filter(([at]) => at % 17 === 0))
      assert.deepEqual(
        (await collected(log.read(position))).map(({ id }) => id),
        all.slice(at + 1).map(({ id }) => id),
      )
    await log.close()
  })

  test('what stands in one record is told with what another gateway wrote meanwhile, by time', async () => {
    const options = kafkaLogOptions(brokers)
    const [a, b] = [await openKafka(options), await openKafka({ ...options, writer: 'gw_2' })]
    const at = systemClock.now()
    const timed = (stream: string, times: readonly number[]) =>
      times.map((ms) => ({ ...event(stream, `${ms}`), time: at + ms }))
    const append = (log: Log, stream: string, times: readonly number[]) =>
      Promise.all(timed(stream, times).map((each) => log.append({ stream, events: [each] }, now)))
    // The first of them goes alone: what comes while it is written is one record.
    await Promise.all([append(a, 'ses_a', [1, 3, 5, 7]), append(b, 'ses_b', [2, 4, 6, 8])])
    const read = await collected(a.read())
    assert.deepEqual(read.map(reasonOf), ['1', '2', '3', '4', '5', '6', '7', '8'])
    await a.close()
    await b.close()
  })

  test('a log whose sessions were placed by their own keys is read as before, and goes on', async () => {
    const options = kafkaLogOptions(brokers)
    const prefix = options.prefix ?? ''
    const log = await openKafka(options)
    await filled(log)
    await log.close()
    const old = { ...options, prefix: `${randomBytes(6).toString('hex')}.` }
    await (await openKafka(old)).close()
    const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
    await producer.connect()
    for (const { topic, value } of await records(client, prefix))
      if (topic.includes('.audit.'))
        for (const { envelope, bytes } of decodeRecord(value))
          await producer.send({
            topic: topic.replace(prefix, old.prefix),
            messages: [{ key: envelope.stream, value: encodeRecord([{ bytes, signed: false }]) }],
          })
    await producer.disconnect()
    const again = await openKafka(old)
    await again.append({ stream: 'ses_new', events: [event('ses_new', 'later')] }, now)
    const whole = ['0', '0+', '1', '1+', '2', '2+']
    for (const stream of sessions)
      assert.deepEqual((await collected(again.read(undefined, stream))).map(reasonOf), whole)
    assert.deepEqual((await collected(again.read(undefined, 'ses_new'))).map(reasonOf), ['later'])
    await again.close()
    const { findings } = await verifyKafka({
      connection: { brokers },
      prefix: old.prefix,
      clock: systemClock,
    })
    assert.ok(
      findings.every(({ what }) => what.includes('never joined this log')),
      JSON.stringify(findings),
    )
  })
})
