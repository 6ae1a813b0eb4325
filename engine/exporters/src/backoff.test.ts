import { test } from 'node:test'
import assert from 'node:assert/strict'
import { limits } from '@sluice/core'
import { Backoff } from './backoff.ts'

const never = new AbortController().signal

/** The waits that are asked for, none of which takes any time. */
async function waits(chance: number, afterMs: number, count: number): Promise<readonly number[]> {
  const asked: number[] = []
  const clock = {
    after: (ms: number, back: () => void) => {
      asked.push(ms)
      queueMicrotask(back)
      return { [Symbol.dispose]: () => {} }
    },
  }
  const backoff = new Backoff({ clock, ids: { random32: () => chance } })
  for (let number = 0; number < count; number++) await backoff.wait(afterMs, never)
  assert.equal(backoff.attempts, count)
  return asked
}

test('each wait may be twice as long, up to the most, and is at least half of that', async () => {
  assert.deepEqual((await waits(2 ** 31 - 1, 0, 4)).map(Math.round), [1_000, 2_000, 4_000, 8_000])
  assert.deepEqual(await waits(-(2 ** 31), 0, 3), [500, 1_000, 2_000])
  assert.equal((await waits(-(2 ** 31), 0, 40)).at(-1), limits.exportRetryMsMax / 2)
})

test('a receiver that asks for more gets it', async () => {
  assert.deepEqual(await waits(0, 120_000, 2), [120_000, 120_000])
})
