import { test } from 'node:test'
import assert from 'node:assert/strict'
import { UsageError } from './command.ts'
import { durationMs } from './duration.ts'

test('durations', () => {
  assert.deepEqual(
    ['90s', '10m', '2h', '7d', '0s'].map(durationMs),
    [90_000, 600_000, 7_200_000, 604_800_000, 0],
  )
})

for (const text of ['', '10', 'm', '-5m', '1.5h', '10 m', '10M', '10ms', '1h30m', '1e3s'])
  test(`"${text}" is no duration`, () => {
    assert.throws(() => durationMs(text), UsageError)
  })
