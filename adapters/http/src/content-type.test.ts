import { test } from 'node:test'
import assert from 'node:assert/strict'
import { contentTypeOf } from './content-type.ts'

test('a media type and its parameters, names in lower case', () => {
  const { type, parameters } = contentTypeOf('Application/JSON ; Charset="UTF-8";q=1;')
  assert.equal(type, 'application/json')
  assert.deepEqual(
    [...parameters],
    [
      ['charset', 'UTF-8'],
      ['q', '1'],
    ],
  )
})

test('H29: what servers read differently is refused', () => {
  for (const value of [
    '',
    'json',
    'a/b, c/d',
    'a/b c/d',
    'a/b;charset',
    'a/b;charset=utf-8;charset=utf-7',
    "a/b;charset*=utf-8''utf-7",
    'a/b;boundary="x\\"y"',
    'a/b;boundary="x',
    'a/b;boundary=x y',
    'a/b;=x',
    `a/${'b'.repeat(300)}`,
  ])
    assert.throws(() => contentTypeOf(value), /one way/, value)
})

test('a type with blanks without end takes no longer for each of them', { timeout: 5_000 }, () => {
  for (let left = 200; left > 0; left--)
    assert.throws(() => contentTypeOf(`a/b;${' '.repeat(16_000)}x`), /one way/)
})
