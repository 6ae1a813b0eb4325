import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Asides } from './asides.ts'
import type { EventBody } from './decider.ts'
import { limits } from './limits.ts'

function asides(): {
  readonly asides: Asides
  readonly appended: EventBody[]
  readonly acks: PromiseWithResolvers<void>[]
  readonly ended: string[]
} {
  const appended: EventBody[] = []
  const acks: PromiseWithResolvers<void>[] = []
  const ended: string[] = []
  const lane = new Asides({
    session: 'ses_1',
    append: (bodies) => {
      appended.push(...bodies)
      const ack = Promise.withResolvers<void>()
      acks.push(ack)
      return ack.promise
    },
    end: ({ code }) => void ended.push(code),
  })
  return { asides: lane, appended, acks, ended }
}

test('what nobody asked for is recorded at once, each message by itself and in order', () => {
  const { asides: heard, appended } = asides()
  for (const text of ['one', 'two']) assert.equal(heard.add(Buffer.from(text)), undefined)
  assert.deepEqual(appended, [
    {
      type: 'RecordingChunk',
      data: { session: 'ses_1', exchange: 'ses_1', direction: 'response', index: 0, bytes: 3 },
      sealed: Buffer.from('one'),
    },
    {
      type: 'RecordingChunk',
      data: { session: 'ses_1', exchange: 'ses_1', direction: 'response', index: 1, bytes: 3 },
      sealed: Buffer.from('two'),
    },
  ])
})

test('more waits while too much of it is not durable', async () => {
  const { asides: heard, acks } = asides()
  const large = Buffer.alloc(limits.captureUnackedBytesMax)
  assert.equal(heard.add(large), undefined)
  const waiting = heard.add(Buffer.from('x'))
  assert.ok(waiting instanceof Promise)
  for (const { resolve } of acks) resolve()
  await waiting
  assert.equal(heard.add(Buffer.from('x')), undefined)
})

test('in a flood messages share chunks, so that the log has few events of one session', async () => {
  const { asides: heard, appended, acks } = asides()
  const messages = Array.from({ length: 100_000 }, (_, index) => Buffer.from(`message ${index} `))
  const text = Buffer.concat(messages).toString()
  for (const message of messages) {
    void heard.add(message)
    message.fill(0)
  }
  const most = limits.asideChunksMax + Math.ceil(text.length / (limits.sealedBytesMax - 32))
  assert.ok(appended.length <= most, String(appended.length))
  for (const { resolve } of acks) resolve()
  await new Promise(setImmediate)
  const told = appended.map(({ sealed }) => Buffer.from(sealed ?? '').toString())
  assert.equal(told.join(''), text, 'nothing is held back once the log has room')
  assert.ok(told.every((chunk) => chunk.endsWith(' ') && chunk.length <= limits.sealedBytesMax))
  assert.deepEqual(
    appended.map(({ data }) => 'index' in data && data.index),
    appended.map((_, index) => index),
  )
})

test('what is held when a session ends is recorded before its end', () => {
  const { asides: heard, appended } = asides()
  for (let heards = 0; heards < limits.asideChunksMax + 5; heards++) void heard.add(Buffer.from('x'))
  assert.equal(appended.length, limits.asideChunksMax)
  heard.flush()
  assert.deepEqual(appended.at(-1)?.sealed, Buffer.from('xxxxx'))
})

test('what the log does not take ends the session', async () => {
  const { asides: heard, acks, ended } = asides()
  void heard.add(Buffer.from('x'))
  acks[0]?.reject(new Error('full'))
  await new Promise(setImmediate)
  assert.deepEqual(ended, ['log_unavailable'])
})
