import { test } from 'node:test'
import assert from 'node:assert/strict'
import { UsageError } from './command.ts'
import { instantMs } from './instant.ts'

const day = 86_400_000

test('a time is a date, one with a time and its zone, or so long ago', () => {
  assert.equal(instantMs('1970-01-02', 0), day)
  assert.equal(instantMs('1970-01-02T01:00:00.5Z', 0), day + 3_600_500)
  assert.equal(instantMs('1970-01-02T01:00+01:00', 0), day)
  assert.equal(instantMs('7d', 10 * day), 3 * day)
})

for (const text of ['yesterday', '2026-13-01', '2026-11-01T08:00:00', '01.11.2026', '', '-1d'])
  test(`"${text}" is none`, () => assert.throws(() => instantMs(text, 0), UsageError))
