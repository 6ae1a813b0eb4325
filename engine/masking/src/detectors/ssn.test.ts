import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ssn } from './ssn.ts'

const found = (text: string): readonly string[] =>
  ssn.find(text).map(({ start, end }) => text.slice(start, end))

test('a number is found with dashes, with spaces, or behind its name', () => {
  const texts: readonly (readonly [text: string, ...values: string[]])[] = [
    ['123-45-6789', '123-45-6789'],
    ['is 123 45 6789.', '123 45 6789'],
    ['SSN: 123456789', '123456789'],
    ['"ssn":"123456789"', '123456789'],
    ['social security number is 123456789', '123456789'],
    ['１２３-４５-６７８９', '１２３-４５-６７８９'],
  ]
  for (const [text, ...values] of texts) assert.deepEqual(found(text), values, text)
})

test('numbers that nobody has, and other numbers, are left alone', () => {
  const texts: readonly string[] = [
    '000-12-3456',
    '666-12-3456',
    '912-12-3456',
    '123-00-4567',
    '123-45-0000',
    '123-45 6789',
    '1123-45-6789',
    '123-45-67890',
    '1-123-45-6789',
    'order 123456789',
  ]
  for (const text of texts) assert.deepEqual(found(text), [], text)
})
