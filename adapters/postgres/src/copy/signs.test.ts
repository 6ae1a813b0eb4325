import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Signs } from './signs.ts'

/** The signs, and bytes that differ from them by one or in their high bit. */
const near = ['\t', '\n', '\\', '|'].flatMap((sign) => {
  const byte = sign.charCodeAt(0)
  return [byte - 1, byte, byte + 1, byte + 0x80]
})
const bytes = fc
  .array(fc.oneof(fc.constantFrom(0, 0x7f, 0x80, 0xff, ...near), fc.nat(255)), { maxLength: 40 })
  .map((all) => Buffer.from(all))
const signs = fc.uniqueArray(fc.constantFrom<number[]>(0x09, 0x0a, 0x5c, 0x7c), {
  minLength: 1,
  maxLength: 4,
})

test('the first sign is found wherever it stands, and none before or behind the part that is looked at', () => {
  fc.assert(
    fc.property(bytes, signs, fc.nat(40), fc.nat(40), (all, wanted, one, other) => {
      const from = Math.min(one, other, all.length)
      const to = Math.min(Math.max(one, other), all.length)
      const first = all.subarray(from, to).findIndex((byte) => wanted.includes(byte))
      const [sign = 0, ...more] = wanted
      const places = new Signs(sign, ...more)
      // What it was asked about before is nothing to it.
      places.find(Buffer.from('\\\\\\\\'), 0, 4)
      assert.equal(places.find(all, from, to), first < 0 ? to : from + first)
    }),
    { numRuns: 2_000 },
  )
})
