import { test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { SpareThreads } from './spare-threads.ts'

test('those that were started are taken first, each once', async () => {
  const spares = new SpareThreads(2)
  const taken = [spares.take(), spares.take(), spares.take()]
  assert.equal(new Set(taken).size, 3)
  await spares[Symbol.asyncDispose]()
  assert.ok(
    taken.every(({ threadId }) => threadId > 0),
    'what was taken goes on',
  )
  await Promise.all(taken.map((worker) => worker.terminate()))
})

test('those that nobody took end, and none of them is given away', async () => {
  const spares = new SpareThreads(2)
  await spares[Symbol.asyncDispose]()
  const fresh = spares.take()
  await once(fresh, 'online')
  await fresh.terminate()
})
