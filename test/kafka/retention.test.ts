import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import kafkajs from 'kafkajs'
import { openLegalHolds, systemClock, systemIds, type NewEvent } from '@sluice/core'
import { memoryKeys, openKafka, UnsafeLogError, verifyKafka } from '@sluice/journal'
import { broker } from './broker.ts'
import { kafkaLogOptions } from './log-under-test.ts'

const ids = systemIds(systemClock)
const now = { withinMs: 5_000, urgency: 'now' } as const
const kafka = await broker()
const day = 86_400_000

suite('retention of topics', { skip: 'missing' in kafka ? kafka.missing : false }, () => {
  const brokers = 'missing' in kafka ? [] : kafka.brokers
  const client = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING })

  async function administered<T>(what: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
    const admin = client.admin()
    await admin.connect()
    try {
      return await what(admin)
    } finally {
      await admin.disconnect()
    }
  }

  const settings = (prefix: string, topic: string): Promise<Readonly<Record<string, string>>> =>
    administered(async (admin) => {
      const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: `${prefix}sluice.${topic}.v1` }
      const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] })
      return Object.fromEntries(
        (resources[0]?.configEntries ?? []).map(({ configName, configValue }) => [configName, configValue]),
      )
    })

  async function until(holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 20_000
    while (!(await holds())) assert.ok(performance.now() < deadline, 'it does not come about')
  }

  const options = () => ({
    ...kafkaLogOptions(brokers, memoryKeys()),
    checkpointMs: 50,
    retentionMs: { audit: 400 * day, bodies: 90 * day },
  })

  test('is what the configuration says, and nothing while something is held', async () => {
    const of = options()
    const { prefix = '' } = of
    const log = await openKafka(of)
    const found = await settings(prefix, 'audit')
    assert.equal(found['retention.ms'], String(400 * day))
    assert.equal(found['max.message.bytes'], '1048588')
    assert.equal((await settings(prefix, 'bodies'))['retention.ms'], String(90 * day))
    assert.equal((await settings(prefix, 'control'))['retention.ms'], '-1')
    const holds = await openLegalHolds({ store: log, clock: systemClock, ids, report: () => {} })
    const because = { by: 'i#c', reason: 'case 7' }
    const { id } = await holds.place({ kind: 'subject', subject: 'i#a' }, because)
    await until(async () => (await settings(prefix, 'audit'))['retention.ms'] === '-1')
    await holds.release(id, because)
    await until(async () => (await settings(prefix, 'audit'))['retention.ms'] === String(400 * day))
    await holds.close()
    await log.close()
    const shorter = { ...of, retentionMs: { audit: 300 * day, bodies: null } }
    await (await openKafka(shorter)).close()
    assert.equal((await settings(prefix, 'audit'))['retention.ms'], String(300 * day))
    await assert.rejects(
      openKafka({ ...of, retentionMs: { audit: null, bodies: null } }),
      (error) => error instanceof UnsafeLogError && /forgets events by retention\.ms/.test(error.message),
    )
  })

  test('that no gateway has set is refused', async () => {
    const of = options()
    await (await openKafka(of)).close()
    await administered((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name: `${of.prefix ?? ''}sluice.audit.v1`,
            configEntries: [
              { name: 'retention.ms', value: '3600000' },
              { name: 'retention.bytes', value: '-1' },
            ],
          },
        ],
      }),
    )
    await assert.rejects(openKafka(of), (error) => {
      assert.ok(error instanceof UnsafeLogError)
      assert.match(error.message, /forgets events by retention\.ms=3600000, which no gateway has set/)
      return true
    })
  })

  /** Events of one session, the first of which brokers remove. */
  async function shortened(retentionMs: number | null, ageMs = 2 * day): Promise<readonly string[]> {
    const of = { ...options(), retentionMs: { audit: retentionMs, bodies: null } }
    const { prefix = '' } = of
    const log = await openKafka(of)
    for (let at = 0; at < 9; at++) await log.append({ stream: 'ses_a', events: [abandoned(`${at}`)] }, now)
    await log.close()
    const topic = `${prefix}sluice.audit.v1`
    await administered(async (admin) => {
      const offsets = await admin.fetchTopicOffsets(topic)
      const partitions = offsets.flatMap(({ partition, high }) =>
        high === '0' ? [] : [{ partition, offset: '3' }],
      )
      await admin.deleteTopicRecords({ topic, partitions })
    })
    const later = { ...systemClock, now: () => systemClock.now() + ageMs }
    const { findings } = await verifyKafka({ connection: { brokers }, prefix, clock: later })
    return findings.map(({ what }) => what)
  }

  function abandoned(reason: string): NewEvent {
    const data = { session: 'ses_a', exchange: ids.next('exc'), reason }
    return { id: ids.next('evt'), time: systemClock.now(), type: 'ExchangeAbandoned', data }
  }

  test('is no finding where a gateway signed it, and one where none did', async () => {
    assert.deepEqual(await shortened(day), [])
    assert.match((await shortened(null)).join(), /missing before this one/)
  })

  test('is a finding where what is gone was too young', async () => {
    assert.match(
      (await shortened(day, 0)).join(),
      /gw_1 in its incarnation \d+ wrote \d+ events here that are too young to be removed, these are 6/,
    )
  })
})
