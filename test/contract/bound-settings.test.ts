import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { message, WireClient, type Gateway, type Login } from '../src/index.ts'
import { Shop } from './shop.ts'

/** Drivers set what parameters name: `set_config($1, $2, false)` is judged like the SET that it is, each time with its values. */

const { bind, describe, execute, parse, query, sync } = message
const sets = 'select set_config($1, $2, false)'

interface Bound {
  readonly sql?: string
  readonly values: readonly (string | null)[]
  readonly types?: readonly number[]
  readonly formats?: readonly number[]
}

function bound({ sql = sets, values, types = [], formats = [] }: Bound): Buffer {
  return Buffer.concat([parse('', sql, types), bind({ values, formats }), execute(), sync])
}

/** What is shown after each on the server itself, and never through the gateway. */
const refused: Readonly<Record<string, readonly [show: string, value: string, asked: readonly Buffer[]]>> = {
  'a role': ['role', 'pg_monitor', [bound({ values: ['role', 'pg_monitor'] })]],
  'in other letters': ['role', 'pg_monitor', [bound({ values: ['Role', 'pg_monitor'] })]],
  'in binary': [
    'role',
    'pg_monitor',
    [bound({ values: ['role', 'pg_monitor'], types: [25, 25], formats: [1] })],
  ],
  'in binary of an unknown type': [
    'role',
    'pg_monitor',
    [bound({ values: ['role', 'pg_monitor'], formats: [1] })],
  ],
  'of a type without blanks': [
    'role',
    'pg_monitor',
    [bound({ values: ['role  ', 'pg_monitor'], types: [1042] })],
  ],
  'cut to a length': [
    'role',
    'pg_monitor',
    [bound({ sql: 'select set_config($1::varchar(4), $2, false)', values: ['roles', 'pg_monitor'] })],
  ],
  'put together': [
    'role',
    'pg_monitor',
    [bound({ sql: "select set_config('ro' || $1, $2, false)", values: ['le', 'pg_monitor'] })],
  ],
  'beside an allowed one': [
    'role',
    'pg_monitor',
    [
      bound({
        sql: 'select set_config($1, $2, false), set_config($3, $4, false)',
        values: ['timezone', 'UTC', 'role', 'pg_monitor'],
      }),
    ],
  ],
  'behind numbers that change': [
    'role',
    'pg_monitor',
    [
      bound({ sql: 'select 1, set_config($1, $2, false)', values: ['timezone', 'UTC'] }),
      bound({ sql: 'select 2, set_config($1, $2, false)', values: ['role', 'pg_monitor'] }),
    ],
  ],
  'by a statement that has set an allowed one': [
    'role',
    'pg_monitor',
    [
      Buffer.concat([
        parse('s', sets),
        bind({ statement: 's', values: ['timezone', 'UTC'] }),
        execute(),
        sync,
      ]),
      Buffer.concat([
        bind({ statement: 's', values: ['role', 'pg_monitor'] }),
        describe('P'),
        execute(),
        sync,
      ]),
    ],
  ],
  'by EXECUTE of a Parse': [
    'role',
    'pg_monitor',
    [Buffer.concat([parse('s', sets), sync]), query("execute s('role', 'pg_monitor')")],
  ],
  'by EXECUTE': [
    'role',
    'pg_monitor',
    [query(`prepare s as ${sets}`), query("execute s('role', 'pg_monitor')")],
  ],
  'by a cursor': [
    'role',
    'pg_monitor',
    [
      query('begin'),
      bound({ sql: `declare c cursor for ${sets}`, values: ['role', 'pg_monitor'] }),
      query('fetch c; commit'),
    ],
  ],
  'by EXPLAIN': [
    'role',
    'pg_monitor',
    [bound({ sql: `explain analyze ${sets}`, values: ['role', 'pg_monitor'] })],
  ],
  'by a new table': [
    'role',
    'pg_monitor',
    [
      bound({
        sql: 'create temp table t as select set_config($1, $2, false)',
        values: ['role', 'pg_monitor'],
      }),
    ],
  ],
  'who logs what': ['log_statement', 'all', [bound({ values: ['log_statement', 'all'] })]],
  'how texts are read': [
    'standard_conforming_strings',
    'off',
    [bound({ values: ['standard_conforming_strings', 'off'] })],
  ],
  'another encoding': ['client_encoding', 'LATIN1', [bound({ values: ['client_encoding', 'LATIN1'] })]],
  'a schema of others': ['search_path', 'evil', [bound({ values: ['search_path', 'evil'] })]],
  'a search_path in a larger statement': [
    'search_path',
    'app',
    [bound({ sql: `${sets}, 1`, values: ['search_path', 'app'] })],
  ],
}

suite('settings that parameters name', () => {
  let shop: Shop
  let gateway: Gateway

  before(async () => {
    shop = await Shop.open(
      "create schema evil; create schema app; create table app.named (a text); create table named (b text); insert into named values ('x')",
    )
    gateway = await shop.door({ policies: 'all', settings: { schemas: ['public', 'app'] } })
  })
  after(() => shop?.[Symbol.asyncDispose]())

  const shown = async (login: Login, setting: string, asked: readonly Buffer[]): Promise<string | null> => {
    const client = await WireClient.login(login)
    try {
      for (const each of asked) await client.ask(each)
      const { rows } = await client.query(`rollback; show ${setting}`)
      return rows[0]?.[0] ?? null
    } finally {
      client.close()
    }
  }

  for (const [how, [setting, value, asked]] of Object.entries(refused))
    test(`are refused: ${how}`, async () => {
      assert.equal(await shown(shop.direct, setting, asked), value, 'it does on the server itself')
      assert.notEqual(await shown(await gateway.login('alice', 'shop'), setting, asked), value)
    })

  for (const [how, each] of Object.entries<Bound>({
    'as text': { values: ['TimeZone', 'Asia/Kathmandu'] },
    'in binary': { values: ['timezone', 'Asia/Kathmandu'], types: [25, 25], formats: [1] },
    'in binary of another text': {
      values: ['timezone', 'Asia/Kathmandu'],
      types: [1043, 1043],
      formats: [1],
    },
    'with a cast': {
      sql: 'select set_config($1::text, $2::text, $3)',
      values: ['timezone', 'Asia/Kathmandu', 'f'],
    },
    'of a value that is written': {
      sql: "select set_config($1, 'Asia/Kathmandu', false)",
      values: ['timezone'],
    },
    'in a larger statement': {
      sql: `select n, set_config($1, $2, false) from (select 1 as n) s`,
      values: ['timezone', 'Asia/Kathmandu'],
    },
  }))
    test(`are set: ${how}`, async () => {
      for (const login of [shop.direct, await gateway.login('alice', 'shop')])
        assert.equal(await shown(login, 'timezone', [bound(each)]), 'Asia/Kathmandu')
    })

  test('tell what was wrong, and are described before they have values', async () => {
    const client = await WireClient.login(await gateway.login('alice', 'shop'))
    const described = await client.ask(parse('s', sets), describe('S', 's'), sync)
    assert.equal(described.types, '1tTZ')
    const { errors } = await client.ask(bind({ statement: 's', values: ['role', 'x'] }), execute(), sync)
    assert.match(errors[0]?.message ?? '', /The setting role with this value cannot be analysed/)
    for (const values of [
      [null, 'x'],
      ['timezone', null],
    ]) {
      const answer = await client.ask(bind({ statement: 's', values }), execute(), sync)
      assert.equal(answer.errors.length, values[0] === null ? 1 : 0)
    }
    client.close()
  })

  test('lead names elsewhere as they do on the server', async () => {
    for (const login of [shop.direct, await gateway.login('alice', 'shop')]) {
      const client = await WireClient.login(login)
      const { errors } = await client.ask(bound({ values: ['search_path', 'app, public'] }))
      assert.deepEqual(errors, [])
      const { columns, rows } = await client.query('select * from named')
      assert.deepEqual([columns.map(({ name }) => name), rows], [['a'], []])
      client.close()
    }
  })
})
