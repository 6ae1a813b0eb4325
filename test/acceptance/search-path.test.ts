import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider } from '@sluice/demo'
import {
  message,
  startBackend,
  startGateway,
  WireClient,
  type Backend,
  type Gateway,
  type Login,
} from '../src/index.ts'

/**
 * A SET of the search_path that the server undoes leaves every unqualified name where it was: one that is taken for another's
 * would be read without its masks.
 */

const { bind, execute, parse, query, sync } = message
const policies = fileURLToPath(new URL('policies/detectors', import.meta.url))
const ssn = '123-45-6789'
const computed = 'select ssn || $$$$ as other from people'
const set = Buffer.concat([parse('', 'set search_path to app'), bind({}), execute()])

/** Each sets the path to `app` for as long as its transaction; the server undoes it. */
const undone: Readonly<Record<string, readonly Uint8Array[]>> = {
  'by an error behind it': [query('set search_path to app; select 1/0')],
  'as a function': [query(`select set_config('search_path', 'app', false); select 1/0`)],
  'by ROLLBACK in its message': [query('set search_path to app; rollback')],
  'by ROLLBACK of what began behind it': [query('set search_path to app; begin'), query('rollback')],
  'in a pipeline': [Buffer.concat([set, parse('', 'select 1/0'), bind({}), execute(), sync])],
  'in a pipeline by ROLLBACK': [Buffer.concat([set, parse('', 'rollback'), bind({}), execute(), sync])],
  'in a transaction': [query('begin'), query('set search_path to app'), query('rollback')],
}

/** Each leaves the name, in the same transaction, to the masked table behind the one that the gateway knows or is told of. */
const uncovered: Readonly<Record<string, readonly string[]>> = {
  'in one message': [`drop table app.people; ${computed}`],
  'in its transaction': ['begin', 'drop table app.people', computed, 'rollback'],
  'with all that depends on it': ['begin', 'drop table app.people cascade', computed, 'rollback'],
  'with its schema': ['begin', 'drop schema app cascade', computed, 'rollback'],
  'as it was made in a subtransaction': [
    'drop table app.people',
    'begin',
    'savepoint s',
    'create table app.people (ssn text)',
    'rollback to s',
    computed,
    'rollback',
  ],
  'as it was made in its message': [
    'drop table app.people',
    `create table app.people (ssn text); rollback; ${computed}`,
  ],
}

suite('a search_path', () => {
  let backend: Backend
  let gateway: Gateway
  const parts = new AsyncDisposableStack()

  before(async () => {
    const provider = await startIdentityProvider({ port: 0 })
    parts.defer(() => provider.close())
    backend = await startBackend()
    parts.defer(() => backend.close())
    await backend.run('postgres', `create table people (ssn text); insert into people values ('${ssn}')`)
    await backend.run('postgres', 'create schema app; create table app.people (ssn text)')
    const target = { login: backend.login('postgres'), labels: { detectors: 'card' } }
    gateway = await startGateway({
      provider,
      policies,
      targets: [
        { ...target, name: 'shop', settings: { schemas: ['public', 'app'] } },
        { ...target, name: 'covered', settings: { schemas: ['app', 'public'] } },
      ],
    })
    parts.defer(() => gateway.close())
  })
  after(() => parts.disposeAsync())

  for (const [how, messages] of Object.entries(undone))
    test(`that is undone ${how} makes no masked column another’s`, async () => {
      const client = await WireClient.login(await gateway.login('langchain-reporting', 'shop'))
      for (const each of messages) assert.equal((await client.ask(each)).closed, false)
      for (const sql of ['select ssn from people', computed]) {
        const { text, rows } = await client.query(sql)
        assert.ok(!text.includes(ssn) && !JSON.stringify(rows).includes(ssn), sql)
      }
      client.close()
    })

  test('that is set counts, alone or once it is set alone after a doubt', async () => {
    const client = await WireClient.login(await gateway.login('langchain-reporting', 'shop'))
    const rowsOf = async (sql: string): Promise<number | string | undefined> => {
      const { errors, rows } = await client.query(sql)
      return errors[0]?.code ?? rows.length
    }
    await client.query('set search_path to app')
    assert.equal(await rowsOf(computed), 0)
    await client.query('set search_path to public; rollback')
    assert.equal(await rowsOf('select ssn from people'), '42501')
    await client.query('set search_path to public')
    assert.equal(await rowsOf('select ssn from people'), 1)
    client.close()
  })

  for (const [how, messages] of Object.entries(uncovered))
    test(`shows nothing of a masked table behind one that is dropped ${how}`, async () => {
      const client = await WireClient.login(await gateway.login('langchain-reporting', 'covered'))
      try {
        for (const sql of ['create table if not exists app.people (ssn text)', ...messages]) {
          const { text, rows } = await client.query(sql)
          assert.ok(!text.includes(ssn) && !JSON.stringify(rows).includes(ssn), sql)
        }
      } finally {
        // What it still has locked nobody else could go on with.
        client.close()
      }
    })

  test('shows nothing of a masked table behind one that another session drops meanwhile', async () => {
    await backend.run('postgres', 'create table if not exists app.people (ssn text)')
    const slow = `select pg_sleep(1); ${computed}`
    const seen = async (login: Login): Promise<boolean> => {
      const client = await WireClient.login(login)
      const asked = client.query(slow)
      await backend.run('postgres', 'select pg_sleep(0.3); drop table app.people')
      const { text, rows } = await asked
      client.close()
      await backend.run('postgres', 'create table app.people (ssn text)')
      return text.includes(ssn) || JSON.stringify(rows).includes(ssn)
    }
    const direct = { ...backend.login('postgres'), parameters: { options: '-c search_path=app,public' } }
    assert.equal(await seen(direct), true, 'it does on the server itself')
    assert.equal(await seen(await gateway.login('langchain-reporting', 'covered')), false)
  })

  test('leads to another only as far as nobody can be misled by it', async () => {
    const client = await WireClient.login(await gateway.login('langchain-reporting', 'covered'))
    await client.query('create table if not exists app.people (ssn text)')
    for (const sql of [computed, 'select ssn from people', 'drop table people', 'table people']) {
      const { errors } = await client.query(sql)
      assert.match(errors[0]?.message ?? '', /may come to mean public\.people.*write the schema/, sql)
    }
    assert.deepEqual((await client.query(computed.replace('people', 'app.people'))).errors, [])
    assert.equal((await client.query('set search_path to app')).errors.length, 0)
    assert.deepEqual((await client.query(computed)).errors, [])
    client.close()
  })
})
