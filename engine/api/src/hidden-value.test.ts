import { test } from 'node:test'
import assert from 'node:assert/strict'
import { hiddenText, hiddenValue } from './hidden-value.ts'

const digest = { digest: (_purpose: string, value: string) => Buffer.from(value.padEnd(8)).subarray(0, 4) }
const tag = (value: string): string => Buffer.from(value.padEnd(8)).toString('hex', 0, 4)

const literals: readonly (readonly [string, string, string])[] = [
  ["'123-45-6789'", "'1********89'", '123-45-6789'],
  ["'short'", "'*****'", 'short'],
  ["E'ann@example.com'", "E'a************om'", 'ann@example.com'],
  ["U&'abcdefgh'", "U&'a*****gh'", 'abcdefgh'],
  ["'it''s a secret'", "'i**********et'", "it's a secret"],
  ["'secret o''x'", "'s********x'", "secret o'x"],
  ['$$secret thing$$', '$$s*********ng$$', 'secret thing'],
  ['$t$secret thing$t$', '$t$s*********ng$t$', 'secret thing'],
  ['4111111111111111', '4*************11', '4111111111111111'],
]

for (const [literal, masked, value] of literals)
  test(`${literal} is ${masked}, and tells whether it is the same value`, () => {
    const seen = hiddenText(literal, digest)
    assert.ok(seen.startsWith(`${masked.replace("o'x", '*')}⟨masked ${tag(value)}, `), seen)
    assert.equal(hiddenValue(value, digest).tag, tag(value))
  })

test('a comment shows nothing of itself', () => {
  for (const comment of ['-- 123-45-6789', '/* 123-45-6789 */'])
    assert.match(hiddenText(comment, digest), /^⟨comment \w{8}, \d+ characters⟩$/)
})

test('a very long value does not fill the screen, and its length is told', () => {
  const seen = hiddenText(`'${'a'.repeat(60_000)}'`, digest)
  assert.ok(seen.length < 100, seen)
  assert.match(seen, /60000 characters/)
})

test('ends that cannot be seen are seen', () => {
  assert.match(hiddenText("'\u202eabcdefghi\u200b'", digest), /^'⟨U\+202E⟩\*{8}i⟨U\+200B⟩'/)
})
