import { test } from 'node:test'
import assert from 'node:assert/strict'
import { isIn, linesOf } from './source-lines.ts'

test('lines joined again are the text, whatever goes over them', () => {
  for (const text of ['', '\n', 'a := `one\ntwo\n` # end\n\nb', '{"a":\n1}']) {
    const lines = linesOf(text, 'rego').map((tokens) => tokens.map((token) => token.text).join(''))
    assert.equal(lines.join('\n'), text)
  }
  assert.deepEqual(
    linesOf('`a\nb`', 'rego').map((tokens) => tokens.map(({ kind }) => kind)),
    [['string'], ['string']],
  )
})

test('a range has both of its ends', () => {
  assert.deepEqual(
    [1, 2, 3, 4].map((row) => isIn(row, [[2, 3]])),
    [false, true, true, false],
  )
})
