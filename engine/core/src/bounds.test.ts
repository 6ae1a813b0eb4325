import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { Admission, Outcome } from './adapter.ts'
import { OrderedLane } from './lane.ts'
import { allow, pieces, scriptedContext, scriptedExchange, ScriptedLog, type Wire } from './scripted.ts'

function wireOf(): Wire {
  return { upstream: [], client: [] }
}

async function outcomes(admissions: readonly Admission[]): Promise<readonly Outcome['outcome'][]> {
  return (await Promise.all(admissions.map((admission) => admission.done))).map(({ outcome }) => outcome)
}

test('what is cut is recorded as far as it was shown, with the limit that cut it', async () => {
  const log = new ScriptedLog()
  const limited = { ...allow, limits: { rows: 2, bytes: null, timeout_ms: null } }
  const lane = new OrderedLane(scriptedContext(log, { a: limited }))
  await outcomes(lane.submit([scriptedExchange(wireOf(), 'a', ['1', '2', '3'])], false))
  const completed = log.bodies.find(({ type }) => type === 'ResponseCompleted')
  assert.ok(completed?.type === 'ResponseCompleted')
  const { outcome, status, rows, bytes } = completed.data
  assert.deepEqual(
    { outcome, status, rows, bytes },
    { outcome: 'cut', status: 'policy/limit_rows', rows: 2, bytes: 2 },
  )
})

test('nothing is under way behind an answer that may be cut, and what is behind one that was is skipped', async () => {
  const wire = wireOf()
  const limited = { ...allow, limits: { rows: 1, bytes: null, timeout_ms: null } }
  const lane = new OrderedLane(scriptedContext(new ScriptedLog(), { a: limited, b: limited }))
  const exchanges = [
    scriptedExchange(wire, 'a', ['1'], { reply: () => assert.deepEqual(wire.upstream, ['a']) }),
    scriptedExchange(wire, 'b', ['1', '2']),
    scriptedExchange(wire, 'c'),
  ]
  assert.deepEqual(await outcomes(lane.submit(exchanges, true)), ['completed', 'cut', 'skipped'])
  assert.deepEqual(wire.upstream, ['a', 'b'])
})

test('a time limit ends an answer that does not come, and one that nobody takes', async () => {
  for (const change of [{ forward: () => endless() }, { reply: () => new Promise<void>(() => {}) }]) {
    const wire = wireOf()
    const timers: (() => void)[] = []
    const limited = { ...allow, limits: { rows: null, bytes: null, timeout_ms: 50 } }
    const lane = new OrderedLane({
      ...scriptedContext(new ScriptedLog(), { a: limited }),
      after: (_ms, work) => {
        timers.push(work)
        return { [Symbol.dispose]: () => {} }
      },
    })
    const refused: string[] = []
    const exchange = scriptedExchange(wire, 'a', ['1'], {
      ...change,
      refuse: ({ code, rule }) => {
        refused.push(`${code} ${rule}`)
        return pieces([])
      },
    })
    const admissions = lane.submit([exchange], false)
    while (timers.length === 0) await turn()
    await turn()
    for (const timer of timers) timer()
    assert.deepEqual(await outcomes(admissions), ['cut'])
    assert.deepEqual(refused, ['cancelled policy/limit_time'])
  }
})

async function* endless(): AsyncGenerator<string> {
  await new Promise(() => {})
  yield ''
}
