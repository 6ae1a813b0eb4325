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

test('what the log does not take ends the session', async () => {
  const { asides: heard, acks, ended } = asides()
  void heard.add(Buffer.from('x'))
  acks[0]?.reject(new Error('full'))
  await new Promise(setImmediate)
  assert.deepEqual(ended, ['log_unavailable'])
})
