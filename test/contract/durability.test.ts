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
    await backend.run('postgres', 'create table t (a int); create table v (a int); create sequence s')
    await backend.run('postgres', "create type mood as enum ('well'); create table moods (m mood)")
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
    ['a read of a column of a type that others made', message.query('select m from moods')],
    ['a read that casts to such a type', message.query("select 'well'::mood")],
    ['EXECUTE of a read', message.query("execute known (nextval('s'))")],
    [
      'a read through a portal with a name',
      Buffer.concat([
        message.bind({ portal: 'p', statement: 'plain' }),
        message.execute('p', 1),
        message.sync,
      ]),
    ],
  ]
  for (const [what, bytes] of effects)
    test(`${what} waits there too`, async () => {
      const client = await connected('early')
      await client.ask(
        message.parse('known', 'select a from t where a = $1'),
        message.parse('plain', 'select a from t'),
        message.sync,
      )
      throttle.delayMs = 600
      const heard = relay.mark()
      const answering = client.ask(bytes)
      await sleep(400)
      assert.equal(arrived(heard), 0)
      assert.deepEqual((await answering).errors, [])
      throttle.delayMs = 0
      client.close()
    })

  const behind: readonly (readonly [what: string, before: readonly Buffer[], read: Buffer])[] = [
    [
      'a transaction that has written',
      [message.query('begin'), message.query('insert into t values (4)')],
      message.query('select count(*) from t'),
    ],
    [
      'a transaction in which a table has become a view',
      [message.query('begin'), message.query("drop table v; create view v as select nextval('s') as a")],
      message.query('select a from v'),
    ],
    [
      'the first rows of a portal',
      [
        message.query('begin'),
        Buffer.concat([
          message.parse('', 'select generate_series(1, 3)'),
          message.bind(),
          message.execute('', 1),
          message.sync,
        ]),
      ],
      Buffer.concat([message.execute('', 1), message.sync]),
    ],
  ]
  for (const [what, before, read] of behind)
    test(`a read behind ${what} waits there too, and its refusal is one of the transaction`, async () => {
      const client = await connected('early')
      for (const bytes of before) assert.deepEqual((await client.ask(bytes)).errors, [])
      await sleep(100)
      throttle.stopped = true
      const heard = relay.mark()
      const refused = await client.ask(read)
      throttle.stopped = false
      assert.match(refused.errors[0]?.message ?? '', /it was not executed/)
      assert.equal(refused.status, 'E')
      for (const up of heard.up()) assert.equal(up.includes('select'), false)
      client.close()
    })

  test('a read behind a definition that is under way waits there too', async () => {
    await backend.run('postgres', 'create table w (a int)')
    const client = await connected('early')
    await client.query('select a from w')
    const other = await WireClient.login(backend.login('postgres'))
    await other.query('begin; select a from w')
    client.send(message.query("drop table w; create view w as select nextval('s') as a"))
    await sleep(200)
    throttle.delayMs = 1_000
    const heard = relay.mark()
    const answering = client.ready(2)
    client.send(message.query('select a from w'))
    await sleep(500)
    const early = heard.up().some((up) => up.includes('select a from w'))
    throttle.delayMs = 0
    other.close()
    assert.deepEqual((await answering).errors, [])
    assert.equal(early, false)
    client.close()
  })

  test('a read that ends with a Sync what was written before it undoes that when it is refused', async () => {
    const client = await connected('early')
    const count = async (): Promise<unknown> =>
      (await backend.run('postgres', 'select count(*) from t')).rows[0]?.[0]
    const counted = await count()
    await client.ask(
      message.parse('write', 'insert into t values (5)'),
      message.parse('read', 'select count(*) from t'),
      message.sync,
    )
    client.send(message.bind({ statement: 'write' }), message.execute(), message.flush)
    await sleep(200)
    throttle.stopped = true
    const refused = await client.ask(message.bind({ statement: 'read' }), message.execute(), message.sync)
    throttle.stopped = false
    assert.match(refused.errors[0]?.message ?? '', /it was not executed/)
    assert.equal(await count(), counted)
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
