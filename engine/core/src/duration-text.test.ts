import { test } from 'node:test'
import assert from 'node:assert/strict'
import { durationText } from './duration-text.ts'

const cases: readonly (readonly [number, string])[] = [
  [0, '0s'],
  [999, '0s'],
  [1_000, '1s'],
  [90_000, '1m 30s'],
  [3_600_000, '1h'],
  [28_800_000, '8h'],
  [5_400_000, '1h 30m'],
  [90_061_500, '1d 1h 1m 1s'],
  [604_800_000, '7d'],
]

for (const [ms, text] of cases)
  test(`${ms} ms are ${text}`, () => {
    assert.equal(durationText(ms), text)
  })
