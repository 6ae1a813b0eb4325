import { test } from 'node:test'
import assert from 'node:assert/strict'
import { CopyBody } from './copy-body.ts'

test('messages come out in order and the end is the end', async () => {
  const body = new CopyBody()
  for (const text of ['a', 'b']) void body.push(Buffer.from(text))
  body.end()
  const out: string[] = []
  for await (const message of body) out.push(message.toString())
  assert.deepEqual(out, ['a', 'b'])
})

test('a client is made to wait while nobody takes its data', async () => {
  const body = new CopyBody()
  const waiting = body.push(Buffer.alloc(300_000))
  assert.ok(waiting instanceof Promise)
  await body.next()
  await waiting
})

test('what nobody wants is dropped, and whoever waits goes on', async () => {
  const body = new CopyBody()
  const waiting = body.push(Buffer.alloc(300_000))
  body.discard()
  await waiting
  assert.equal(body.push(Buffer.from('x')), undefined)
  assert.deepEqual(await body.next(), { done: true, value: undefined })
  assert.equal(await body.wanted, false)
})

test('a reader that waits gets the next message, or the end', async () => {
  const body = new CopyBody()
  const first = body.next()
  void body.push(Buffer.from('x'))
  assert.equal((await first).value?.toString(), 'x')
  const last = body.next()
  body.end()
  assert.equal((await last).done, true)
})
