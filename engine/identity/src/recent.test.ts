import { test } from 'node:test'
import assert from 'node:assert/strict'
import { scriptedClock } from './scripted-issuer.ts'
import { Recent } from './recent.ts'

test('what was put is there until its time, and taken once', () => {
  const clock = scriptedClock()
  const recent = new Recent<number>(clock, 1_000, 10)
  recent.put('a', 1)
  recent.put('b', 2)
  assert.deepEqual([recent.get('a'), recent.take('a'), recent.take('a')], [1, 1, undefined])
  clock.advance(999)
  assert.equal(recent.get('b'), 2)
  clock.advance(1)
  assert.deepEqual([recent.get('b'), recent.take('b')], [undefined, undefined])
})

test('a flood of others makes the oldest give way, and nothing grows', () => {
  const recent = new Recent<number>(scriptedClock(), 1_000, 10)
  for (let at = 0; at < 1_000; at++) recent.put(`k${at}`, at)
  const left = Array.from({ length: 1_000 }, (_, at) => recent.get(`k${at}`)).filter(
    (value) => value !== undefined,
  )
  assert.deepEqual(left, [990, 991, 992, 993, 994, 995, 996, 997, 998, 999])
})
