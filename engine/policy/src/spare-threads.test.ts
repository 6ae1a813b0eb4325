import { test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { limits } from '@sluice/core'
import { SpareThreads } from './spare-threads.ts'

async function end(workers: readonly Worker[]): Promise<void> {
  await Promise.all(workers.map((worker) => worker.terminate()))
}

test('those that were started are taken first, each once', async () => {
  await using spares = new SpareThreads()
  spares.prepare()
  spares.prepare()
  const taken = Array.from({ length: limits.policyThreads + 1 }, () => spares.take())
  assert.equal(new Set(taken).size, taken.length)
  await end(taken)
})

test('one that is given back is taken again, and never more are kept than a pool needs', async () => {
  await using spares = new SpareThreads()
  const given = Array.from({ length: limits.policyThreads + 1 }, () => spares.take())
  for (const worker of given) await spares.give(worker)
  const again = Array.from({ length: limits.policyThreads }, () => spares.take())
  assert.deepEqual(again, given.slice(0, limits.policyThreads))
  await end(again)
})

test('one that died while it waited is not given away', async () => {
  await using spares = new SpareThreads()
  const worker = spares.take()
  await once(worker, 'online')
  await spares.give(worker)
  await worker.terminate()
  const other = spares.take()
  assert.notEqual(other, worker)
  await end([other])
})

test('one that is given back still answers', async () => {
  await using spares = new SpareThreads()
  const worker = spares.take()
  worker.on('message', () => assert.fail('nobody listens any more'))
  await spares.give(worker)
  const again = spares.take()
  again.postMessage('a document, and no policy yet')
  assert.deepEqual(await once(again, 'message'), [undefined])
  await end([again])
})

test('after the end nothing is kept or started', async () => {
  const spares = new SpareThreads()
  spares.prepare()
  await spares[Symbol.asyncDispose]()
  const late = spares.take()
  await spares.give(late)
  assert.equal(late.threadId, -1, 'it has ended')
  spares.prepare()
})
