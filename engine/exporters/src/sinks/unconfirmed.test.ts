import { test } from 'node:test'
import assert from 'node:assert/strict'
import { UnconfirmedFrames, type Frame } from './unconfirmed.ts'

const mebibyte = 1_048_576

function frame(id: string, bytes: number = 10): Frame {
  return { id, bytes: Buffer.alloc(bytes) }
}

function idsOf(frames: readonly Frame[]): readonly string[] {
  return frames.map(({ id }) => id)
}

test('what was written last is kept, up to what two machines may hold', () => {
  const frames = new UnconfirmedFrames({ monotonic: () => 0 })
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) frames.add([frame(id, mebibyte)])
  assert.deepEqual(idsOf(frames.take()), ['c', 'd', 'e', 'f'])
  assert.equal(frames.isEmpty, true)
})

test('and for as long as a loss may take to show', () => {
  let now = 0
  const frames = new UnconfirmedFrames({ monotonic: () => now })
  frames.add([frame('a')])
  now = 100_000
  frames.add([frame('b')])
  now = 130_000
  frames.settle()
  assert.deepEqual(idsOf(frames.take()), ['b'])
})

test('what is written anew is kept once', () => {
  const frames = new UnconfirmedFrames({ monotonic: () => 0 })
  frames.add([frame('a'), frame('b', mebibyte)])
  frames.forget(['b'])
  frames.add([frame('b', mebibyte), frame('c', 3 * mebibyte - 100)])
  assert.deepEqual(idsOf(frames.take()), ['a', 'b', 'c'])
})
