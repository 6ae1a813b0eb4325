import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { ApprovalState } from '@sluice/core'
import { Random } from './random.ts'
import { World } from './world.ts'

/**
 * Approvals of two gateways on one log, in orders that nobody wrote: asking, approving, refusing, cancelling and
 * disconnecting among time-outs, restarts, reloads and events of a third writer. Whatever happens, an approval has one
 * end, nothing is done without its quorum, and nothing twice. A seed repeats its interleaving.
 */

const cases = Number(process.env['SLUICE_SIMULATION_CASES'] ?? 2_000)
const seed = Number(process.env['SLUICE_SIMULATION_SEED'] ?? 1)

test(`${cases} interleavings from seed ${seed} on`, { timeout: 3_600_000 }, async (t) => {
  const states: Record<ApprovalState, number> = {
    pending: 0,
    approved: 0,
    rejected: 0,
    expired: 0,
    cancelled: 0,
    consumed: 0,
  }
  let effects = 0
  for (let at = seed; at < seed + cases; at++) {
    const random = new Random(at)
    const world = new World(random)
    try {
      const outcome = await world.run(20 + random.below(80))
      effects += outcome.effects
      for (const [state, count] of Object.entries(outcome.states)) states[state as ApprovalState] += count
    } catch (error) {
      throw new Error(`seed ${at}: ${world.trace.join(' ')}`, { cause: error })
    }
  }
  t.diagnostic(`seeds ${seed} to ${seed + cases - 1}: ${effects} effects, ${JSON.stringify(states)}`)
  // Interleavings in which nothing comes about would prove nothing.
  assert.ok(effects > cases / 20, `${effects} effects`)
  for (const state of ['rejected', 'expired', 'cancelled', 'consumed'] as const)
    assert.ok(states[state] > cases / 50, `${states[state]} ${state}`)
})
