import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { maskMethods } from '@sluice/core/verdict'
import { isInPlace, maskInPlace, type InPlaceMethod } from './methods.ts'

const methods: readonly InPlaceMethod[] = ['last4', 'email', 'stars']

function masked(method: InPlaceMethod, text: string): string {
  const bytes = Buffer.from(text)
  maskInPlace(method, bytes, 0, bytes.length)
  return bytes.toString()
}

suite('mask methods', () => {
  const cases: readonly (readonly [InPlaceMethod, string, string])[] = [
    ['last4', '123-45-6789', '***-**-6789'],
    ['last4', '4111 1111 1111 1111', '**** **** **** 1111'],
    ['last4', '', ''],
    ['last4', '1', '*'],
    ['last4', '1234', '**34'],
    ['last4', 'Grüße', '****ße'],
    ['last4', '--', '--'],
    ['email', 'ann@example.com', 'a**@example.com'],
    ['email', 'a@example.com', '*@example.com'],
    ['email', '"a@b"@example.com', '"****@example.com'],
    ['email', 'élan@example.com', 'é***@example.com'],
    ['email', 'é@example.com', '**@example.com'],
    ['email', '@example.com', '@example.com'],
    ['email', 'no address', '**********'],
    ['stars', 'naïve', '******'],
  ]
  for (const [method, value, expected] of cases)
    test(`${method} of "${value}" is "${expected}"`, () => assert.equal(masked(method, value), expected))

  test('length and validity survive any text, and bytes outside the range are untouched', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...methods),
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        (method, value, around) => {
          const edge = Buffer.from(around)
          const text = Buffer.from(value)
          const bytes = Buffer.concat([edge, text, edge])
          maskInPlace(method, bytes, edge.length, edge.length + text.length)
          assert.ok(isUtf8(bytes))
          assert.deepEqual(bytes.subarray(0, edge.length), edge)
          assert.deepEqual(bytes.subarray(edge.length + text.length), edge)
        },
      ),
    )
  })

  test('at least half of the letters and digits of any value are gone', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'abc123-.é') }), (value) => {
        const count = (text: string): number => [...text].filter((char) => /[a-z0-9é]/.test(char)).length
        assert.ok(count(masked('last4', value)) <= count(value) / 2)
      }),
    )
  })

  test('masking twice changes nothing more', () => {
    fc.assert(
      fc.property(fc.constantFrom('email' as const, 'stars' as const), fc.emailAddress(), (method, value) => {
        assert.equal(masked(method, masked(method, value)), masked(method, value))
      }),
    )
  })

  test('only methods that keep the length work in place', () => {
    assert.deepEqual(
      maskMethods.filter((method) => isInPlace(method)),
      ['email', 'last4', 'stars'],
    )
  })
})
