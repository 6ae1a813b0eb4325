import { test } from 'node:test'
import assert from 'node:assert/strict'
import { denial, type MaskRule, type Recogniser, type Verdict } from '@sluice/core'
import { builtInDetectors } from '@sluice/masking'
import { oblige } from './obligations.ts'
import type { Headers } from './replies.ts'
import type { Outgoing } from './upstream.ts'

const means = {
  detectors: builtInDetectors,
  recognisers: new Map<string, Recogniser>(),
  pseudonyms: undefined,
}
const card = '4000290979900015'

function verdict(...mask: readonly MaskRule[]): Verdict {
  return { ...denial('a/b', ''), effect: 'allow', mask }
}

function request(body: string, headers: Headers = [['content-type', 'application/json']]): Outgoing {
  return { method: 'POST', path: '/chat', query: '', headers, body: Buffer.from(body) }
}

function refused(mask: MaskRule, of: Outgoing = request('{}')): string | null {
  const obliged = oblige([verdict(mask)], of, means)
  return obliged.kind === 'refused' ? obliged.refusal.rule : null
}

test('what names a column asks for nothing here, and neither does a deliberately clear place', () => {
  for (const mask of [
    { relation: 'public.customers', column: 'card', method: 'last4', rule: 'm' },
    { detector: 'card', method: 'none', rule: 'm' },
  ] as const) {
    const obliged = oblige([verdict(mask)], request('{}'), means)
    assert.ok(obliged.kind === 'plan' && obliged.plan.answer === null)
  }
})

test('masks of the request hide from the target what they say, and leave the rest byte for byte', () => {
  const body = `{"messages":[{"content":"pay with ${card}"}],  "n":1.0}`
  const obliged = oblige(
    [verdict({ detector: 'card', method: 'last4', rule: 'm', of: 'request' })],
    request(body),
    means,
  )
  assert.ok(obliged.kind === 'plan' && typeof obliged.plan.request === 'object')
  const { outgoing, hidden } = obliged.plan.request
  assert.equal(outgoing.body.toString(), body.replace(card, '************0015'))
  assert.equal(obliged.plan.answer, null)
  assert.deepEqual(hidden, [{ column: 'request:card', method: 'last4', values: 1 }])
})

test('a body of the request that cannot be looked into is refused where something must be hidden in it', () => {
  const mask = { detector: 'card', method: 'last4', rule: 'm', of: 'request' } as const
  assert.equal(refused(mask, request('{"a":')), 'http/undecodable')
  assert.equal(refused(mask, request('x', [['content-type', 'image/png']])), 'http/undecodable')
  assert.equal(refused(mask, request('x', [])), 'http/undecodable')
  assert.equal(refused(mask, request('', [])), null)
})

test('a mask that can never be kept refuses before anything is sent', () => {
  assert.equal(refused({ detector: 'passport', method: 'last4', rule: 'm' }), 'policy/mask')
  assert.equal(refused({ path: '$.a[', method: 'redact', rule: 'm' }), 'policy/mask')
  assert.equal(refused({ detector: 'card', method: 'hash', rule: 'm' }), 'policy/mask')
})

test('an answer with masks cannot be asked for in parts, or by what it was before', () => {
  const mask = { detector: 'card', method: 'last4', rule: 'm' } as const
  for (const name of ['range', 'if-range', 'if-none-match', 'if-modified-since'])
    assert.equal(refused(mask, request('', [[name, 'x']])), 'http/in_parts')
  assert.equal(refused({ ...mask, of: 'request' }, request('', [['range', 'x']])), null)
})
