import { test } from 'node:test'
import assert from 'node:assert/strict'
import { copiedQuery } from './query.ts'
import { sqlLimits } from '../limits.ts'

const format = { kind: 'binary' } as const
const within = (sql: string): string | null =>
  copiedQuery(Buffer.from(sql).toString('latin1'), { format, table: null })?.toString() ?? null
const ofTable = (schema: string, name: string, ...columns: readonly string[]): string | undefined =>
  copiedQuery('', { format, table: { schema, name, columns } })?.toString()

test('a table is a query of its own rows', () => {
  assert.equal(ofTable('', 't'), 'select * from only "t"')
  assert.equal(ofTable('a b', 'T"', 'x', 'ß"'), 'select "x", "ß""" from only "a b"."T"""')
})

const told: readonly (readonly [sql: string, query: string])[] = [
  ['copy (select 1) to stdout', 'select 1'],
  ['COPY(table t)TO STDOUT (format csv, header);', 'table t'],
  [
    '/* copy ( */ copy -- (\n ( select f((1), ")"), $$)$$, \'(\' from t /* ) */ ) to stdout',
    ' select f((1), ")"), $$)$$, \'(\' from t /* ) */ ',
  ],
  [
    "copy (select 'ü', U&'\\00fc', E'\\')' from \"ta)ble\") to stdout csv",
    "select 'ü', U&'\\00fc', E'\\')' from \"ta)ble\"",
  ],
  ['copy ((select 1) union all (select 2)) to stdout', '(select 1) union all (select 2)'],
  [
    'copy (with x as (delete from t returning *) select * from x) to stdout',
    'with x as (delete from t returning *) select * from x',
  ],
]
for (const [sql, query] of told) test(sql, () => assert.equal(within(sql), query))

test('what cannot be told apart for certain is not told', () => {
  for (const sql of [
    'copy t to stdout',
    'select 1',
    'copy (select 1) to stdout; select 2',
    '; copy (select 1) to stdout',
    'copy (select 1',
    "copy (select '",
    '',
    `copy (select 1${' '.repeat(sqlLimits.statementInlineBytesMax)}) to stdout`,
  ])
    assert.equal(within(sql), null, sql)
})
