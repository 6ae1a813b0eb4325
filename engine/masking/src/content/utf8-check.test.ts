import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { Unreadable } from './unreadable.ts'
import { Utf8Check } from './utf8-check.ts'

test('bytes in pieces are UTF-8 when the whole is', () => {
  const parts = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 3 }).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 2 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(
      Buffer.from('😀').subarray(0, 3),
      Buffer.from([0xf5, 0x80]),
      Buffer.from([0xed, 0xa0, 0x80]),
    ),
  )
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 4 }), fc.integer({ min: 1, max: 5 }), (all, size) => {
      const bytes = Buffer.concat(all)
      const check = new Utf8Check()
      const run = (): void => {
        for (let at = 0; at < bytes.length; at += size) check.push(bytes.subarray(at, at + size))
        check.end()
      }
      if (isUtf8(bytes)) run()
      else assert.throws(run, Unreadable)
    }),
    { numRuns: 5_000 },
  )
})
