import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import type { MaskCount } from '@sluice/core'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import {
  message,
  startBackend,
  startGateway,
  WireClient,
  type Backend,
  type Gateway,
  type Transcript,
} from '../src/index.ts'
import { typeValues } from './type-values.ts'

/** A table with a column of every type, read through the gateway under each method, in both protocols and formats. */

const policies = fileURLToPath(new URL('policies/masks', import.meta.url))
const methods = ['redact', 'partial', 'generalise', 'hash', 'stars', 'null'] as const
const { parse, bind, describe, execute, sync } = message

const columns = [
  ...typeValues.flatMap(({ type, values, expression = 'v' }, index) => {
    const [value = ''] = fc.sample(
      values.filter((text) => text.length > 3 || type.startsWith('"') || type === 'bool'),
      { seed: 7 + index, numRuns: 1 },
    )
    const literal = expression.replace(/\bv\b/, `'${value.replaceAll("'", "''")}'`)
    return [
      { name: `c${index}`, type, value: `${literal}::${type}` },
      { name: `a${index}`, type: `${type}[]`, value: `array[null, ${literal}::${type}]` },
    ]
  }),
  { name: 'domain', type: 'age', value: '41::age' },
  { name: 'enum', type: 'mood', value: `'happy'::mood` },
  { name: 'composite', type: 'pair', value: `row(41, 'secret')::pair` },
  { name: 'composites', type: 'pair[]', value: `array[row(41, 'a,"b')::pair, row(null, ')(')::pair]` },
  { name: 'span', type: 'age_range', value: `'[41,50)'::age_range` },
  { name: 'spans', type: 'age_spans', value: `'{[41,50),[60,70)}'::age_spans` },
  { name: 'insensitive', type: 'citext', value: `'Secret'::citext` },
  { name: 'attributes', type: 'hstore', value: `'ssn => 123-45-6789'::hstore` },
  { name: 'boxed', type: 'box', value: `'(1,2),(3,4)'::box` },
]
/** Types that no mask has a value of. */
const unmaskable = new Set(['enum'])
/** So few values that a mask may give the one that is there. */
const small = /^(?:bool|"char")/

/** A replacement is a value of the base type, whatever its length or a domain's conditions. */
function unbound(type: string): string {
  return type
    .replace(/^character\(\d+\)/, 'bpchar')
    .replace(/(?<!^bit)\(\d+\)/, '')
    .replace(/^age$/, 'int')
}

function tableSql(name: string): string {
  const definitions = columns.map((column) => `${column.name} ${column.type}`)
  const values = columns.map(({ value }) => value)
  const filled = `insert into ${name} values (${values.join()})`
  return `create table ${name} (${definitions.join()}); ${filled}; insert into ${name} default values`
}

suite('tables with masks on every type', { concurrency: 1 }, () => {
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway
  let client: WireClient
  let direct: WireClient

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run(
      'postgres',
      `create extension citext; create extension hstore;
      create domain age as int check (value < 200);
      create type age_range as range (subtype = int4, multirange_type_name = age_spans);
      create type mood as enum ('happy', 'sad');
      create type pair as (a int, b text);
      create table required (id int primary key, mood mood not null, age age not null, score float8, born timestamptz);
      insert into required values (41, 'sad', 57, 99.5, '1987-06-05 04:03:02+00'), (42, 'sad', -7, null, null);
      create table mistaken (id int, age int);
      create table derived (id int, twice int generated always as (2 * id) stored, name text);
      insert into derived (id, name) values (1, 'Zebulon');
      ${methods.map((method) => tableSql(`${method}_all`)).join(';')}`,
    )
    const login = backend.login('postgres')
    direct = await WireClient.login(login)
    gateway = await startGateway({ provider, policies, targets: [{ name: 'shop', login }] })
    client = await WireClient.login(await gateway.login('langchain-reporting', 'shop'))
  })
  after(async () => {
    client?.close()
    direct?.close()
    await gateway?.close()
    await backend?.close()
    await provider?.close()
  })

  function asked(by: WireClient, sql: string, format: number): Promise<Transcript> {
    return by.ask(parse('', sql), bind({ results: [format] }), describe('P'), execute(), sync)
  }

  function cells(answer: Transcript): readonly (Buffer | null)[] {
    assert.deepEqual(answer.errors, [])
    const [values, nulls] = answer.rows
    assert.deepEqual(new Set(nulls), new Set([null]), 'NULL stays NULL')
    return values?.map((cell) => (cell === null ? null : Buffer.from(cell, 'latin1'))) ?? []
  }

  async function asText(type: number, format: number, value: Buffer): Promise<string> {
    const bound = bind({ values: [value], formats: [format] })
    const { errors, rows } = await direct.ask(
      parse('', 'select cast($1 as text)', [type]),
      bound,
      execute(),
      sync,
    )
    assert.deepEqual(errors, [])
    return rows[0]?.[0] ?? assert.fail('NULL')
  }

  /** What the server reads in these cells. */
  async function read(answer: Transcript): Promise<readonly (string | null)[]> {
    const texts: (string | null)[] = []
    for (const [index, value] of cells(answer).entries()) {
      const column = answer.columns[index]
      texts.push(value === null ? null : await asText(column?.type ?? 0, column?.format ?? 0, value))
    }
    return texts
  }

  for (const method of methods)
    test(`${method}: valid, hidden and the same however it is asked for`, async () => {
      const sql = `select * from ${method}_all`
      const original = await read(await direct.query(sql))
      const simple = await read(await client.query(sql))
      for (const format of [0, 1]) assert.deepEqual(await read(await asked(client, sql, format)), simple)
      for (const [index, { name, type }] of columns.entries()) {
        const value = simple[index]
        if (method === 'null' || unmaskable.has(name)) assert.equal(value, null, name)
        else assert.notEqual(value, null, name)
        if (method !== 'partial' && method !== 'generalise' && !small.test(type))
          assert.notEqual(value, original[index], name)
      }
    })

  test('whether there is a value is told as it is, and no more of it', async () => {
    const names = columns.map(({ name }) => `"${name}"`)
    const told = names.map((name) => `count(${name}), bool_or(${name} is null)`).join()
    const missing = names.map((name) => `${name} is null`).join(' and ')
    const sql = `select ${told} from redact_all; select count(*) from redact_all where ${missing}`
    const [shown, original] = [await client.query(sql), await direct.query(sql)]
    assert.deepEqual(shown.errors, [])
    assert.deepEqual(shown.rows, original.rows)
    assert.equal(shown.rows[0]?.[0], '1')
    for (const asked of ['count(c0)', 'c0 is null'])
      assert.equal((await client.query(`select ${asked} from null_all`)).errors[0]?.code, '42501', asked)
    for (const more of ['min(c0)', 'count(distinct c0)', 'count(c0 || c0)', 'c0 is distinct from null'])
      assert.equal((await client.query(`select ${more} from redact_all`)).errors[0]?.code, '42501', more)
  })

  /** The rows of a COPY as the server reads them into columns of their types, or all of them as text. */
  async function loaded(table: string, form: string, into: 'typed' | 'text'): Promise<Transcript['rows']> {
    const { copied, errors } = await client.query(`copy ${table} to stdout (format ${form})`)
    assert.deepEqual(errors, [], form)
    const typed = columns.map(({ name, type }) => `"${name}" ${unbound(type)}`)
    const texts = columns.map(({ name }) => `"${name}" text`)
    await direct.query(`begin; create temp table loaded (${(into === 'typed' ? typed : texts).join()})`)
    const copy = message.query(`copy loaded from stdin (format ${form.replace('force_quote *, ', '')})`)
    assert.deepEqual((await direct.ask(copy, message.copyData(copied), message.copyDone)).errors, [], form)
    const { rows } = await direct.query('select * from loaded')
    await direct.query('rollback')
    return rows
  }

  for (const method of methods)
    test(`${method}: COPY hands out in each format what the server reads as the same rows`, async () => {
      const table = `${method}_all`
      const { rows: selected } = await client.query(`select * from ${table}`)
      for (const form of ['text', 'csv', 'csv, force_quote *, null $$-$$, escape $$4$$'])
        assert.deepEqual(await loaded(table, form, 'text'), selected, form)
      assert.deepEqual(await loaded(table, 'binary', 'typed'), await loaded(table, 'text', 'typed'))
    })

  test('COPY of a table with a generated column needs the names of the others', async () => {
    const { errors } = await client.query('copy derived to stdout')
    assert.equal(errors[0]?.code, '42501')
    assert.match(errors[0]?.message ?? '', /name the columns/)
    const { copied } = await client.query('copy derived (id, name) to stdout')
    assert.equal(copied.toString(), '1\t[masked]\n')
  })

  /** What was masked of the answer with so many masked columns, once it is in the log. */
  async function recorded(columns: number): Promise<readonly MaskCount[]> {
    const late = AbortSignal.timeout(5_000)
    while (!late.aborted) {
      const found = (await gateway.events()).flatMap((event) =>
        event.type === 'ResponseCompleted' && event.data.masked.length === columns ? [event.data.masked] : [],
      )
      if (found[0] !== undefined) return found[0]
      await sleep(20)
    }
    throw new Error('the answer is not in the log')
  }

  test('the record says which method was applied, and by which key', async () => {
    await client.query('select c0, c5, "enum" from hash_all')
    const masked = await recorded(3)
    assert.deepEqual(
      masked.map(({ column, method }) => [column, method]),
      [
        ['public.hash_all.c0', 'hash:local'],
        ['public.hash_all.c5', 'redact'],
        ['public.hash_all.enum', 'null'],
      ],
    )
  })

  test('arguments of methods are kept, NULL is not given for NOT NULL', async () => {
    const { rows } = await client.query('select age, score, born from required where id = 41')
    assert.deepEqual(rows, [['50', '50', '1980-01-01 00:00:00+00']])
    const missing = await client.query('select age, score, born from required where id = 42')
    assert.deepEqual(missing.rows, [['-10', null, null]])
    for (const refused of ['select id from required', 'select mood, age from required', 'table required']) {
      const answer = await client.query(refused)
      assert.deepEqual(
        answer.errors.map(({ code }) => code),
        ['42501'],
      )
      assert.match(answer.errors[0]?.message ?? '', /cannot be shown.*NOT NULL/)
    }
    const prepared = await asked(client, 'select id from required', 1)
    assert.equal(prepared.errors[0]?.code, '42501')
  })

  test('a policy with an impossible argument refuses its table', async () => {
    const answer = await client.query('select id from mistaken')
    assert.match(answer.errors[0]?.message ?? '', /constant mask of public\.mistaken\.age.*no valid int4/)
  })

  test('a cursor in either format shows masked rows', async () => {
    for (const binary of ['', 'binary']) {
      await client.query(`begin; declare c ${binary} cursor for select age from required`)
      const fetched = await client.query('fetch all from c')
      await client.query('rollback')
      const values = fetched.rows.map(([cell]) => {
        const bytes = Buffer.from(cell ?? '', 'latin1')
        return binary === '' ? bytes.toString() : String(bytes.readInt32BE(0))
      })
      assert.deepEqual(values, ['50', '-10'])
    }
  })
})
