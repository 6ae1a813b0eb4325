import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { EventData, EventType, NewEvent } from '@sluice/core'
import { readExchanges } from './exchange-log.ts'
import { ScriptedStore } from './scripted.ts'

let made = 0

function event<T extends EventType>(type: T, data: Partial<EventData[T]>): NewEvent {
  return { id: `evt_${made++}`, type, time: 1_000, data } as unknown as NewEvent
}

const actions = JSON.stringify([
  { name: 'sql.delete', kind: 'delete', relations: [{ schema: 'public', name: 'orders' }] },
])

async function filled(session: string, exchanges: number): Promise<ScriptedStore> {
  const store = new ScriptedStore()
  const add = (...events: readonly [NewEvent, ...NewEvent[]]) => store.append({ stream: session, events })
  await add(event('SessionOpened', { session, target: 'shop' }))
  for (let index = 0; index < exchanges; index++)
    await add(
      event('RequestReceived', { exchange: `exc_${index}`, actions, bytes: 10 }),
      event('DecisionMade', {
        exchange: `exc_${index}`,
        effect: 'allow',
        rule: 'r',
        decision: `dec_${index}`,
      }),
    )
  return store
}

test('an exchange is what its events say, step by step', async () => {
  const store = await filled('ses_1', 1)
  const read = async () => (await readExchanges(store, 'ses_1', { after: undefined, last: 10 })).exchanges[0]
  assert.deepEqual(await read(), {
    exchange: 'exc_0',
    at: new Date(1_000).toISOString(),
    action: 'sql.delete',
    relations: ['public.orders'],
    bytes: 10,
    effect: 'allow',
    rule: 'r',
    decision: 'dec_0',
    outcome: 'running',
    status: null,
    rows: 0,
    masked: 0,
  })
  const masked = [
    { column: 'public.orders.total', method: 'stars', values: 2 },
    { column: 'public.orders.id', method: 'stars', values: 3 },
  ]
  const usage = { model: 'm', input_tokens: 30, output_tokens: 12, cost_micros: 7, estimated: false }
  const done = { exchange: 'exc_0', outcome: 'completed', status: null, rows: 4, masked, usage } as const
  await store.append({ stream: 'ses_1', events: [event('ResponseCompleted', done)] })
  const after = await read()
  assert.deepEqual([after?.outcome, after?.rows, after?.masked], ['completed', 4, 5])
  const { spent } = await readExchanges(store, 'ses_1', { after: undefined, last: 10 })
  assert.deepEqual(spent, { tokens: 42, cost_micros: 7 })
})

for (const [effect, outcome] of [
  ['deny', 'refused'],
  ['hold', 'held'],
] as const)
  test(`a decision to ${effect} makes it ${outcome}`, async () => {
    const store = await filled('ses_1', 1)
    const data = { exchange: 'exc_0', effect, rule: 'r', decision: 'dec_x' } as const
    await store.append({ stream: 'ses_1', events: [event('DecisionMade', data)] })
    const [line] = (await readExchanges(store, 'ses_1', { after: undefined, last: 1 })).exchanges
    assert.equal(line?.outcome, outcome)
  })

test('of many only the latest are held, and other sessions are none of them', async () => {
  const store = await filled('ses_1', 50)
  await store.append({
    stream: 'ses_2',
    events: [event('RequestReceived', { exchange: 'exc_other', actions, bytes: 1 })],
  })
  const { exchanges } = await readExchanges(store, 'ses_1', { after: undefined, last: 3 })
  assert.deepEqual(
    exchanges.map(({ exchange }) => exchange),
    ['exc_47', 'exc_48', 'exc_49'],
  )
})

test('what takes too long is given up, and says so', async () => {
  const store = await filled('ses_1', 50)
  let now = 0
  const within = { ms: 10, clock: { monotonic: () => now++ } }
  const read = await readExchanges(store, 'ses_1', { after: undefined, last: 100, within })
  assert.equal(read.complete, false)
  assert.ok(read.exchanges.length < 50)
})
