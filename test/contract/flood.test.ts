import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits, type EventData, type EventType, type RecordedEvent } from '@sluice/core'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { starterPolicies } from '../acceptance/stage.ts'
import { message, startBackend, WireClient, type Backend } from '../src/index.ts'
import { nobodyWaits, startGateway, type Gateway } from '../src/gateway.ts'

/** Somebody who is denied everything, as fast as they can, fills no log, and hides nothing that was performed. */

const rounds = 10
const deniedAtOnce = 300
const flooded = message.query(`drop table t /* ${'x'.repeat(200)} */`)
/** An insert that is allowed, between others. */
const midst = ['drop table t', 'insert into t values (1)', 'drop table t'].map((sql) => message.query(sql))
const midstDenied = 2

suite('a flood of denied statements', () => {
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway
  let events: readonly RecordedEvent[]
  let seconds = 0
  let deniedByCaller = 0

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', 'create table t (a int)')
    gateway = await startGateway({
      provider,
      policies: starterPolicies,
      policyData: nobodyWaits,
      targets: [{ name: 'shop', login: backend.login('postgres') }],
    })
    await flood()
  })
  after(async () => {
    await gateway?.close()
    await backend?.close()
    await provider?.close()
  })

  async function flood(): Promise<void> {
    const clients = [await connected(), await connected()]
    const started = performance.now()
    for (let round = 0; round < rounds; round++)
      for (const client of clients) {
        client.send(...Array.from({ length: deniedAtOnce }, () => flooded), ...midst)
        const { errors, tags } = await client.ready(deniedAtOnce + midst.length)
        deniedByCaller += errors.filter(({ code }) => code === '42501').length
        assert.deepEqual(tags, ['INSERT 0 1'])
      }
    for (const client of clients) client.close()
    events = await closed(clients.length)
    seconds = (performance.now() - started) / 1_000
  }

  async function connected(): Promise<WireClient> {
    return WireClient.login(await gateway.login('alice', 'shop'))
  }

  /** Everything in the log once so many sessions have ended. */
  async function closed(sessions: number): Promise<readonly RecordedEvent[]> {
    for (let tries = 0; tries < 500; tries++) {
      const all = await gateway.events()
      if (all.filter(({ type }) => type === 'SessionClosed').length === sessions) return all
      await sleep(20)
    }
    return assert.fail('the sessions do not end')
  }

  function of<T extends EventType>(type: T): readonly EventData[T][] {
    return events.flatMap((event) => (event.type === type ? [event.data as EventData[T]] : []))
  }

  const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
  const recordedDenials = (): number => of('DecisionMade').filter(({ effect }) => effect === 'deny').length
  /** What the budget lets be recorded in the meantime. */
  const mayBeRecorded = (): number => limits.denialsBurst + limits.denialsPerSecond * (seconds + 1)

  test('is refused to the last one', () => {
    assert.equal(deniedByCaller, 2 * rounds * (deniedAtOnce + midstDenied))
  })

  test('fills no log', () => {
    assert.ok(recordedDenials() >= limits.denialsBurst)
    assert.ok(recordedDenials() <= mayBeRecorded(), `${recordedDenials()} recorded in ${seconds} s`)
    const summaries = of('DenialsCounted').length
    const told = (seconds * 1_000) / limits.countedMs
    assert.ok(summaries > 0 && summaries <= 2 * (told + 2), `${summaries} summaries`)
    const bytes = sum(events.map(sizeOf))
    const eachBytes = 2 * sizeOf(events.find(({ type }) => type === 'DecisionMade') ?? assert.fail())
    assert.ok(bytes < eachBytes * (mayBeRecorded() + 10 * of('ResponseCompleted').length), `${bytes} bytes`)
  })

  test('adds up', () => {
    const counted = of('DenialsCounted')
    assert.equal(recordedDenials() + sum(counted.map(({ denied }) => denied)), deniedByCaller)
    for (const { rules, denied } of counted) assert.equal(sum(rules.map((each) => each.denied)), denied)
    for (const { session, requests, denied } of of('SessionClosed')) {
      const ofSession = counted.filter((each) => each.session === session)
      const received = of('RequestReceived').filter((each) => each.session === session).length
      assert.equal(received + sum(ofSession.map((each) => each.requests)), requests)
      assert.equal(denied * 2, deniedByCaller)
    }
  })

  test('is told before its session ends', () => {
    for (const { session } of of('SessionClosed')) {
      const stream = events.filter((event) => event.stream === session)
      assert.equal(stream.at(-1)?.type, 'SessionClosed')
      const summed = stream.filter(({ type }) => type === 'DenialsCounted')
      assert.ok(summed.length > 0)
    }
  })

  test('hides nothing that was performed in its midst', async () => {
    const allowed = new Set(
      of('DecisionMade')
        .filter(({ effect }) => effect === 'allow')
        .map(({ exchange }) => exchange),
    )
    const inserts = of('RequestReceived')
      .filter(({ actions, exchange }) => actions.includes('"sql.insert"') && allowed.has(exchange))
      .map(({ exchange }) => exchange)
    const completed = new Set(
      of('ResponseCompleted')
        .filter(({ outcome }) => outcome === 'completed')
        .map(({ exchange }) => exchange),
    )
    assert.equal(inserts.length, 2 * rounds)
    assert.ok(inserts.every((exchange) => completed.has(exchange)))
    const [[performed] = []] = (await backend.run('postgres', 'select count(*) from t')).rows
    assert.equal(Number(performed), inserts.length)
  })

  test('is no trouble that the operator is told of', () => {
    assert.deepEqual(gateway.reports, [])
  })
})

/** About what an event takes in the log. */
function sizeOf({ data, sealed }: RecordedEvent): number {
  return JSON.stringify(data).length + (sealed?.length ?? 0)
}
