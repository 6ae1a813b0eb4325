import { test } from 'node:test'
import assert from 'node:assert/strict'
import { systemClock, systemIds, type Unit } from '@sluice/core'
import { openMemory } from './memory.ts'
import { eventsOf } from './scripted.ts'

const ids = systemIds(systemClock)
const now = { withinMs: 10_000, urgency: 'now' } as const

test('a follower who is busy for long reads back what it was not handed', async () => {
  const journal = await openMemory({
    clock: systemClock,
    ids,
    report: (what, error) => assert.fail(`${what}: ${String(error)}`),
  })
  const seen: number[] = []
  const busy = Promise.withResolvers<void>()
  const leaving = new AbortController()
  const following = journal.follow(undefined, leaving.signal, ({ events }) => {
    seen.push(...events.map(({ seq }) => seq))
    return seen.length === 1 ? busy.promise : undefined
  })
  const unit = (): Unit => ({ stream: 'ses_a', events: [eventsOf(ids, 'ses_a').request('x'.repeat(60_000))] })
  // Some are waiting in memory, the others are too many for that.
  for (let count = 0; count < 200; count++) await journal.append(unit(), now)
  assert.deepEqual(seen, [0])
  busy.resolve()
  const until = async (count: number): Promise<void> => {
    for (let tries = 0; seen.length < count && tries < 1_000; tries++)
      await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await until(200)
  await journal.append(unit(), now)
  await until(201)
  leaving.abort()
  await following
  assert.deepEqual(
    seen,
    Array.from({ length: 201 }, (_, seq) => seq),
  )
  await journal.close()
})
