import { test } from 'node:test'
import assert from 'node:assert/strict'
import { parseCast } from './cast.ts'
import { Playback } from './playback.ts'

const cast = parseCast(
  [
    '{"version":2,"width":10,"height":3}',
    '[0,"o","a"]',
    '[1,"o","b"]',
    '[1.5,"i","x"]',
    '[2,"r","5x2"]',
    '[3,"o","c"]',
  ].join('\n'),
)

test('of a size that is 0 nothing is made, and one beyond all measure is cut', () => {
  const sized = (size: string): readonly number[] => {
    const told = parseCast(`{"version":2,"width":10,"height":3}\n[0,"r","${size}"]`)
    const { columns, rows } = new Playback(told).seek(1)
    return [columns, rows]
  }
  for (const size of ['0x0', '0x5', '5x0', 'x', '5', '-5x5']) assert.deepEqual(sized(size), [10, 3], size)
  assert.deepEqual(sized('99999x4294967'), [400, 200])
})

test('seeking shows the screen as it was, forward and back', () => {
  const playback = new Playback(cast)
  assert.equal(playback.seek(3).text, 'abc')
  assert.equal(playback.screen.columns, 5)
  assert.equal(playback.seek(1).text, 'ab')
  assert.equal(playback.screen.columns, 10)
  assert.equal(playback.seek(0).text, 'a')
  assert.equal(playback.seek(9).text, 'abc')
})
