import { test } from 'node:test'
import assert from 'node:assert/strict'
import { allow, scriptedExchange } from './scripted.ts'
import { hello, world } from './scripted-gate.ts'

const usage = {
  model: 'a-model',
  input_tokens: 30,
  output_tokens: 12,
  cost_micros: 7,
  estimated: false,
} as const

async function asked(change: Parameters<typeof scriptedExchange>[3], times = 1) {
  const limited = { ...allow, limits: { rows: 1, bytes: null, timeout_ms: null } }
  const { engine, events } = world({ chat: limited })
  const session = await engine.open(hello)
  const lane = session.lane()
  const wire = { upstream: [], client: [] }
  for (let time = 0; time < times; time++)
    await lane.submit([scriptedExchange(wire, 'chat', ['one', 'two'], change)], false)[0]?.done
  const facts = engine.session(session.id)?.facts
  const completed = events.flatMap(({ type, data }) => (type === 'ResponseCompleted' ? [data] : []))
  return { completed, spent: [facts?.tokens, facts?.cost_micros] }
}

test('what an exchange used is recorded, and counts for its session', async () => {
  const { completed, spent } = await asked({ usage: () => usage }, 2)
  assert.deepEqual(
    completed.map((each) => each.usage),
    [usage, usage],
  )
  assert.deepEqual(spent, [84, 14])
})

test('also when its answer was cut', async () => {
  const { completed, spent } = await asked({ usage: () => usage })
  assert.deepEqual([completed[0]?.outcome, completed[0]?.usage], ['cut', usage])
  assert.deepEqual(spent, [42, 7])
})

test('without a price it costs nothing that could be counted', async () => {
  const { completed, spent } = await asked({ usage: () => ({ ...usage, cost_micros: null }) })
  assert.equal(completed[0]?.usage?.cost_micros, null)
  assert.deepEqual(spent, [42, 0])
})

test('a protocol that counts nothing uses nothing', async () => {
  const { completed, spent } = await asked({})
  assert.equal(completed[0]?.usage, null)
  assert.deepEqual(spent, [0, 0])
})
