import { test } from 'node:test'
import assert from 'node:assert/strict'
import { denial, RecogniserFailed, type MaskRule, type Recogniser, type Verdict } from '@sluice/core'
import { builtInDetectors } from '@sluice/masking'
import { oblige, type Means, type Sent } from './obligations.ts'
import type { Headers } from './replies.ts'
import { ScriptedRecogniser } from './scripted.ts'
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

function refused(mask: MaskRule, of: Outgoing = request('{}'), by: Means = means): string | null {
  const obliged = oblige([verdict(mask)], of, by)
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

test('tokens in the place of a text are refused where something in it must be hidden', () => {
  const of = request('{"input":[[1,2]]}')
  for (const [mask, rule] of [
    [{ detector: 'card', method: 'last4', rule: 'm', of: 'request' }, 'http/undecodable'],
    [{ path: '$.user', method: 'redact', rule: 'm', of: 'request' }, null],
    [{ detector: 'card', method: 'last4', rule: 'm' }, null],
  ] as const) {
    const obliged = oblige([verdict(mask)], of, means, { parts: ['tokens'] })
    assert.equal(obliged.kind === 'refused' ? obliged.refusal.rule : null, rule)
    assert.equal(oblige([verdict(mask)], of, means, { parts: ['text'] }).kind, 'plan')
  }
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

const never = new AbortController().signal

function meansOf(recogniser: ScriptedRecogniser): Means {
  return { ...means, recognisers: new Map(recogniser.detectors.map((name) => [name, recogniser])) }
}

function sending(
  recogniser: ScriptedRecogniser,
  of: Outgoing,
  ...masks: readonly MaskRule[]
): () => Promise<Sent> {
  const obliged = oblige([verdict(...masks)], of, meansOf(recogniser))
  assert.ok(obliged.kind === 'plan')
  const { request: made } = obliged.plan
  assert.ok(typeof made === 'function')
  return () => made(never)
}

const ofTheRequest = { detector: 'person', method: 'redact', rule: 'm', of: 'request' } as const

test('a request that a recogniser must look into is asked about only when it may be sent', async () => {
  const recogniser = new ScriptedRecogniser('Ann Lee')
  const body = `{"messages":[{"content":"Ann Lee pays with ${card}"}],  "n":1.0}`
  const send = sending(recogniser, request(body), ofTheRequest, {
    detector: 'card',
    method: 'last4',
    rule: 'm',
    of: 'request',
  })
  assert.equal(recogniser.asked.length, 0)
  const { outgoing, hidden } = await send()
  assert.equal(
    outgoing.body.toString(),
    body.replace('Ann Lee', '[masked]').replace(card, '************0015'),
  )
  assert.ok(recogniser.asked.includes(`Ann Lee pays with ${card}`))
  assert.deepEqual(hidden.map(({ column }) => column).toSorted(), ['request:card', 'request:person'])
})

test('a request of which the recogniser does not tell is not made', async () => {
  const recogniser = new ScriptedRecogniser('Ann Lee')
  recogniser.failure = new RecogniserFailed('down')
  await assert.rejects(sending(recogniser, request('{"a":"b"}'), ofTheRequest), RecogniserFailed)
})

test('a request that could not be looked into is refused at once, and nobody is asked', () => {
  const recogniser = new ScriptedRecogniser('Ann Lee')
  const by = meansOf(recogniser)
  assert.equal(refused(ofTheRequest, request('{"a":'), by), 'http/undecodable')
  assert.equal(refused(ofTheRequest, request('x', [['content-type', 'image/png']]), by), 'http/undecodable')
  assert.equal(refused(ofTheRequest, request(`"${'x'.repeat(1_048_576)}"`), by), 'http/undecodable')
  assert.equal(refused({ ...ofTheRequest, method: 'hash' }, request('{}'), by), 'policy/mask')
  assert.equal(refused(ofTheRequest, request(''), by), null)
  assert.deepEqual(recogniser.asked, [])
})

test('an answer that a recogniser must look into is one with masks', () => {
  const mask = { detector: 'person', method: 'redact', rule: 'm' } as const
  const by = meansOf(new ScriptedRecogniser('Ann Lee'))
  assert.equal(refused(mask, request('', [['range', 'x']]), by), 'http/in_parts')
  assert.equal(refused({ ...mask, method: 'hash' }, request(''), by), 'policy/mask')
  const obliged = oblige([verdict(mask)], request(''), by)
  assert.ok(obliged.kind === 'plan' && obliged.plan.answer?.recognised[0]?.detector === 'person')
})

test('a detector that nobody gives is a mistake of the policy, with recognisers or without', () => {
  const mask = { detector: 'passport', method: 'redact', rule: 'm' } as const
  assert.equal(refused(mask, request('{}'), meansOf(new ScriptedRecogniser('x'))), 'policy/mask')
  assert.equal(refused({ ...mask, detector: 'person' }, request('{}')), 'policy/mask')
})
