import { before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { loadModule, parseSync } from 'libpg-query'
import { catalogueOf } from '../catalogue.ts'
import { normalise } from '../normalise.ts'
import type { NameScope } from '../statement.ts'

/** Name, kind, whether code of others may run when it is read. */
const relations: readonly (readonly [name: string, relkind: string, code: string])[] = [
  ['customers', 'r', 'f'],
  ['tenants', 'r', 't'],
  ['cards', 'v', 'f'],
  ['totals', 'm', 'f'],
  ['remote', 'f', 'f'],
  ['numbers', 'S', 'f'],
  ['people', 'p', 'f'],
  ['people_north', 'r', 'f'],
  ['parcels', 'p', 'f'],
  ['parcels_near', 'r', 'f'],
  ['parcels_far', 'f', 'f'],
  ['rooms', 'p', 'f'],
  ['rooms_locked', 'r', 't'],
]
const oidOf = (name: string): string => String(1000 + relations.findIndex(([known]) => known === name))

const catalogue = catalogueOf({
  relations: relations.map(([name, relkind, code]) => [oidOf(name), 'public', name, relkind, code]),
  columns: relations.flatMap(([name]) => [
    [oidOf(name), '1', 'id'],
    [oidOf(name), '2', 'name'],
  ]),
  inherits: [
    ['people_north', 'people'],
    ['parcels_near', 'parcels'],
    ['parcels_far', 'parcels'],
    ['rooms_locked', 'rooms'],
  ].map(([child = '', parent = '']) => [oidOf(child), oidOf(parent)]),
  functions: [['public', 'set_limit', 'pg_trgm']],
  operators: [],
  fields: [],
  types: [['public', 'mood', '', 'e', '2000', '2001', '']],
})
const names: NameScope = { searchPaths: [['public']], tempTables: new Set(['mine']), schemas: ['public'] }

const nothing = [
  'select 1',
  'select * from customers',
  'select name, count(*) from customers where id = $1 group by name having max(id) > 3 order by 2 limit 5',
  'with c as (select id from customers) select upper(name) from customers join c using (id)',
  'select id from customers union all select id from people',
  'select id, row_number() over (order by name) from customers',
  'values (1), (2)',
  'select id from people where name = any($1)',
]

const something: Readonly<Record<string, readonly string[]>> = {
  'changes rows': [
    "insert into customers values (1, 'a')",
    "update customers set name = 'a' where id = 1 returning id",
    'with gone as (delete from customers returning id) select id from gone',
    'select id into copied from customers',
    'create table copied as select id from customers',
  ],
  'locks rows': ['select id from customers for update', 'select id from customers for key share'],
  'moves a sequence, takes a lock, waits or begins a transaction of its own': [
    "select nextval('numbers')",
    'select pg_advisory_lock(1)',
    'select pg_sleep(1)',
    'select txid_current()',
    'select setseed(0.5)',
    'select random()',
    "select set_config('application_name', 'x', false)",
  ],
  'runs what others wrote': [
    'select id from cards',
    'select id from totals',
    'select id from remote',
    'select set_limit(0.5)',
    'select id from customers where id = (select max(id) from cards)',
  ],
  'names a type whose casts others wrote': ["select 'well'::mood", 'select null::mood[] is null'],
  'is of tables that need code of others to be read': [
    'select id from tenants',
    'select id from rooms',
    'select c.id from customers c join tenants t on t.id = c.id',
  ],
  'reaches out through a partition': ['select id from parcels'],
  'reads what only the session knows': ['select id from mine'],
  'is about another statement': [
    'explain select id from customers',
    'explain analyze select id from customers',
    'prepare p as select id from customers',
    'execute p (1)',
    'declare c cursor for select id from customers',
    'fetch c',
    'copy customers to stdout',
  ],
  'changes the session': [
    'begin',
    'set application_name = x',
    'listen news',
    "select pg_notify('c', 'x')",
    'show all',
  ],
}

suite('leaving nothing behind', () => {
  before(() => loadModule())

  for (const sql of nothing) test(sql, () => assert.deepEqual(effectFree(sql), [true]))

  for (const [why, statements] of Object.entries(something))
    suite(`is not proven of what ${why}`, () => {
      for (const sql of statements) test(sql, () => assert.deepEqual(effectFree(sql), [false]))
    })

  test('is proven of each statement by itself, and of nothing that is prepared', () => {
    assert.deepEqual(effectFree('select id from customers; select id from cards'), [true, false])
    const [{ effect } = assert.fail('nothing')] = analysed('prepare p as select id from customers')
    assert.equal(effect.kind === 'prepare' && effect.body.effectFree, false)
  })
})

const analysed = (sql: string) => normalise(parseSync(sql), names, catalogue).statements

const effectFree = (sql: string): readonly boolean[] => analysed(sql).map((statement) => statement.effectFree)
