import { test } from 'node:test'
import assert from 'node:assert/strict'
import { limits, systemClock } from '@sluice/core'
import { Compiler } from './compiler.ts'
import type { Evaluated } from './evaluate.ts'
import { EvaluatorPool } from './pool.ts'

await using compiler = await Compiler.open(null)

/**
 * `endless` compares what lies in `data` already, so it takes time only. `greedy` makes new values all the time,
 * and a compiled policy gives no memory back before its end.
 */
const files = {
  'a.rego': `package sluice.rules.a

allow contains {"rule": "a/allow", "message": input.session.id}

deny contains {"rule": "a/endless"} if {
	input.action.kind == "endless"
	some a in data.names
	some b in data.names
	some c in data.names
	some d in data.names
	a != b
	b == c
	c == d
	d == "never"
}

deny contains {"rule": "a/greedy"} if {
	input.action.kind == "greedy"
	some a in numbers.range(1, 5000)
	some b in numbers.range(1, 5000)
	a + b == -1
}

# Each level is a list of the one below, sixteen times: little to keep, much to write.
mask contains [[[[[_level, _level], [_level, _level]], [_level, _level]], _level], _level] if {
	input.action.kind == "unfolding"
}

_level := [_lower | some _ in numbers.range(1, 16)]

_lower := [_lowest | some _ in numbers.range(1, 16)]

_lowest := [{} | some _ in numbers.range(1, 2000)]
`,
}
const data = {
  names: Array.from({ length: 300 }, (_, n) => `${n}`),
}
const { wasm } = await compiler.build({ files, data })
const module = await WebAssembly.compile(wasm)

function document(id: string, kind = 'select'): string {
  return JSON.stringify({ version: 1, action: { kind }, session: { id } })
}

test('each document gets its own verdict, however many at once', async () => {
  await using pool = await opened()
  const ids = Array.from({ length: 200 }, (_, index) => `s${index}`)
  const found = await Promise.all(ids.map((id) => pool.evaluate(document(id))))
  assert.deepEqual(
    found.map(({ verdict }) => verdict.reasons[0]?.message),
    ids,
  )
})

test('a policy that does not end costs its own request, and delays nobody else', async () => {
  await using pool = await opened()
  for (let n = 0; n < 50; n++) await pool.evaluate(document(`warm ${n}`))
  const started = performance.now()
  const runaway = pool.evaluate(document('x', 'endless')).then((evaluated) => ({
    evaluated,
    ms: performance.now() - started,
  }))
  let others = 0
  let slowest = 0
  let done = false
  void runaway.then(() => (done = true))
  while (!done) {
    const from = performance.now()
    const { verdict } = await pool.evaluate(document(`other ${others++}`))
    assert.equal(verdict.effect, 'allow')
    slowest = Math.max(slowest, performance.now() - from)
  }
  const { evaluated, ms } = await runaway
  assert.equal(evaluated.verdict.effect, 'deny')
  assert.equal(ruleOf(evaluated), 'policy/deadline')
  assert.match(evaluated.fault ?? '', /too long/)
  assert.ok(ms < limits.policyQueueWaitMs, `refused after ${ms} ms`)
  assert.ok(others > 5, `only ${others} others were judged meanwhile`)
  assert.ok(slowest < ms, `another one waited ${slowest} ms`)
})

test('a policy that takes all the memory it may have costs its own request', async () => {
  await using pool = await opened()
  const greedy = await pool.evaluate(document('x', 'greedy'))
  assert.equal(greedy.verdict.effect, 'deny')
  // Which of its two bounds it meets first depends on the machine.
  assert.match(`${ruleOf(greedy)}: ${greedy.fault}`, /^policy\/error: opa_malloc|^policy\/deadline/)
  assert.equal((await pool.evaluate(document('after'))).verdict.effect, 'allow')
})

test('an answer far larger than what it was made of costs its own request', async () => {
  await using pool = await opened()
  const unfolded = await pool.evaluate(document('x', 'unfolding'))
  assert.equal(unfolded.verdict.effect, 'deny')
  assert.match(ruleOf(unfolded), /^policy\/(malformed|deadline|error)$/)
  assert.equal((await pool.evaluate(document('after'))).verdict.effect, 'allow')
})

test('more runaways than threads: all refused, and the pool recovers', async () => {
  await using pool = await opened()
  const runaways = Array.from({ length: 2 * limits.policyThreadsMax }, (_, n) =>
    pool.evaluate(document(`${n}`, 'endless')),
  )
  for (const { verdict } of await Promise.all(runaways)) assert.equal(verdict.effect, 'deny')
  const { verdict } = await pool.evaluate(document('after'))
  assert.equal(verdict.effect, 'allow')
})

test('an event loop that was held up refuses nobody', async () => {
  await using pool = await opened()
  const asked = pool.evaluate(document('patient'))
  const until = performance.now() + limits.policyEvaluateWallMs + 100
  while (performance.now() < until);
  assert.equal((await asked).verdict.effect, 'allow')
})

test('the queue is bounded: who finds it full is refused at once', async () => {
  await using pool = await opened()
  const room = limits.policyQueueMax + limits.policyThreads
  const asked = Array.from({ length: room + 10 }, (_, n) => pool.evaluate(document(`${n}`)))
  const early: string[] = []
  for (const one of asked) void one.then((evaluated) => early.push(ruleOf(evaluated)))
  // Only what is settled already gets its turn before the next message of a thread is read.
  for (let turn = 0; turn < 3; turn++) await Promise.resolve()
  assert.deepEqual(
    early,
    Array.from({ length: 10 }, () => 'policy/overloaded'),
  )
  await Promise.all(asked)
})

test('closing refuses what waits and what comes', async () => {
  const pool = await opened()
  const waiting = Array.from({ length: 10 }, (_, n) => pool.evaluate(document(`${n}`, 'endless')))
  await pool.close()
  waiting.push(pool.evaluate(document('late')))
  for (const evaluated of await Promise.all(waiting)) assert.equal(ruleOf(evaluated), 'policy/closed')
})

test('a module that cannot be loaded rejects at the start', async () => {
  await assert.rejects(EvaluatorPool.open({ module, data: 'no json' }, systemClock))
})

function opened(): Promise<EvaluatorPool> {
  return EvaluatorPool.open({ module, data: JSON.stringify(data) }, systemClock)
}

function ruleOf({ verdict }: Evaluated): string {
  return verdict.reasons[0]?.rule ?? ''
}
