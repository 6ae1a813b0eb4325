import { test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '@sluice/core'
import { keptAlive } from './kept-alive.ts'

async function all(lines: AsyncIterable<string>): Promise<readonly string[]> {
  const found: string[] = []
  for await (const line of lines) found.push(line)
  return found
}

test('silence has empty lines in it, and no line is lost, doubled or out of order', async () => {
  async function* lines(): AsyncGenerator<string> {
    yield 'a\n'
    yield 'b\n'
    await sleep(130)
    yield 'c\n'
  }
  const told = await all(keptAlive(lines(), 50, systemClock))
  assert.deepEqual(told, ['a\n', 'b\n', '\n', '\n', 'c\n'])
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
