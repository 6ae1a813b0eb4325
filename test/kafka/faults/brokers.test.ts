import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import { systemClock, systemIds, type NewEvent } from '@sluice/core'
import { openKafka, verifyKafka, type KafkaOptions } from '@sluice/journal'
import { homeOf, partitions } from '../../../engine/journal/src/kafka/partition.ts'
import { broker } from '../broker.ts'
import { eventually, openFleet, type Fleet, type Member } from '../fleet.ts'
import { kafkaLogOptions } from '../log-under-test.ts'

/** Brokers that die under load. `SLUICE_FAULT_SECONDS`: for how long it goes on after each fault. */
const seconds = Number(process.env['SLUICE_FAULT_SECONDS'] ?? 1)
const writers = 20
const ids = systemIds(systemClock)
const kafka = await broker(3)
const skip = 'missing' in kafka ? kafka.missing : false

function event(reason: string): NewEvent {
  const data = { session: 'ses', exchange: ids.next('exc'), reason }
  return { id: ids.next('evt'), time: systemClock.now(), type: 'ExchangeAbandoned', data }
}

suite('brokers that die', { skip }, () => {
  const brokers = 'missing' in kafka ? [] : kafka.brokers
  const safe = { replication: 3, allowUnsafe: [] } as const

  test(
    'a killed leader loses nothing, doubles nothing, and keeps the order',
    { timeout: 180_000 },
    async (t) => {
      if ('missing' in kafka) return
      const reports: string[] = []
      const options: KafkaOptions = {
        ...kafkaLogOptions(brokers),
        ...safe,
        report: (what, error) => reports.push(`${what}: ${String(error)}`),
      }
      await using parts = new AsyncDisposableStack()
      const log = await openKafka(options)
      parts.defer(() => log.close())
      const acked = new Map<string, string[]>()
      let refused = 0
      let lastAck = performance.now()
      let longest = 0
      let done = false
      parts.defer(() => void (done = true))
      const load = Array.from({ length: writers }, async (_, writer) => {
        const stream = `ses_${writer}`
        const mine: string[] = []
        acked.set(stream, mine)
        while (!done) {
          const one = event(`${writer}`)
          try {
            await log.append({ stream, events: [one] }, { withinMs: 30_000, urgency: 'now' })
            mine.push(one.id)
            longest = Math.max(longest, performance.now() - lastAck)
            lastAck = performance.now()
          } catch {
            refused += 1
            await sleep(20)
          }
        }
      })
      await sleep(1_000)
      const home = partitions[homeOf(log)]?.partition ?? assert.fail()
      const leader = await leaderOf(brokers, `${options.prefix ?? ''}sluice.audit.v1`, home)
      await kafka.cluster.stopNode(leader, 'kill')
      await sleep(seconds * 1_000 + 4_000)
      await kafka.cluster.startNode(leader)
      await sleep(seconds * 1_000)
      done = true
      await Promise.all(load)
      const seen = new Map<string, string[]>()
      for await (const { stream, id, type } of log.read())
        if (type === 'ExchangeAbandoned') seen.set(stream, [...(seen.get(stream) ?? []), id])
      for (const [stream, mine] of acked) {
        const found = seen.get(stream) ?? []
        assert.equal(new Set(found).size, found.length, `${stream}: something is there twice`)
        const wanted = new Set(mine)
        assert.deepEqual(
          found.filter((id) => wanted.has(id)),
          mine,
          `${stream}: something is missing or in another order`,
        )
      }
      const count = [...acked.values()].reduce((sum, { length }) => sum + length, 0)
      t.diagnostic(
        `${count} acknowledged, ${refused} refused, longest without an ack ${Math.round(longest)} ms, node ${leader} killed`,
      )
      assert.ok(count > 100)
      assert.ok(longest < 30_000, `${longest} ms without an acknowledgement`)
      await log.close()
      const { findings } = await verifyKafka({
        connection: { brokers },
        prefix: options.prefix ?? '',
        clock: systemClock,
      })
      assert.deepEqual(findings, [])
    },
  )

  suite('under a gateway', () => {
    let fleet: Fleet
    let gateway: Member
    before(async () => {
      fleet = await openFleet(brokers, { replication: 3 })
      await fleet.rows('create table if not exists effects (id int primary key)')
      gateway = await fleet.start('gw-a')
    })
    after(() => fleet?.[Symbol.asyncDispose]())

    test(
      'two of three: every effect is refused in time, and served again after',
      { timeout: 180_000 },
      async (t) => {
        if ('missing' in kafka) return
        const client = await gateway.connect('langchain-reporting')
        let next = 0
        const insert = async () => {
          const started = performance.now()
          const { errors } = await client.query(`insert into effects values (${++next})`)
          return { id: next, error: errors[0], ms: performance.now() - started }
        }
        await eventually('it serves', 30_000, async () =>
          (await insert()).error === undefined ? true : undefined,
        )
        await Promise.all([2, 3].map((id) => kafka.cluster.stopNode(id, 'kill')))
        const during = []
        const until = performance.now() + seconds * 1_000 + 6_000
        while (performance.now() < until) {
          during.push(await insert())
          await sleep(200)
        }
        const refused = during.filter(({ error }) => error !== undefined)
        assert.ok(refused.length > 0)
        for (const { error, ms } of refused) {
          assert.equal(error?.code, '57P03', error?.message)
          assert.ok(ms < 6_000, `refused after ${ms} ms`)
        }
        assert.equal(client.closed, false)
        await Promise.all([2, 3].map((id) => kafka.cluster.startNode(id)))
        const served = await eventually('it serves again', 60_000, async () => {
          const one = await insert()
          return one.error === undefined ? one : undefined
        })
        t.diagnostic(
          `${refused.length} of ${during.length} refused, slowest after ${Math.round(Math.max(...refused.map(({ ms }) => ms)))} ms; served again with ${served.id}`,
        )
        client.close()
        const allowed = await allowedStatements(gateway)
        const rows = await fleet.rows('select id from effects order by id')
        assert.ok(rows.length > 1)
        assert.ok(rows.length <= allowed, `${rows.length} effects, ${allowed} allowing decisions in the log`)
        const refusedIds = new Set(refused.map(({ id }) => String(id)))
        assert.ok(!rows.some(([id]) => refusedIds.has(id ?? '')), 'what was refused was not performed')
      },
    )
  })
})

/** Allowing decisions that are durable, of changes. */
async function allowedStatements(member: Member): Promise<number> {
  return eventually('the log is read', 30_000, async () => {
    const events = await member.events().catch(() => undefined)
    return events?.filter(({ type, data }) => type === 'DecisionMade' && data['effect'] === 'allow').length
  })
}

async function leaderOf(brokers: readonly string[], topic: string, partition: number): Promise<number> {
  const client = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  await admin.disconnect()
  const found = topics[0]?.partitions.find(({ partitionId }) => partitionId === partition)
  return found?.leader ?? assert.fail(`${topic}/${partition} has no leader`)
}
