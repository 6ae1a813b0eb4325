import { test } from 'node:test'
import assert from 'node:assert/strict'
import { back } from './messages.ts'
import { Processes } from './processes.ts'
import { cstring, frame, headerBytes, int32 } from './wire.ts'

const notification = (id: number): Buffer =>
  frame(back.notificationResponse, int32(id), cstring('news'), cstring('told'))

function renamed(processes: Processes, id: number): number {
  const message = notification(id)
  processes.rename(message)
  assert.deepEqual(message.subarray(headerBytes + 4), notification(id).subarray(headerBytes + 4))
  return message.readInt32BE(headerBytes)
}

test('a notification has the process id that its sender was given, and none of a process beyond the gateway', () => {
  const processes = new Processes()
  processes.give(10, -7)
  processes.give(11, 2 ** 31 - 1)
  assert.deepEqual(
    [renamed(processes, 10), renamed(processes, 11), renamed(processes, 12)],
    [-7, 2 ** 31 - 1, 0],
  )
})

test('it still has it when its sender has left, until many more have', () => {
  const processes = new Processes()
  processes.give(10, 1)[Symbol.dispose]()
  assert.equal(renamed(processes, 10), 1)
  const next = processes.give(10, 2)
  assert.equal(renamed(processes, 10), 2)
  next[Symbol.dispose]()
  for (let id = 11; id < 10 + 4_096; id++) processes.give(id, id)[Symbol.dispose]()
  assert.equal(renamed(processes, 10), 2)
  processes.give(5_000, 5_000)[Symbol.dispose]()
  assert.equal(renamed(processes, 10), 0)
})

test('a connection that was lent again is its next client’s', () => {
  const processes = new Processes()
  const first = processes.give(10, 1)
  processes.give(10, 2)
  first[Symbol.dispose]()
  assert.equal(renamed(processes, 10), 2)
})

test('nothing else is touched', () => {
  const processes = new Processes()
  for (const message of [
    frame(back.parameterStatus, cstring('a'), cstring('b')),
    frame(back.notificationResponse),
  ]) {
    const before = Buffer.from(message)
    processes.rename(message)
    assert.deepEqual(message, before)
  }
})
