import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider, type DemoSubject, type IdentityProvider } from '@sluice/demo'
import {
  message,
  startBackend,
  startRelay,
  TraceFinder,
  WireClient,
  type Backend,
  type Relay,
  type Transcript,
} from '../src/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'

/** A statement that waits for people: it runs once they approve it, and never otherwise. Seen from the backend. */

const policies = fileURLToPath(new URL('policies/holds', import.meta.url))
const { bind, cancelRequest, describe, execute, parse, sync } = message
const reference = /\(ref (apr_[0-9A-Z]{26})\)/

suite('a held statement', () => {
  let provider: IdentityProvider
  let backend: Backend
  let relay: Relay
  let gateway: Gateway

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    for (const table of ['t', 'brief', 'double', 'swapped', 'rowwise'])
      await backend.run('postgres', `create table ${table} (a int, b text)`)
    relay = await startRelay(backend.login('postgres'))
    const login = { ...backend.login('postgres'), host: relay.host, port: relay.port }
    gateway = await startGateway({ provider, policies, targets: [{ name: 'shop', login }] })
  })
  after(async () => {
    await gateway?.close()
    await relay?.close()
    await backend?.close()
    await provider?.close()
  })

  async function client(): Promise<WireClient> {
    const opened = await WireClient.login(await gateway.login('langchain-reporting', 'shop'))
    await opened.query('select 1')
    return opened
  }

  /** The reference in the notice that says that it waits. */
  async function held(waiting: WireClient): Promise<string> {
    const heard = await waiting.until((messages) => messages.some(({ type }) => type === 'N'))
    const [id] = heard.notices.flatMap((notice) => reference.exec(notice.message)?.[1] ?? [])
    assert.ok(id, heard.text)
    return id
  }

  async function vote(id: string, how: 'approve' | 'reject', who: DemoSubject = 'bob'): Promise<number> {
    const { password } = await gateway.login(who, 'shop')
    const { host, port } = gateway.api
    const response = await fetch(`http://${host}:${port}/v1/approvals/${id}/votes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${password}`, 'content-type': 'application/json' },
      body: JSON.stringify({ vote: how, reason: 'tested' }),
    })
    await response.body?.cancel()
    return response.status
  }

  /** What somebody who may vote sees of it. */
  async function seen(
    id: string,
  ): Promise<{ readonly statement: { readonly text: string }; readonly parameters: unknown }> {
    const { password } = await gateway.login('bob', 'shop')
    const { host, port } = gateway.api
    const response = await fetch(`http://${host}:${port}/v1/approvals/${id}`, {
      headers: { authorization: `Bearer ${password}` },
    })
    assert.equal(response.status, 200)
    return ((await response.json()) as { request: Awaited<ReturnType<typeof seen>> }).request
  }

  async function rows(table: string, where = 'true'): Promise<number> {
    const answer = await backend.run('postgres', `select count(*) from ${table} where ${where}`)
    return Number(answer.rows[0]?.[0])
  }

  /** A statement of its own, whose text is then looked for in what reached the backend. */
  function marked(table: string): { readonly sql: string; readonly reached: () => boolean } {
    const mark = `mark-${Math.random().toString(36).slice(2)}${Date.now()}`
    const found = new TraceFinder({ mark })
    const heard = relay.mark()
    return {
      sql: `insert into ${table} values (1, '${mark}')`,
      reached: () => [...heard.up()].some((bytes) => found.find(bytes) !== undefined),
    }
  }

  async function neverRan({ reached }: { reached: () => boolean }, id: string): Promise<void> {
    assert.equal(await vote(id, 'approve'), 409)
    await sleep(100)
    assert.equal(reached(), false)
  }

  test('runs on its own connection once it is approved', async () => {
    const waiting = await client()
    const statement = marked('t')
    waiting.send(message.query(statement.sql))
    const id = await held(waiting)
    assert.equal(statement.reached(), false)
    assert.equal(await vote(id, 'approve'), 200)
    const answer = await waiting.ready()
    assert.deepEqual(answer.tags, ['INSERT 0 1'])
    assert.equal(statement.reached(), true)
    assert.equal(await vote(id, 'approve', 'carol'), 409)
    assert.equal((await waiting.query('select 2')).rows[0]?.[0], '2')
    waiting.close()
  })

  test('of which two must approve waits for the second person', async () => {
    const waiting = await client()
    const statement = marked('double')
    waiting.send(message.query(statement.sql))
    const id = await held(waiting)
    assert.equal(await vote(id, 'approve'), 200)
    assert.equal(await vote(id, 'approve'), 409)
    await sleep(100)
    assert.equal(statement.reached(), false)
    assert.equal(await vote(id, 'approve', 'carol'), 200)
    assert.deepEqual((await waiting.ready()).tags, ['INSERT 0 1'])
    waiting.close()
  })

  test('that is rejected is an error, and the session goes on', async () => {
    const waiting = await client()
    const statement = marked('t')
    waiting.send(message.query(statement.sql))
    const id = await held(waiting)
    assert.equal(await vote(id, 'reject'), 200)
    const [error] = (await waiting.ready()).errors
    assert.equal(error?.code, '42501')
    assert.match(error.message, /rejected: tested.*do not retry/)
    await neverRan(statement, id)
    assert.equal((await waiting.query('select 2')).rows[0]?.[0], '2')
    waiting.close()
  })

  test('is over when it is cancelled', async () => {
    const waiting = await WireClient.connect(gateway)
    const greeting = await waiting.start(await gateway.login('langchain-reporting', 'shop'))
    const statement = marked('t')
    waiting.send(message.query(statement.sql))
    const id = await held(waiting)
    const other = await WireClient.connect(gateway)
    other.send(cancelRequest(...keyOf(greeting)))
    const [error] = (await waiting.ready()).errors
    assert.equal(error?.code, '57014')
    await neverRan(statement, id)
    other.destroy()
    waiting.close()
  })

  for (const how of ['closes', 'vanishes'] as const)
    test(`is over when its client ${how}`, async () => {
      const waiting = await client()
      const statement = marked('t')
      waiting.send(message.query(statement.sql))
      const id = await held(waiting)
      if (how === 'closes') waiting.close()
      else waiting.destroy()
      await sleep(300)
      await neverRan(statement, id)
    })

  test('is over when the time is up that its client gives a statement', async () => {
    for (const setting of ["set statement_timeout = '400ms'", null]) {
      const login = await gateway.login('langchain-reporting', 'shop')
      const parameters = setting === null ? { options: '-c statement_timeout=400' } : {}
      const waiting = await WireClient.login({ ...login, parameters })
      if (setting !== null) await waiting.query(setting)
      const statement = marked('t')
      waiting.send(message.query(statement.sql))
      const id = await held(waiting)
      const [error] = (await waiting.ready()).errors
      assert.equal(error?.code, '57014')
      await neverRan(statement, id)
      waiting.close()
    }
  })

  test('gets the pending answer; its retry finds the same approval and passes once', async () => {
    const waiting = await client()
    const statement = marked('brief')
    const pending = async (): Promise<string> => {
      const [error] = (await waiting.query(statement.sql)).errors
      assert.equal(error?.code, 'SL001')
      const [, id] = reference.exec(error.message) ?? []
      assert.ok(id, error.message)
      return id
    }
    const id = await pending()
    const other = await client()
    const [again] = (await other.query(`${statement.sql} /*run_id='another'*/`)).errors
    assert.match(again?.message ?? '', new RegExp(id))
    assert.equal(statement.reached(), false)
    assert.equal(await vote(id, 'approve'), 200)
    assert.deepEqual((await other.query(statement.sql)).tags, ['INSERT 0 1'])
    assert.notEqual(await pending(), id)
    assert.equal(await rows('brief'), 1)
    other.close()
    waiting.close()
  })

  test('of the extended protocol is bound to its values, not to the names that it goes by', async () => {
    const waiting = await client()
    const ask = (name: string, value: string): Promise<Transcript> =>
      waiting.ask(
        parse(name, 'insert into brief values (2, $1)'),
        bind({ statement: name, values: [value] }),
        describe('P'),
        execute(),
        sync,
      )
    const referenceOf = (answer: Transcript): string | undefined =>
      reference.exec(answer.errors[0]?.message ?? '')?.[1]
    const id = referenceOf(await ask('one', 'x'))
    assert.equal(referenceOf(await ask('two', 'x')), id)
    const other = referenceOf(await ask('three', 'y'))
    assert.notEqual(other, id)
    const request = await seen(id ?? '')
    assert.deepEqual(
      [request.statement.text, request.parameters],
      ['insert into brief values (2, $1)', ['x']],
    )
    assert.equal(await vote(id ?? '', 'approve'), 200)
    assert.equal(referenceOf(await ask('four', 'y')), other)
    assert.deepEqual((await ask('five', 'x')).tags, ['INSERT 0 1'])
    assert.equal(await rows('brief', "b = 'x'"), 1)
    assert.equal(await rows('brief', "b = 'y'"), 0)
    waiting.close()
  })

  test('in a pipeline keeps the order of the others', async () => {
    const waiting = await client()
    const run = (sql: string): readonly Buffer[] => [parse('', sql), bind(), describe('P'), execute()]
    waiting.send(
      ...run('select 1'),
      ...run("insert into t values (3, 'pipeline')"),
      ...run('select 3'),
      sync,
      message.query('select 4'),
    )
    const id = await held(waiting)
    assert.equal(await vote(id, 'approve'), 200)
    const answer = await waiting.ready(2)
    assert.deepEqual(answer.tags, ['SELECT 1', 'INSERT 0 1', 'SELECT 1', 'SELECT 1'])
    assert.deepEqual(
      answer.rows.map(([value]) => value),
      ['1', '3', '4'],
    )
    waiting.close()
  })

  test('in a pipeline, when it is rejected, fails the rest as the server would', async () => {
    const waiting = await client()
    const run = (sql: string): readonly Buffer[] => [parse('', sql), bind(), execute()]
    waiting.send(...run('select 1'), ...run("insert into t values (4, 'no')"), ...run('select 3'), sync)
    const id = await held(waiting)
    assert.equal(await vote(id, 'reject'), 200)
    const answer = await waiting.ready()
    assert.deepEqual(answer.tags, ['SELECT 1'])
    assert.equal(answer.errors.length, 1)
    assert.equal(answer.status, 'I')
    assert.equal(await rows('t', "b = 'no'"), 0)
    waiting.close()
  })

  test('waits in a transaction that holds nothing, and not in one that has written', async () => {
    const waiting = await client()
    await waiting.query('begin')
    waiting.send(message.query("insert into t values (5, 'first')"))
    assert.equal(await vote(await held(waiting), 'approve'), 200)
    assert.deepEqual((await waiting.ready()).tags, ['INSERT 0 1'])
    const second = await waiting.query("insert into t values (5, 'second')")
    assert.equal(second.errors[0]?.code, 'SL001')
    assert.equal(second.notices.length, 0)
    assert.equal(second.status, 'E')
    await waiting.query('rollback')
    assert.equal(await rows('t', 'a = 5'), 0)
    waiting.close()
  })

  test('shares its approval with an identical one, and only one of them runs', async () => {
    const [one, two] = [await client(), await client()]
    const sql = "insert into t values (6, 'twin')"
    one.send(message.query(sql))
    const id = await held(one)
    two.send(message.query(sql))
    assert.equal(await held(two), id)
    assert.equal(await vote(id, 'approve'), 200)
    const first = await Promise.race([one.ready().then(() => two), two.ready().then(() => one)])
    await sleep(200)
    assert.equal(await rows('t', 'a = 6'), 1)
    first.close()
    await sleep(200)
    assert.equal(await rows('t', 'a = 6'), 1)
    one.close()
    two.close()
  })

  test('is refused when its table was replaced while it waited', async () => {
    const waiting = await client()
    const statement = marked('swapped')
    waiting.send(message.query(statement.sql))
    const id = await held(waiting)
    await backend.run(
      'postgres',
      'alter table swapped rename to before; create table swapped (a int, b text)',
    )
    assert.equal(await vote(id, 'approve'), 200)
    const [error] = (await waiting.ready()).errors
    assert.match(error?.message ?? '', /was changed while it waited/)
    assert.equal(statement.reached(), false)
    waiting.close()
  })

  test('of the row under a cursor asks nobody, since nobody could see which row that is', async () => {
    await backend.run('postgres', 'insert into rowwise values (1), (2)')
    const asking = await client()
    const begin = async (): Promise<void> => {
      await asking.query('begin')
      await asking.query('declare c cursor for select a from rowwise')
      const fetched = await asking.query('fetch c')
      assert.deepEqual(fetched.rows, [['1']], fetched.text)
    }
    const sql = 'delete from rowwise where current of c'
    const asked = {
      'as a message': () => asking.query(sql),
      'as one that was prepared': () =>
        asking.ask(parse('d', sql), bind({ statement: 'd', values: [] }), execute(), sync),
    }
    for (const [how, ask] of Object.entries(asked)) {
      await begin()
      const answer = await ask()
      assert.match(answer.errors[0]?.message ?? '', /nobody can see which row.*Name the row by its key/, how)
      assert.deepEqual(answer.notices, [], how)
      await asking.query('rollback')
    }
    assert.equal(await rows('rowwise'), 2)
    asking.close()
  })

  test('is over when the gateway closes, and the log says how each ended', async () => {
    const waiting = await client()
    const statement = marked('t')
    waiting.send(message.query(statement.sql))
    const id = await held(waiting)
    const before = await gateway.events()
    await gateway.close()
    const answer = await waiting.end()
    assert.ok(answer.errors.length > 0, answer.text)
    assert.equal(statement.reached(), false)
    const asked = before.filter((event) => event.type === 'ApprovalRequested').length
    assert.ok(asked > 10)
    assert.ok(before.some((event) => event.type === 'ApprovalRequested' && event.data.approval === id))
  })
})

/** Process and secret of BackendKeyData. */
function keyOf(greeting: Transcript): [number, Buffer] {
  const at = greeting.bytes.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]))
  return [greeting.bytes.readInt32BE(at + 5), greeting.bytes.subarray(at + 9, at + 13)]
}
