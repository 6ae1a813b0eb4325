import { test } from 'node:test'
import assert from 'node:assert/strict'
import { textBytesIn, tokensOf } from './estimate.ts'

test('texts are counted by their bytes, wherever they stand', () => {
  assert.equal(textBytesIn({ messages: [{ content: 'abcd' }, { content: [{ text: 'éé' }] }] }), 8)
  assert.equal(tokensOf(9), 3)
  assert.equal(tokensOf(0), 0)
})

test('a token that is a number is one', () => {
  assert.equal(tokensOf(textBytesIn({ input: [[1, 2], [3]] })), 3)
})

test('files and images are not read by bytes, and long texts are', () => {
  const image = Buffer.alloc(3_000, 7).toString('base64')
  assert.equal(textBytesIn([image, `data:image/png;base64,${image}`]), 0)
  assert.equal(textBytesIn('a b '.repeat(1_000)), 4_000)
})
