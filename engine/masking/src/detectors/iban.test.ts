import assert from 'node:assert/strict'
import { test } from 'node:test'
import { iban } from './iban.ts'

const found = (text: string): readonly string[] =>
  iban.find(text).map(({ start, end }) => text.slice(start, end))

test('an account number is found, in one piece or in fours', () => {
  const texts: readonly (readonly [text: string, ...values: string[]])[] = [
    ['DE89370400440532013000', 'DE89370400440532013000'],
    ['to GB82 WEST 1234 5698 7654 32, please', 'GB82 WEST 1234 5698 7654 32'],
    ['fr1420041010050500013m02606', 'fr1420041010050500013m02606'],
    ['"x\\nNO9386011117947"', 'NO9386011117947'],
  ]
  for (const [text, ...values] of texts) assert.deepEqual(found(text), values, text)
})

test('wrong check digits, lengths and countries are left alone', () => {
  const texts: readonly string[] = [
    'DE88370400440532013000',
    'DE8937040044053201300',
    'DE893704004405320130000',
    'XX89370400440532013000',
    'aDE89370400440532013000',
  ]
  for (const text of texts) assert.deepEqual(found(text), [], text)
})
