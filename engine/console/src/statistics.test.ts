import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { Decision } from './feed.ts'
import { grouped, summaryOf } from './statistics.ts'

function decision(change: Partial<Decision>): Decision {
  return {
    exchange: 'e',
    session: 's',
    at: '',
    time: 0,
    target: 'shop',
    subject: 'x',
    on_behalf_of: null,
    run: null,
    summary: '',
    bytes: 0,
    effect: 'allow',
    rule: 'r',
    reason: null,
    decision: null,
    revision: null,
    outcome: 'completed',
    status: null,
    masked: 0,
    micros: null,
    rows: 0,
    ...change,
  }
}

test('what is allowed and masked are told apart, and what is old is left out', () => {
  const decisions = [
    decision({ time: 100, micros: 1_000 }),
    decision({ time: 100, masked: 2, micros: 3_000 }),
    decision({ time: 100, effect: 'deny' }),
    decision({ time: 100, effect: 'hold' }),
    decision({ time: 10 }),
  ]
  assert.deepEqual(summaryOf(decisions, 50), {
    allowed: 1,
    masked: 1,
    denied: 1,
    held: 1,
    medianMs: 3,
    p95Ms: 3,
  })
  assert.equal(summaryOf([], 0).medianMs, null)
})

test('groups in the order of their newest', () => {
  const groups = grouped(
    [decision({ target: 'b' }), decision({ target: 'a' }), decision({ target: 'b' })],
    ({ target }) => target,
  )
  assert.deepEqual(
    [...groups].map(([name, { length }]) => [name, length]),
    [
      ['b', 2],
      ['a', 1],
    ],
  )
})
