import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { Step } from './api/steps.ts'
import { Replay, type ReplayedExchange } from './replay.ts'

const at = '2026-01-01T00:00:00.000Z'
const request = (exchange: string, when: string = at): Step => ({
  at: when,
  step: 'request',
  exchange,
  run: null,
  actions: [],
  bytes: 1,
  content: 'shown',
  statements: [],
})
const answer = (exchange: string, text: string, content: 'shown' | 'missing' = 'shown'): Step => ({
  at,
  step: 'answer',
  exchange,
  content,
  parts: [{ kind: 'data', text, hex: false }],
})

function replayed(...steps: readonly Step[]): readonly ReplayedExchange[] {
  const replay = new Replay()
  for (const step of steps) replay.take(step)
  return replay.items.flatMap((item) => (item.kind === 'exchange' ? [item] : []))
}

test('steps of one exchange are one item, where it began', () => {
  const items = replayed(request('a'), request('b'), answer('a', 'x'), answer('b', 'y'), answer('a', 'z'))
  assert.deepEqual(
    items.map(({ exchange }) => exchange),
    ['a', 'b'],
  )
  const [a] = items
  assert.ok(a !== undefined)
  assert.deepEqual(
    a.seen.parts.map(({ part }) => part.kind === 'data' && part.text),
    ['x', 'z'],
  )
})

test('what is missing stays missing', () => {
  const [item] = replayed(request('a'), answer('a', '', 'missing'), answer('a', 'late'))
  assert.equal(item?.seen.state, 'missing')
})

test('what belongs to no exchange stands by itself', () => {
  const replay = new Replay()
  replay.take(request('a'))
  replay.take({ at, step: 'killed', by: 'x', reason: '' })
  assert.deepEqual(
    replay.items.map(({ kind }) => kind),
    ['exchange', 'note'],
  )
})
