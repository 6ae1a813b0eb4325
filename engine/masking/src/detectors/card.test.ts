import assert from 'node:assert/strict'
import { test } from 'node:test'
import { card } from './card.ts'

const found = (text: string): readonly string[] =>
  card.find(text).map(({ start, end }) => text.slice(start, end))

test('a card is found however it is grouped', () => {
  const texts: readonly (readonly [text: string, ...values: string[]])[] = [
    ['pay with 4111111111111111 now', '4111111111111111'],
    ['4111 1111 1111 1111', '4111 1111 1111 1111'],
    ['4111-1111-1111-1111-737', '4111-1111-1111-1111'],
    ['4111 1111 1111 1111 123 12/29', '4111 1111 1111 1111'],
    ['3782 822463 10005', '3782 822463 10005'],
    ['"x\\n378282246310005"', '378282246310005'],
    ['Visa4111111111111111', '4111111111111111'],
    ['4111 1111 1111 1111 5555 5555 5555 4444', '4111 1111 1111 1111', '5555 5555 5555 4444'],
  ]
  for (const [text, ...values] of texts) assert.deepEqual(found(text), values, text)
})

test('what is no card is left alone', () => {
  const texts: readonly string[] = [
    '4111111111111112',
    '1111111111111117',
    '41111111111111111111',
    '0.4111111111111111',
    '4111-1111-1111-1111-1111',
    'a4111111111111111f',
  ]
  for (const text of texts) assert.deepEqual(found(text), [], text)
})

test('other scripts and what cannot be seen do not hide one; the span is that of the text as it is', () => {
  for (const value of [
    '４１１１１１１１１１１１１１１１',
    '٤١١١١١١١١١١١١١١١',
    '𝟒𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏',
    '4111\u00a01111\u00a01111\u00a01111',
    '4111\u20131111\u20131111\u20131111',
    '4\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1\u200b1',
    '4111\u00ad\u200b111111111111',
  ])
    assert.deepEqual(found(`é ${value} \u200b.`), [value])
})
