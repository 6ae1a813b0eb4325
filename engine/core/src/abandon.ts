import { decide, evolve } from './decider.ts'
import type { Settled } from './enforce.ts'
import { refusal } from './errors.ts'
import type { Entry, LaneContext } from './lane.ts'
import { lapsed } from './permit.ts'
import { StoreError } from './ports.ts'
import { worded } from './wording.ts'

/** What was decided and comes to nothing: the log says why. */
export function abandon<Up, Down, Plan>(
  entry: Entry<Up, Down, Plan>,
  reason: string,
  lane: LaneContext,
): void {
  if (entry.state.kind !== 'running' && entry.state.kind !== 'held') return
  const bodies = decide({ kind: 'abandon', exchange: entry.id, session: lane.session, reason }, entry.state)
  for (const body of bodies) entry.state = evolve(entry.state, body)
  lane.appendAbandoned(...bodies)
}

/**
 * The append may still land later (the log never gives a batch up), so an exchange that it would show as allowed is
 * followed by ExchangeAbandoned.
 */
export function unrecorded<Up, Down, Plan>(
  entry: Entry<Up, Down, Plan>,
  error: unknown,
  lane: LaneContext,
): Settled<Up, Down, Plan> {
  const mayLand = error instanceof StoreError && error.reason !== 'full' && error.reason !== 'closed'
  if (mayLand) abandon(entry, error instanceof Error ? error.message : String(error), lane)
  return { kind: 'refused', entry, refusal: worded(logUnavailable, null) }
}

const logUnavailable = refusal('log_unavailable', 'sluice/log', 'The decision could not be recorded.')

/** A caller that gave up while its request waited gets nothing performed, and the log says so. */
export function withdraw<Up, Down, Plan>(
  place: Settled<Up, Down, Plan>,
  lane: LaneContext,
): Settled<Up, Down, Plan> {
  const { entry } = place
  if (place.kind !== 'allowed' || entry.stop.requested === undefined) return place
  const reason = 'the caller gave up before it was performed'
  abandon(entry, reason, lane)
  return { kind: 'refused', entry, refusal: worded(cancelled, place.permit.decision) }
}

/**
 * A process that slept may have been taken for lost, and what it was doing ended by others: a decision that became
 * durable before is then not performed any more. No await lies between this and the effect.
 */
export function withhold<Up, Down, Plan>(
  place: Settled<Up, Down, Plan>,
  lane: LaneContext,
): Settled<Up, Down, Plan> {
  const { entry } = place
  if (place.kind !== 'allowed' || lane.live()) return place
  abandon(entry, 'the lease of the gateway had lapsed', lane)
  return { kind: 'refused', entry, refusal: worded(lapsed, place.permit.decision) }
}

const cancelled = refusal('cancelled', 'sluice/cancel', 'The request was cancelled before it was performed.')
