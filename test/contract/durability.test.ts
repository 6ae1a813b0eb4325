import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { StoreError, type EventStore } from '@sluice/core'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import {
  intercepted,
  message,
  messagesOf,
  startBackend,
  startRelay,
  startupOf,
  WireClient,
  type Backend,
  type Passed,
  type Relay,
} from '../src/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'

/** No record, no access: what the log's acknowledgement gates, seen from the target's side of a real gateway. */

const allowAll = fileURLToPath(new URL('policies/all', import.meta.url))

/** A log between the engine and the disk that a test can slow down and stop. */
class Throttle {
  delayMs = 0
  stopped = false

  wrap(store: EventStore): EventStore {
    return intercepted(store, async (unit, options) => {
      if (this.stopped) throw new StoreError('unavailable', 'the log is down')
      const position = await store.append(unit, options)
      if (this.delayMs > 0 && options.urgency === 'now') await sleep(this.delayMs)
      return position
    })
  }
}

suite('no record, no access', () => {
  const throttle = new Throttle()
  let provider: IdentityProvider
  let backend: Backend
  let relay: Relay
  let gateway: Gateway

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', 'create table t (a int)')
    const login = backend.login('postgres')
    relay = await startRelay(login)
    gateway = await startGateway({
      provider,
      policies: allowAll,
      targets: [
        { name: 'shop', login: { ...login, host: relay.host, port: relay.port } },
        {
          name: 'early',
          login: { ...login, host: relay.host, port: relay.port },
          settings: { overlap_reads: true },
        },
      ],
      store: (store) => throttle.wrap(store),
    })
  })
  after(async () => {
    await gateway?.close()
    await relay?.close()
    await backend?.close()
    await provider?.close()
  })

  async function connected(target: string = 'shop'): Promise<WireClient> {
    return WireClient.login(await gateway.login('alice', target))
  }

  /** What reached the target, but for the catalogue's own connections. */
  function arrived(passed: Passed): number {
    return passed.up().reduce((sum, up, index) => {
      const connection = relay.connections[index]
      const own =
        connection !== undefined && startupOf(connection)?.get('application_name') === 'sluice catalogue'
      return own ? sum : sum + up.length
    }, 0)
  }

  const requests: readonly (readonly [string, Buffer])[] = [
    ['a query', message.query('insert into t values (1)')],
    [
      'a pipeline',
      Buffer.concat([
        message.parse('', 'insert into t values (2)'),
        message.bind(),
        message.execute(),
        message.sync,
      ]),
    ],
  ]
  for (const [what, bytes] of requests)
    test(`${what} waits for a late acknowledgement before its first byte goes upstream`, async () => {
      const client = await connected()
      await client.query('select 1')
      throttle.delayMs = 1_000
      const heard = relay.mark()
      const started = performance.now()
      const answering = client.ask(bytes)
      await sleep(800)
      assert.equal(arrived(heard), 0)
      const answer = await answering
      throttle.delayMs = 0
      assert.ok(performance.now() - started >= 1_000)
      assert.deepEqual(answer.tags, ['INSERT 0 1'])
      assert.ok(arrived(heard) > 0)
      client.close()
    })

  const pipelineOfReads = Buffer.concat([
    message.parse('', 'select count(*) from t'),
    message.bind(),
    message.execute(),
    message.sync,
  ])
  const reads: readonly (readonly [string, Buffer])[] = [
    ['a query', message.query('select count(*) from t; select 1')],
    ['a pipeline', pipelineOfReads],
  ]
  for (const [what, bytes] of reads)
    test(`${what} that leaves nothing behind travels meanwhile where the target says so, and its answer waits`, async () => {
      const client = await connected('early')
      await client.query('select 1')
      throttle.delayMs = 1_000
      const heard = relay.mark()
      const answering = client.ask(bytes)
      const early = await Promise.race([answering, sleep(800)])
      assert.equal(early, undefined)
      assert.ok(arrived(heard) > 0)
      const answer = await answering
      throttle.delayMs = 0
      assert.deepEqual([answer.errors, answer.tags[0]], [[], 'SELECT 1'])
      client.close()
    })

  const effects: readonly (readonly [string, Buffer])[] = [
    ...requests,
    ['a read beside a write', message.query('select 1; insert into t values (3)')],
    ['a read that locks', message.query('select a from t for update')],
    ['a read that moves the session', message.query("select set_config('application_name', 'x', false)")],
    [
      'a read that is prepared under a name',
      Buffer.concat([
        message.parse('named', 'select 1'),
        message.bind({ statement: 'named' }),
        message.execute(),
        message.sync,
      ]),
    ],
  ]
  for (const [what, bytes] of effects)
    test(`${what} waits there too`, async () => {
      const client = await connected('early')
      await client.query('select 1')
      throttle.delayMs = 600
      const heard = relay.mark()
      const answering = client.ask(bytes)
      await sleep(400)
      assert.equal(arrived(heard), 0)
      assert.deepEqual((await answering).errors, [])
      throttle.delayMs = 0
      client.close()
    })

  test('a read that travelled shows nothing when its decision then does not arrive, and the session goes on', async () => {
    const client = await connected('early')
    await client.query('select 1')
    await sleep(100)
    throttle.stopped = true
    const refused = await client.query('select 1')
    throttle.stopped = false
    assert.deepEqual(
      refused.errors.map(({ code }) => code),
      ['57P03'],
    )
    assert.match(refused.errors[0]?.message ?? '', /its answer is withheld/)
    assert.deepEqual([refused.rows, refused.closed], [[], false])
    assert.deepEqual((await client.query('select 1')).rows, [['1']])
    client.close()
  })

  test('a batch of reads that travelled shows nothing then, and the connection ends with the reason', async () => {
    const client = await connected('early')
    await client.query('select 1')
    await sleep(100)
    throttle.stopped = true
    const refused = await client.ask(pipelineOfReads)
    throttle.stopped = false
    assert.deepEqual(
      refused.errors.map(({ severity, code }) => [severity, code]),
      [['FATAL', '57P03']],
    )
    assert.deepEqual([refused.rows, refused.closed], [[], true])
  })

  test('with the log stopped every statement is refused, the session stays and is served again', async () => {
    const client = await connected()
    const count = async (): Promise<unknown> => (await client.query('select count(*) from t')).rows[0]?.[0]
    const counted = await count()
    // The record of an answer that was shown may still be on its way.
    await sleep(100)
    throttle.stopped = true
    const heard = relay.mark()
    for (const [, bytes] of requests) {
      const refused = await client.ask(bytes)
      assert.deepEqual(
        refused.errors.map(({ code }) => code),
        ['57P03'],
      )
      assert.equal(refused.closed, false)
    }
    for (const up of heard.up()) assert.equal(up.includes('insert into'), false)
    throttle.stopped = false
    assert.equal(await count(), counted)
    client.close()
  })

  test('a login that cannot be recorded is refused before the target is dialled', async () => {
    throttle.stopped = true
    const dialled = relay.connections.length
    await assert.rejects(connected(), /57P03|record/)
    assert.equal(relay.connections.length, dialled)
    throttle.stopped = false
    ;(await connected()).close()
  })

  test('the caller never reaches the target as somebody else', () => {
    const startups = relay.connections.map(startupOf).filter((startup) => startup !== undefined)
    const users = new Set(startups.map((startup) => startup.get('user')))
    assert.deepEqual([...users], [backend.login('postgres').user])
    assert.ok(relay.connections.some((each) => messagesOf(each).length > 0))
  })
})
