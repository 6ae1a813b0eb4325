import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { numeric } from './numeric.ts'

const digits = fc.string({ unit: fc.constantFrom(...'0012345678999'), minLength: 1, maxLength: 30 })
const decimals = fc
  .tuple(fc.constantFrom('', '-'), digits, fc.option(digits))
  .map(([sign, whole, fraction]) => {
    const shown = whole.replace(/^0+(?=\d)/, '') + (fraction === null ? '' : `.${fraction}`)
    return /[1-9]/.test(shown) ? sign + shown : shown
  })

test('a decimal goes through the binary format unchanged', () => {
  fc.assert(
    fc.property(decimals, (value) => {
      assert.equal(numeric.decode(numeric.encode(value, 'binary'), 'binary'), value)
    }),
  )
})

test('the binary format is the server’s', () => {
  const known: readonly (readonly [string, string])[] = [
    ['0', '0000000000000000'],
    ['0.00', '0000000000000002'],
    ['1', '00010000000000000001'],
    ['-12345.678', '0003000140000003000109291a7c'],
    ['0.0001', '0001ffff000000040001'],
    ['0.000000012', '0002fffe00000009000107d0'],
    ['10000', '00010001000000000001'],
    ['NaN', '00000000c0000000'],
    ['-Infinity', '00000000f0000000'],
  ]
  for (const [value, hex] of known) assert.equal(numeric.encode(value, 'binary').toString('hex'), hex, value)
})
