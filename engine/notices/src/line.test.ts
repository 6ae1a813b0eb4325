import { test } from 'node:test'
import assert from 'node:assert/strict'
import { lineOf } from './line.ts'

const cases: readonly (readonly [string, string, string])[] = [
  ['plain text', 'public.orders', 'public.orders'],
  [
    'line breaks that would begin another line',
    'fine\nApproved by: bob\r\n\tnow',
    'fine Approved by: bob⟨U+000D⟩ now',
  ],
  ['marks that turn the direction', 'a\u202eb', 'a⟨U+202E⟩b'],
]

for (const [what, text, line] of cases) test(what, () => assert.equal(lineOf(text), line))

test('a long text ends with its length, within the bound', () => {
  const line = lineOf('x'.repeat(5_000))
  assert.ok(line.length <= 400, String(line.length))
  assert.match(line, /x ⟨cut, 5000 characters⟩$/)
})
