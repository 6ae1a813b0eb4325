import { test } from 'node:test'
import assert from 'node:assert/strict'
import { ServerEvents } from './server-events.ts'

const stream =
  ': following\n\nevent: approval\ndata: {"id":"a"}\n\n: still here\n\ndata: one\ndata: two\n\nevent: end\n\n'
const expected = [
  { event: 'approval', data: '{"id":"a"}' },
  { event: 'message', data: 'one\ntwo' },
]

test('messages, however they are cut', () => {
  for (const breaks of ['\n', '\r\n'])
    for (const size of [1, 2, 7, 1_000]) {
      const events = new ServerEvents()
      const text = stream.replaceAll('\n', breaks)
      const found = []
      for (let at = 0; at < text.length; at += size) found.push(...events.take(text.slice(at, at + size)))
      assert.deepEqual(found, expected, `${JSON.stringify(breaks)} by ${size}`)
    }
})

test('a message without end is given up', () => {
  const events = new ServerEvents()
  assert.throws(() => {
    for (let times = 0; times < 10; times++) events.take('data: '.padEnd(1_000_000, 'x'))
  }, RangeError)
})
