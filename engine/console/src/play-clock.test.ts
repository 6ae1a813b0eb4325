import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { Step } from './api/steps.ts'
import { playClock, playedUntil } from './play-clock.ts'
import { Replay } from './replay.ts'

const noon = Date.parse('2026-01-01T12:00:00.000Z')
const after = (ms: number): string => new Date(noon + ms).toISOString()

function replayed(...steps: readonly Step[]): Replay['items'] {
  const replay = new Replay()
  for (const step of steps) replay.take(step)
  return replay.items
}

function request(exchange: string, ms: number): Step {
  const nothing = { run: null, actions: [], bytes: 1, content: 'shown', statements: [] } as const
  return { at: after(ms), step: 'request', exchange, ...nothing }
}

function answer(exchange: string, text: string, ms: number): Step {
  const parts = [{ kind: 'data', text, hex: false }] as const
  return { at: after(ms), step: 'answer', exchange, content: 'shown', parts }
}

test('long waits are cut short, short ones are not', () => {
  const items = replayed(request('a', 0), request('b', 500), request('c', 3_600_000))
  const clock = playClock(items)
  assert.deepEqual(
    items.map(({ at }) => clock.of(at)),
    [0, 500, 2_500],
  )
  assert.equal(clock.endMs, 2_500)
  assert.deepEqual([playClock([]).endMs, playClock([]).of(after(5))], [0, 0])
})

test('a stream is played as it came, while others begin beside it', () => {
  const items = replayed(
    request('a', 0),
    answer('a', 'one', 100),
    request('b', 200),
    answer('a', 'two', 300),
    answer('a', 'late', 60_300),
  )
  const clock = playClock(items)
  const seen = (ms: number): readonly string[] =>
    playedUntil(items, clock, ms).flatMap((item) =>
      item.kind === 'note'
        ? []
        : [
            item.exchange,
            ...item.seen.parts.flatMap(({ part }) => (part.kind === 'data' ? [part.text] : [])),
          ],
    )
  assert.deepEqual(seen(0), ['a'])
  assert.deepEqual(seen(250), ['a', 'one', 'b'])
  assert.deepEqual(seen(300), ['a', 'one', 'two', 'b'])
  assert.equal(clock.endMs, 2_300)
  assert.deepEqual(seen(clock.endMs), ['a', 'one', 'two', 'late', 'b'])
})
