import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { limits, systemClock, type Action, type Decision, type PolicyInput } from '@sluice/core'
import { openBundle, type Bundle } from './bundle.ts'
import { Compiler } from './compiler.ts'
import { PolicyError } from './diagnostic.ts'
import { openEngine, type Engine } from './engine.ts'
import { neutralInput } from './neutral-input.ts'
import { SpareThreads } from './spare-threads.ts'

const policy = `package sluice.rules.a

allow contains {"rule": "a/allow"} if input.action.kind in {"select", "fail", "hold", "large"}

deny contains {"rule": "a/group"} if "outlaws" in input.subject.groups

hold contains {"rule": "a/hold", "message": "Wait.", "approvers": ["dba"]} if input.action.kind == "hold"

deny contains {"rule": "a/fail"} if _conflict == 1

_conflict := 1 if input.action.kind == "fail"

_conflict := 2 if input.action.kind == "fail"

deny contains {"rule": "a/large"} if input.action.parameters[0] == "none"
`
const compiler = await Compiler.open(null)
const bundle = await bundled(policy)
const faults: string[] = []
const engine = await openEngine(bundle, systemClock, (what) => faults.push(what))
after(async () => {
  await engine.close()
  await compiler[Symbol.asyncDispose]()
})

function asking(kind: string, more: Partial<PolicyInput> = {}): PolicyInput {
  return { ...neutralInput, ...more, action: { ...neutralInput.action, kind } }
}

/** What nobody waited for is a decision that was kept. */
function kept(asked: Decision | Promise<Decision>): Decision {
  assert.ok(!(asked instanceof Promise), 'it was not kept')
  return asked
}

test('a decision is kept, and names its revision', async () => {
  const first = engine.evaluate(asking('select'))
  assert.ok(first instanceof Promise)
  const decision = await first
  assert.equal(decision.verdict.effect, 'allow')
  assert.equal(decision.revision, bundle.revision)
  assert.equal(kept(engine.evaluate(asking('select'))), decision)
  assert.throws(() => Object.assign(decision.verdict, { effect: 'deny' }), TypeError)
})

test('it is shared exactly by requests that the policy cannot tell apart', async () => {
  const decision = await engine.evaluate(asking('select'))
  const alike: readonly Partial<PolicyInput>[] = [
    { request_id: 'req_other' },
    { time: { now_ms: 1, weekday: 'friday', hour: 3 } },
    { client: { ip: '10.0.0.1', application: 'x' } },
    { subject: { ...neutralInput.subject, id: 'other', claims: { team: 'x' } } },
    { session: { ...neutralInput.session, id: 'ses_other' } },
  ]
  for (const more of alike) assert.equal(kept(engine.evaluate(asking('select', more))), decision)
  const outlaw = { subject: { ...neutralInput.subject, groups: ['outlaws'] } }
  const denied = engine.evaluate(asking('select', outlaw))
  assert.ok(denied instanceof Promise)
  assert.equal((await denied).verdict.effect, 'deny')
  assert.equal((await engine.evaluate(asking('insert'))).verdict.reasons[0]?.rule, 'sluice/no_allow')
})

test('requests for one document that come together are one evaluation', async () => {
  const more = { subject: { ...neutralInput.subject, groups: ['together'] } }
  const first = engine.evaluate(asking('select', more))
  assert.ok(first instanceof Promise)
  assert.equal(engine.evaluate(asking('select', more)), first)
  const decision = await first
  assert.equal(kept(engine.evaluate(asking('select', more))), decision)
})

test('a hold is never kept', async () => {
  for (let round = 0; round < 3; round++) {
    const asked = engine.evaluate(asking('hold'))
    assert.ok(asked instanceof Promise)
    assert.equal((await asked).verdict.effect, 'hold')
  }
})

test('what threw is denied, told to the operator each time, and never kept', async () => {
  faults.length = 0
  for (let round = 1; round <= 3; round++) {
    const asked = engine.evaluate(asking('fail'))
    assert.ok(asked instanceof Promise)
    const { verdict } = await asked
    assert.deepEqual([verdict.effect, verdict.reasons[0]?.rule], ['deny', 'policy/error'])
    assert.doesNotMatch(JSON.stringify(verdict), /conflict/, 'the caller reads nothing of the policy')
    assert.equal(faults.length, round)
    assert.match(faults[round - 1] ?? '', /conflict/)
  }
})

test('a request too large to be judged is denied', () => {
  const values = Array.from({ length: 40 }, () => 'x'.repeat(limits.policyLeafBytesMax / 2))
  const action: Action = { ...asking('large').action, parameters: values }
  const { verdict } = kept(engine.evaluate({ ...asking('large'), action }))
  assert.deepEqual([verdict.effect, verdict.reasons[0]?.rule], ['deny', 'policy/input_too_large'])
})

test('a request that cannot be written down is denied, never thrown', () => {
  const circle: unknown[] = []
  circle.push(circle)
  const deep: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
  for (const part of [circle, deep, [1n]]) {
    const action = { ...asking('select').action, parameters: part } as Action
    const { verdict } = kept(engine.evaluate({ ...asking('select'), action }))
    assert.deepEqual([verdict.effect, verdict.reasons[0]?.rule], ['deny', 'policy/error'])
  }
})

test('what is under way is answered before an engine retires, what comes later is denied', async () => {
  await using spares = new SpareThreads()
  const retiring = await openEngine(bundle, systemClock, () => {})
  const asked = Array.from({ length: 50 }, (_, n) =>
    retiring.evaluate(asking('select', { subject: { ...neutralInput.subject, groups: [`g${n}`] } })),
  )
  await retiring.retire(spares)
  for (const decision of asked) assert.equal((await decision).verdict.effect, 'allow')
  const late = await retiring.evaluate(asking('late'))
  assert.equal(late.verdict.reasons[0]?.rule, 'policy/closed')
})

const useless: readonly (readonly [what: string, text: string, problem: RegExp])[] = [
  [
    'answers with what Sluice does not know',
    'mask contains "nonsense"',
    /does not know: a mask is no object/,
  ],
  [
    'gives an obligation that Sluice does not know',
    'limit contains {"colour": 1}',
    /an obligation that Sluice/,
  ],
  ['fails', 'deny contains {"rule": x}\n\nx := 1 if input.version\n\nx := 2 if input.version', /conflict/],
]
for (const [what, text, problem] of useless)
  test(`a bundle that ${what} when nobody in particular asks is not taken`, async () => {
    const broken = await openBundle(
      { files: { 'a.rego': `package sluice.rules.a\n\n${text}\n` }, data: {} },
      null,
    )
    await assert.rejects(opened(broken), (error: unknown) => {
      assert.ok(error instanceof PolicyError)
      assert.match(error.message, problem)
      return true
    })
  })

function bundled(text: string): Promise<Bundle> {
  const sources = { files: { 'a.rego': text }, data: {} }
  return openBundle(sources, null, { build: (files) => compiler.build(files) })
}

function opened(of: Bundle): Promise<Engine> {
  return openEngine(of, systemClock, () => {})
}
