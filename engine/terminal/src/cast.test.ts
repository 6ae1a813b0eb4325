import { test } from 'node:test'
import assert from 'node:assert/strict'
import { parseCast } from './cast.ts'

const header = '{"version": 2, "width": 80, "height": 24, "timestamp": 1767272400}'

test('a header and events in the order of time', () => {
  const cast = parseCast(
    `${header}\n[0.5, "o", "hi"]\n[0.4, "i", "x"]\n[2, "r", "100x30"]\n[3, "m", "mark"]\n`,
  )
  assert.deepEqual([cast.columns, cast.rows, cast.duration], [80, 24, 2])
  assert.deepEqual(
    cast.events.map(({ at, kind }) => [at, kind]),
    [
      [0.5, 'output'],
      [0.5, 'input'],
      [2, 'resize'],
    ],
  )
})

test('what is no event is left out, what is no recording is refused', () => {
  assert.equal(parseCast(`${header}\n[1, "o"\n["x", "o", "a"]\nnull\n[1, "o", 5]`).events.length, 0)
  assert.throws(() => parseCast('{"version": 1}'), SyntaxError)
  assert.throws(() => parseCast('no'), SyntaxError)
})

test('a terminal without a size has the usual one', () => {
  const { columns, rows } = parseCast('{"version": 2, "width": 0, "height": 0}\n[0, "o", "hi"]')
  assert.deepEqual([columns, rows], [80, 24])
  assert.throws(() => parseCast('{"version": 2, "width": -1, "height": 24}'), SyntaxError)
})
