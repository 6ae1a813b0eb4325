import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isJsonNumber, plainDecimal } from './plain-decimal.ts'

const cases: readonly (readonly [number: string, plain: string | null])[] = [
  ['0', '0'],
  ['-0', '-0'],
  ['10', '10'],
  ['1.50', '1.5'],
  ['1.00', '1'],
  ['4.111111111111111e15', '4111111111111111'],
  ['41111111111111110E-1', '4111111111111111'],
  ['1e3', '1000'],
  ['-12.5e-3', '-0.0125'],
  ['0e5', '0'],
  ['1e401', null],
  ['1e-99999999999999999999', null],
]
for (const [number, plain] of cases)
  test(`${number} is ${plain ?? 'too long'}`, () => assert.equal(plainDecimal(number), plain))

test('every number stays what it is', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      const plain = plainDecimal(JSON.stringify(number)) ?? ''
      assert.ok(isJsonNumber(plain) && !/e/i.test(plain), plain)
      assert.equal(Number(plain), number === 0 ? 0 : number)
    }),
  )
})

test('what is no number of JSON', () => {
  for (const text of ['', '01', '1.', '.5', '+1', 'NaN', '1e', '0x1', '1 '])
    assert.ok(!isJsonNumber(text), text)
})
