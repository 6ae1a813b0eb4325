import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { FoundExchange } from './api/shapes.ts'
import { Feed } from './feed.ts'

function line(exchange: string, change: Partial<FoundExchange> = {}): FoundExchange {
  return {
    exchange,
    session: 's',
    at: '2026-01-01T00:00:00.000Z',
    subject: 'demo#bob',
    on_behalf_of: null,
    target: 'shop',
    run: null,
    summary: 'sql.select public.a',
    bytes: 1,
    effect: 'allow',
    rule: 'r',
    reason: null,
    decision: 'd',
    revision: 'v',
    outcome: 'running',
    status: null,
    rows: 0,
    masked: 0,
    micros: null,
    ...change,
  }
}

test('an exchange that comes again is the same one, where it was', () => {
  const feed = new Feed()
  feed.take([line('a', { effect: 'hold' }), line('b', { effect: 'deny' })])
  feed.take([line('a', { effect: 'allow', rows: 3, micros: 1_200 })])
  assert.deepEqual(
    feed.decisions.map(({ exchange, effect, rows }) => [exchange, effect, rows]),
    [
      ['b', 'deny', 0],
      ['a', 'allow', 3],
    ],
  )
})

test('what nobody has decided on is not there yet', () => {
  const feed = new Feed()
  feed.take([line('a', { effect: null })])
  assert.equal(feed.decisions.length, 0)
})

test('it holds a bounded number, however many come', () => {
  const feed = new Feed()
  for (let index = 0; index < 10_000; index += 200)
    feed.take(Array.from({ length: 200 }, (_, place) => line(`e${index + place}`)))
  assert.equal(feed.decisions.length, 2_000)
  assert.equal(feed.decisions[0]?.exchange, 'e9999')
})
