import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import kafkajs from 'kafkajs'
import { openKafka, UnsafeLogError, type UnsafeLog } from '@sluice/journal'
import { topics } from '@sluice/kafka'
import { limits } from '@sluice/core'
import { broker } from './broker.ts'
import { kafkaLogOptions } from './log-under-test.ts'

const kafka = await broker()

test('a policy bundle of any size that is taken fits into a record, with who activated it', () => {
  const room = Number(topics.control.settings['max.message.bytes'])
  assert.ok(limits.policyBundleBytesMax + 1_048_576 < room)
})

/** What an operator may have set up in another way than the log needs it. */
suite('topics that are not safe', { skip: 'missing' in kafka ? kafka.missing : false }, () => {
  const brokers = 'missing' in kafka ? [] : kafka.brokers
  const admin = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING }).admin()

  async function changed(
    topic: string,
    settings: Readonly<Record<string, string>>,
    allowUnsafe: readonly UnsafeLog[] = ['single_broker'],
  ): Promise<string> {
    const options = kafkaLogOptions(brokers)
    await (await openKafka(options)).close()
    await admin.connect()
    await alter(`${options.prefix ?? ''}sluice.${topic}.v1`, settings)
    await admin.disconnect()
    try {
      await (await openKafka({ ...options, allowUnsafe })).close()
      return 'opened'
    } catch (error) {
      assert.ok(error instanceof UnsafeLogError, String(error))
      return error.message
    }
  }

  /** A broker says yes to it before it goes by it. */
  async function alter(name: string, settings: Readonly<Record<string, string>>): Promise<void> {
    const type = kafkajs.ConfigResourceTypes.TOPIC
    const configEntries = Object.entries(settings).map(([key, value]) => ({ name: key, value }))
    await admin.alterConfigs({ validateOnly: false, resources: [{ type, name, configEntries }] })
    for (let tries = 0; tries < 100; tries++) {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type, name, configNames: Object.keys(settings) }],
      })
      const told = resources[0]?.configEntries ?? []
      if (told.every(({ configName, configValue }) => settings[configName] === configValue)) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.fail(`${name} has not taken its settings`)
  }

  const forEver = { 'retention.ms': '-1', 'retention.bytes': '-1' }

  test('one broker is refused unless it is allowed by name', async () => {
    const options = kafkaLogOptions(brokers)
    await assert.rejects(openKafka({ ...options, allowUnsafe: [] }), (error) => {
      assert.ok(error instanceof UnsafeLogError)
      assert.match(
        error.message,
        /audit\.v1 has 1 replicas, three are safe .*allow_unsafe: \[single_broker\]/,
      )
      return true
    })
  })

  test('compaction of audit or control is refused whatever is allowed', async () => {
    const all: readonly UnsafeLog[] = ['single_broker', 'unclean_election', 'finite_retention']
    for (const topic of ['audit', 'control'])
      assert.match(
        await changed(topic, { 'cleanup.policy': 'compact', ...forEver }, all),
        /is compacted, which removes events/,
      )
  })

  test('finite retention of audit or control is refused unless it is allowed', async () => {
    for (const topic of ['audit', 'control']) {
      assert.match(
        await changed(topic, { 'retention.ms': '3600000' }),
        /forgets events by retention\.ms=3600000/,
      )
      assert.match(
        await changed(topic, { ...forEver, 'retention.bytes': '1000' }),
        /forgets events by retention\.bytes=1000/,
      )
    }
    const allowed = await changed('audit', { 'retention.ms': '3600000' }, [
      'single_broker',
      'finite_retention',
    ])
    assert.equal(allowed, 'opened')
  })

  test('unclean elections are refused unless they are allowed', async () => {
    const settings = { ...forEver, 'unclean.leader.election.enable': 'true' }
    assert.match(await changed('audit', settings), /loses what was acknowledged by unclean/)
    assert.equal(await changed('audit', settings, ['single_broker', 'unclean_election']), 'opened')
  })

  test('keys that are not compacted would stay when they are erased', async () => {
    assert.match(await changed('keys', { 'cleanup.policy': 'delete' }), /must be compacted/)
  })

  test('another number of partitions is refused', async () => {
    const options = kafkaLogOptions(brokers)
    await admin.connect()
    await admin.createTopics({
      topics: [{ topic: `${options.prefix ?? ''}sluice.audit.v1`, numPartitions: 3 }],
    })
    await admin.disconnect()
    await assert.rejects(openKafka(options), /has 3 partitions and must have 12/)
  })
})
