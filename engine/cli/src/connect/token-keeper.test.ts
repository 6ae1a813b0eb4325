import { test } from 'node:test'
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '@sluice/core'
import { Unreachable } from '../command.ts'
import { TokenKeeper } from './token-keeper.ts'

/** A keeper whose tokens are numbers, live for 90 s and can fail, on a clock that is moved by hand. */
function scripted() {
  let now = 0
  const timers = new Set<{ readonly at: number; readonly run: () => void }>()
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after: (ms, run) => {
      const timer = { at: now + ms, run }
      timers.add(timer)
      return { [Symbol.dispose]: () => void timers.delete(timer) }
    },
  }
  const state = { obtained: 0, lifeMs: 90_000, failure: null as Error | null, refusal: null as Error | null }
  const carried: string[] = []
  const reports: string[] = []
  const keeper = new TokenKeeper({
    clock,
    obtain: async () => {
      await turn()
      if (state.failure !== null) throw state.failure
      return { token: `slu_${++state.obtained}`, lifeMs: state.lifeMs }
    },
    carryOn: async (former, current) => {
      if (state.refusal !== null) throw state.refusal
      carried.push(`${former} → ${current}`)
    },
    report: (what, error) => void reports.push(`${what}: ${(error as Error).message}`),
  })
  /** `late`: the clock jumps and no timer fires, as after a sleep. */
  async function pass(seconds: number, late = false): Promise<void> {
    now += seconds * 1000
    for (const timer of late ? [] : [...timers].filter(({ at }) => at <= now)) {
      timers.delete(timer)
      timer.run()
    }
    for (let turns = 0; turns < 5; turns++) await turn()
  }
  return { keeper, state, carried, reports, pass, waiting: () => timers.size }
}

test('one token serves everybody until it is renewed, and what lived by it is carried on', async () => {
  const { keeper, state, carried, pass } = scripted()
  assert.deepEqual(await Promise.all([keeper.current(), keeper.current()]), ['slu_1', 'slu_1'])
  await pass(59)
  assert.equal(await keeper.current(), 'slu_1')
  await pass(1)
  assert.equal(await keeper.current(), 'slu_2')
  await pass(60)
  assert.deepEqual([state.obtained, carried], [3, ['slu_1 → slu_2', 'slu_2 → slu_3']])
})

test('what began by the former token while it was renewed is carried on as well', async () => {
  const { keeper, carried, pass } = scripted()
  keeper.begun(await keeper.current())
  assert.deepEqual(carried, [])
  await pass(60)
  keeper.begun('slu_1')
  assert.deepEqual(carried, ['slu_1 → slu_2', 'slu_1 → slu_2'])
})

test('while a provider is down the token serves to its end, and its end is the end', async () => {
  const { keeper, state, reports, pass } = scripted()
  await keeper.current()
  state.failure = new Unreachable('nobody is there')
  await pass(60)
  await pass(10)
  assert.equal(await keeper.current(), 'slu_1')
  assert.match(reports[0] ?? '', /not renewed, and is tried again: nobody is there/)
  await pass(20)
  await assert.rejects(keeper.current(), /nobody is there/)
  state.failure = null
  assert.equal(await keeper.current(), 'slu_2')
})

test('after a sleep nobody gets the token of before', async () => {
  const { keeper, pass } = scripted()
  await keeper.current()
  await pass(3600, true)
  assert.equal(await keeper.current(), 'slu_2')
})

test('a provider whose token is about to end is not asked without a pause', async () => {
  const { keeper, state, pass } = scripted()
  state.lifeMs = 0
  await keeper.current()
  for (let times = 0; times < 10; times++) await pass(0.05)
  assert.equal(state.obtained, 1)
  await pass(0.5)
  assert.equal(state.obtained, 2)
})

test('sessions are carried on later where the gateway was down, and not where it refuses', async () => {
  const { keeper, state, carried, reports, pass } = scripted()
  await keeper.current()
  state.refusal = new Unreachable('down')
  await pass(60)
  assert.equal(reports.length, 1)
  state.refusal = null
  await pass(1)
  assert.deepEqual(carried, ['slu_1 → slu_2'])
  state.refusal = new Error('of another subject')
  await pass(60)
  await pass(5)
  assert.equal(reports.length, 2, 'it is not asked again')
})

test('each token is prepared before anybody has it, and one with which that fails is none', async () => {
  const { keeper, state, carried, reports, pass } = scripted()
  const prepared: string[] = []
  let failure: Error | null = null
  await keeper.prepare(async (token) => {
    if (failure !== null) throw failure
    await turn()
    prepared.push(token)
  })
  assert.deepEqual(prepared, ['slu_1'])
  failure = new Unreachable('no certificate')
  await pass(60)
  assert.match(reports[0] ?? '', /not renewed, and is tried again: no certificate/)
  assert.deepEqual([await keeper.current(), carried], ['slu_1', []])
  failure = null
  await pass(1)
  assert.equal(await keeper.current(), `slu_${state.obtained}`)
  assert.deepEqual(prepared, ['slu_1', `slu_${state.obtained}`])
  assert.deepEqual(carried, [`slu_1 → slu_${state.obtained}`])
  await assert.rejects(
    keeper.prepare(() => Promise.reject(new Error('refused'))),
    /refused/,
  )
})

test('a keeper that is closed waits for nothing', async () => {
  const { keeper, waiting } = scripted()
  await keeper.current()
  keeper.close()
  assert.equal(waiting(), 0)
})
