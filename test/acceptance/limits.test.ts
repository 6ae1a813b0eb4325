import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { RecordedEvent } from '@sluice/core'
import { startIdentityProvider } from '@sluice/demo'
import {
  message,
  startBackend,
  startGateway,
  WireClient,
  type Backend,
  type Gateway,
  type Transcript,
} from '../src/index.ts'

/** An answer that is larger or slower than it may be ends with an error, and the connection is where one leaves it. */

const { bind, copyData, copyDone, describe, execute, flush, parse, query, sync } = message
const policies = fileURLToPath(new URL('policies/limits', import.meta.url))

suite('limits of an answer', () => {
  let backend: Backend
  let gateway: Gateway
  const parts = new AsyncDisposableStack()

  before(async () => {
    const provider = await startIdentityProvider({ port: 0 })
    parts.defer(() => provider.close())
    backend = await startBackend()
    parts.defer(() => backend.close())
    await backend.run('postgres', 'create table t (a int); insert into t select generate_series(1, 20)')
    const login = backend.login('postgres')
    gateway = await startGateway({
      provider,
      policies,
      targets: [
        { name: 'rows', login, labels: { rows: '5' } },
        { name: 'bytes', login, labels: { bytes: '2000' } },
        { name: 'time', login, labels: { ms: '300' } },
        { name: 'open', login },
      ],
    })
    parts.defer(() => gateway.close())
  })
  after(() => parts.disposeAsync())

  async function connected(target: string): Promise<WireClient> {
    return WireClient.login(await gateway.login('langchain-reporting', target))
  }

  function cutFor(answer: Transcript, code: string, why: RegExp): void {
    assert.deepEqual(
      answer.errors.map((error) => error.code),
      [code],
    )
    assert.match(answer.errors[0]?.message ?? '', why)
    assert.match(answer.errors[0]?.message ?? '', /\(ref dec_\w{26}\)/)
    assert.deepEqual(answer.tags, [])
  }
  const tooMany = (answer: Transcript): void => cutFor(answer, '54000', /allows 5 rows in one answer/)

  /** What a client sees is what is said of the connection by the server itself. */
  async function goesOn(client: WireClient): Promise<void> {
    const answer = await client.query('select 7 as n')
    assert.deepEqual(answer.rows, [['7']])
    assert.equal(answer.status, 'I')
  }

  /** One statement of a pipeline. */
  const step = (sql: string): Buffer => Buffer.concat([parse('', sql), bind(), describe('P'), execute()])
  const twenty = 'select a from t'
  const counted = async (): Promise<string | null | undefined> =>
    (await backend.run('postgres', 'select count(*) from t')).rows[0]?.[0]

  test('as many rows as allowed pass', async () => {
    const client = await connected('rows')
    assert.equal((await client.query(`${twenty} limit 5`)).rows.length, 5)
    const copied = await client.query(`copy (${twenty} limit 5) to stdout`)
    assert.equal(copied.copied.toString().trim().split('\n').length, 5)
    client.close()
  })

  test('a simple query', async () => {
    const client = await connected('rows')
    const answer = await client.query(twenty)
    tooMany(answer)
    assert.ok(answer.rows.length <= 5)
    assert.equal(answer.status, 'I')
    await goesOn(client)
    client.close()
  })

  test('the second statement of a message: nothing of the third is seen', async () => {
    const client = await connected('rows')
    const answer = await client.query(`select 1; ${twenty}; select 'third'`)
    assert.deepEqual(
      answer.errors.map((error) => error.code),
      ['54000'],
    )
    assert.doesNotMatch(answer.text, /third/)
    await goesOn(client)
    client.close()
  })

  test('in a transaction, which then has failed', async () => {
    const client = await connected('rows')
    await client.query('begin')
    await client.query('insert into t values (100)')
    const answer = await client.query(twenty)
    tooMany(answer)
    assert.equal(answer.status, 'E')
    assert.equal((await client.query('select 1')).errors[0]?.code, '25P02')
    assert.deepEqual((await client.query('commit')).tags, ['ROLLBACK'])
    assert.equal(await counted(), '20')
    await goesOn(client)
    client.close()
  })

  test('in a savepoint, which can be gone back to', async () => {
    const client = await connected('rows')
    for (const sql of ['begin', 'insert into t values (100)', 'savepoint s']) await client.query(sql)
    tooMany(await client.ask(parse('', twenty), bind(), execute(), sync))
    await client.query('rollback to s')
    assert.deepEqual((await client.query('select count(*) from t')).rows, [['21']])
    await client.query('rollback')
    client.close()
  })

  test('the extended protocol: what was changed is undone, and what follows in the pipeline is skipped', async () => {
    const client = await connected('rows')
    const answer = await client.ask(
      step('insert into t values (200)'),
      step('update t set a = a returning a'),
      step('insert into t values (300)'),
      sync,
    )
    assert.deepEqual(answer.tags, ['INSERT 0 1'])
    assert.equal(answer.errors[0]?.code, '54000')
    assert.equal(answer.errors.length, 1)
    assert.equal(answer.status, 'I')
    assert.equal(await counted(), '20')
    await goesOn(client)
    client.close()
  })

  test('the last of a pipeline is undone too, though its Sync was there', async () => {
    const client = await connected('rows')
    tooMany(await client.ask(parse('', 'update t set a = a + 1000 returning a'), bind(), execute(), sync))
    assert.deepEqual((await backend.run('postgres', 'select max(a) from t')).rows, [['20']])
    await goesOn(client)
    client.close()
  })

  test('several pipelines that were sent at once: the next one runs', async () => {
    const client = await connected('rows')
    client.send(
      parse('', twenty),
      bind(),
      execute(),
      sync,
      parse('', `select 'next'`),
      bind(),
      execute(),
      sync,
    )
    const answer = await client.ready(2)
    assert.equal(answer.errors.length, 1)
    assert.deepEqual(answer.rows.at(-1), ['next'])
    client.close()
  })

  test('with Flush instead of Sync, everything up to the Sync is skipped', async () => {
    const client = await connected('rows')
    client.send(parse('', twenty), bind(), execute(), flush)
    await client.until((messages) => messages.some(({ type }) => type === 'E'))
    client.send(parse('', `select 'skipped'`), bind(), execute(), flush)
    const answer = await client.ask(sync)
    assert.deepEqual([answer.types, answer.status], ['Z', 'I'])
    await goesOn(client)
    client.close()
  })

  test('a Sync that comes before the answer is cut does not commit what is undone', async () => {
    const client = await connected('rows')
    for (const changes of [
      'update t set a = a + 1000 returning a',
      'insert into t select a from t returning a',
    ]) {
      tooMany(await client.ask(parse('', changes), bind(), execute(), flush, sync))
      assert.deepEqual((await backend.run('postgres', 'select count(*), max(a) from t')).rows, [['20', '20']])
      await goesOn(client)
    }
    client.close()
  })

  test('a portal in pages: each is an answer', async () => {
    const client = await connected('rows')
    client.send(parse('', twenty), bind(), execute('', 4), flush)
    const first = await client.until((messages) => messages.some(({ type }) => type === 's'))
    assert.equal(first.rows.length, 4)
    tooMany(await client.ask(execute('', 6), sync))
    await goesOn(client)
    client.close()
  })

  test('FETCH of a cursor', async () => {
    const client = await connected('rows')
    await client.query('begin')
    await client.query(`declare c cursor for ${twenty}`)
    assert.equal((await client.query('fetch 5 from c')).rows.length, 5)
    const answer = await client.query('fetch all from c')
    tooMany(answer)
    assert.equal(answer.status, 'E')
    await client.query('rollback')
    await goesOn(client)
    client.close()
  })

  for (const format of ['text', 'csv', 'binary'])
    test(`COPY TO STDOUT in ${format}`, async () => {
      const client = await connected('rows')
      const answer = await client.query(`copy t to stdout (format ${format})`)
      tooMany(answer)
      assert.ok(!answer.types.includes('c'))
      await goesOn(client)
      client.close()
    })

  for (const target of ['rows', 'open'])
    test(`COPY FROM STDIN has no answer to cut, in either protocol, and nothing overtakes its data: ${target}`, async () => {
      const client = await connected(target)
      client.send(query('copy t from stdin'))
      await client.until((messages) => messages.some(({ type }) => type === 'G'))
      assert.deepEqual((await client.ask(copyData('7\n'), copyDone)).tags, ['COPY 1'])
      client.send(parse('', 'copy t from stdin'), bind(), execute(), sync)
      await client.until((messages) => messages.some(({ type }) => type === 'G'))
      const done = await client.ask(copyData('7\n'), copyDone, sync)
      assert.deepEqual([done.tags, done.types.match(/Z/g)?.length], [['COPY 1'], 1])
      client.send(query('copy t from stdin'))
      await client.until((messages) => messages.some(({ type }) => type === 'G'))
      client.send(copyData('7\n'), copyDone, query('select 7'))
      assert.deepEqual((await client.ready(2)).rows, [['7']])
      await goesOn(client)
      client.close()
      await backend.run('postgres', 'delete from t where ctid in (select ctid from t where a = 7 offset 1)')
    })

  test('an error of the server is as it was', async () => {
    const client = await connected('rows')
    const answer = await client.ask(
      step('insert into t values (1)'),
      step('select 1/0'),
      step('select 2'),
      sync,
    )
    assert.deepEqual([answer.errors[0]?.code, answer.tags, answer.status], ['22012', ['INSERT 0 1'], 'I'])
    assert.equal(await counted(), '20')
    client.close()
  })

  test('bytes', async () => {
    const client = await connected('bytes')
    assert.deepEqual((await client.query(`select repeat('x', 1000)`)).tags, ['SELECT 1'])
    const answer = await client.query(`select repeat('x', 5000)`)
    cutFor(answer, '54000', /allows 2000 bytes in one answer/)
    assert.doesNotMatch(answer.text, /xxxx/)
    await goesOn(client)
    client.close()
  })

  test('time: the statement is cancelled', async () => {
    const client = await connected('time')
    const begun = performance.now()
    const answer = await client.query('select pg_sleep(20)')
    cutFor(answer, '57014', /allows 300 ms for one answer/)
    assert.ok(performance.now() - begun < 10_000)
    assert.equal(answer.status, 'I')
    await goesOn(client)
    const pipeline = await client.ask(
      step('insert into t values (1)'),
      step('select pg_sleep(20)'),
      step('select 2'),
      sync,
    )
    assert.deepEqual([pipeline.errors[0]?.code, pipeline.rows, pipeline.status], ['57014', [], 'I'])
    assert.equal(await counted(), '20')
    await client.query('begin')
    assert.equal((await client.query('select pg_sleep(20)')).status, 'E')
    client.close()
  })

  test('the record says what was cut and how much was shown', async () => {
    const cuts = async (): Promise<readonly RecordedEvent[]> => {
      const events = await gateway.events()
      return events.filter(
        ({ type, data }) => type === 'ResponseCompleted' && 'outcome' in data && data.outcome === 'cut',
      )
    }
    for (let left = 100; left > 0 && (await cuts()).length < 15; left--) await sleep(50)
    const told = (await cuts()).map(({ data }) => ('status' in data ? String(data.status) : ''))
    assert.deepEqual(new Set(told), new Set(['policy/limit_rows', 'policy/limit_bytes', 'policy/limit_time']))
    for (const { data } of await cuts()) assert.ok('rows' in data && data.rows <= 5)
  })
})
