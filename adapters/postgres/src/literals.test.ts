import { test } from 'node:test'
import assert from 'node:assert/strict'
import { patternOf } from './literals.ts'

test('texts that differ only in compared numbers share a pattern', () => {
  const one = patternOf('SELECT a FROM t WHERE id = 42')
  const two = patternOf('SELECT a FROM t WHERE id = 7')
  assert.equal(one?.key, two?.key)
  assert.deepEqual([one?.values, two?.values], [[42], [7]])
  assert.deepEqual(patternOf('update t set a = a + 5 where id = 99999999999999999')?.values, [
    5,
    '99999999999999999',
  ])
})

const kept = [
  'select a, b from t order by 1',
  'select a from t limit 5',
  'select a from t where b in (1, 2)',
  'select f(1) from t',
  'select a from t1',
  'select a from t where x = 1.5',
  'select a from t where x = 0x1F',
  'select a from t where x = 1e5',
]
for (const text of kept) test(`no number is a mere value: ${text}`, () => assert.equal(patternOf(text), null))

const foreign = [
  "select a from t where b = 1 and c = 'x'",
  'select a from "t" where b = 1',
  'select a from t where b = 1 -- x',
  'select a from t where b = 1 /* x */',
  'select a from t where b = $1 and c = 1',
  'select a from t where b = 1::int',
  'set work_mem = 64',
  'select a from t where b = 1 and c = ?',
  'select a from t where b = 1 and é = 1',
]
for (const text of foreign) test(`not plain: ${text}`, () => assert.equal(patternOf(text), null))

test('a number that is kept keeps texts apart', () => {
  assert.notEqual(
    patternOf('select a from t where b = 1 order by 1')?.key,
    patternOf('select a from t where b = 1 order by 2')?.key,
  )
})
