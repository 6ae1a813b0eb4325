import { test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Io } from './command.ts'
import { Interrupted, patiently } from './patience.ts'

function waiting(): { readonly io: Io; readonly said: string[]; readonly stop: () => void } {
  const stopping = new AbortController()
  const said: string[] = []
  const io = {
    env: {},
    signal: stopping.signal,
    out: () => {},
    error: (text: string) => void said.push(text),
  }
  return { io, said, stop: () => stopping.abort() }
}

test('short work passes in silence, with its result or its error', async () => {
  const { io, said } = waiting()
  assert.equal(await patiently(io, 'compiling', Promise.resolve(7)), 7)
  await assert.rejects(patiently(io, 'compiling', Promise.reject(new Error('no'))), /no/)
  assert.deepEqual(said, [])
})

test('long work says what it does', async () => {
  const { io, said } = waiting()
  await patiently(io, 'compiling x', sleep(1_200))
  assert.deepEqual(said, ['compiling x, 1 s\n'])
})

test('an interruption does not wait for the work', async () => {
  const { io, stop } = waiting()
  const never = new Promise<never>(() => {})
  const result = patiently(io, 'compiling', never)
  stop()
  await assert.rejects(result, Interrupted)
  await assert.rejects(patiently(io, 'compiling', never), Interrupted)
})
