import { test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock, type Clock } from '@sluice/core'
import { keptAlive } from './kept-alive.ts'

async function all(lines: AsyncIterable<string>): Promise<readonly string[]> {
  const found: string[] = []
  for await (const line of lines) found.push(line)
  return found
}

test('silence has empty lines in it, and no line is lost, doubled or out of order', async () => {
  const third = Promise.withResolvers<void>()
  async function* lines(): AsyncGenerator<string> {
    yield 'a\n'
    yield 'b\n'
    await third.promise
    yield 'c\n'
  }
  const waits: (() => void)[] = []
  const clock: Pick<Clock, 'after'> = {
    after(ms, callback) {
      assert.equal(ms, 50)
      waits.push(callback)
      return { [Symbol.dispose]: () => void waits.splice(waits.indexOf(callback), 1) }
    },
  }
  const told = keptAlive(lines(), 50, clock)
  const next = async (): Promise<unknown> => (await told.next()).value
  assert.deepEqual([await next(), await next()], ['a\n', 'b\n'])
  for (let silence = 0; silence < 2; silence++) {
    const empty = next()
    waits[0]?.()
    assert.equal(await empty, '\n')
  }
  third.resolve()
  assert.deepEqual([await next(), await next()], ['c\n', undefined])
  assert.equal(waits.length, 0)
})

test('what fails fails here, and who leaves has it ended', async () => {
  let ended = false
  async function* failing(): AsyncGenerator<string> {
    try {
      yield 'a\n'
      await sleep(1)
      throw new Error('gone')
    } finally {
      ended = true
    }
  }
  await assert.rejects(all(keptAlive(failing(), 1_000, systemClock)), /gone/)
  ended = false
  for await (const line of keptAlive(failing(), 1_000, systemClock)) {
    assert.equal(line, 'a\n')
    break
  }
  for (let tries = 0; tries < 50 && !ended; tries++) await sleep(1)
  assert.ok(ended)
})
