import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { codePointStarts } from './code-points.ts'

test('code points begin where their units do', () => {
  assert.deepEqual([...codePointStarts('')], [0])
  assert.deepEqual([...codePointStarts('aé漢')], [0, 1, 2, 3])
  assert.deepEqual([...codePointStarts('a😀b')], [0, 1, 3, 4])
  assert.deepEqual([...codePointStarts('\ud83d😀\ude00')], [0, 1, 3, 4])
})

test('as many as anybody else counts', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const starts = codePointStarts(text)
      const characters = Array.from(text)
      assert.equal(starts.length, characters.length + 1)
      characters.forEach((character, index) => {
        assert.equal(text.slice(starts[index], starts[index + 1]), character)
      })
    }),
  )
})
