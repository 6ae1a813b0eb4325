import { ineligible, type Objection } from './approval.ts'
import type { EventReference } from './approval-view.ts'
import type { GrantBody, GrantEvent, GrantState, GrantView } from './grant-view.ts'

/**
 * What stands against an event of a grant's life, or `undefined`. A command asks before it appends, the fold when it
 * reads: what comes too late in the order of the log, or could not have been meant, changes nothing. `now` is the time
 * of the command, or of the event. Pure.
 */
export function grantObjection(
  view: GrantView,
  { type, data }: GrantBody,
  now: number,
): Objection | undefined {
  const state = grantStateAt(view, now)
  switch (type) {
    case 'GrantRequested':
      return conflict(whyOver.requested)
    case 'GrantGiven':
    case 'GrantRejected': {
      const reason = ineligible(view, { voter: data.by, people: data.people })
      if (reason !== undefined) return { kind: 'forbidden', reason }
      return state === 'requested' ? undefined : conflict(whyOver[state])
    }
    case 'GrantRevoked':
      return isGrantLive(state) ? undefined : conflict(whyOver[state])
  }
}

const whyOver: Readonly<Record<GrantState, string>> = {
  requested: 'This access was asked for already.',
  given: 'This access was given already.',
  rejected: 'This access was rejected.',
  revoked: 'This access was revoked.',
  ended: 'The time of this access is over.',
}

/** What the log says, or that its time is over, which the log need not say. */
export function grantStateAt(
  { state, endsAt }: Pick<GrantView, 'state' | 'endsAt'>,
  now: number,
): GrantState {
  return isGrantLive(state) && now >= endsAt ? 'ended' : state
}

/** It may still be decided, or is valid. */
export function isGrantLive(state: GrantState): boolean {
  return state === 'requested' || state === 'given'
}

/** Folds an event; `view` is `undefined` before the request. What changes nothing gives back the same view. */
export function evolveGrant(view: GrantView | undefined, event: GrantEvent): GrantView | undefined {
  if (view === undefined) return event.type === 'GrantRequested' ? requested(event) : undefined
  if (grantObjection(view, event, event.time) !== undefined) return view
  const { time } = event
  switch (event.type) {
    case 'GrantRequested':
      return view
    case 'GrantGiven': {
      const { by, reason, expires_ms: expires } = event.data
      const decided = { by, reason, time, event: referenceOf(event) }
      // Whatever was written down, nobody gives more than was asked for.
      return { ...view, state: 'given', endsAt: Math.min(expires, time + view.lifeMs), decided }
    }
    case 'GrantRejected': {
      const { by, reason } = event.data
      return { ...view, state: 'rejected', decided: { by, reason, time, event: referenceOf(event) } }
    }
    case 'GrantRevoked': {
      const { by, reason } = event.data
      return { ...view, state: 'revoked', revoked: { time, by, reason } }
    }
  }
}

function requested(event: GrantEvent & { readonly type: 'GrantRequested' }): GrantView {
  const { grant: id, life_ms: lifeMs, expires_ms: endsAt, ...data } = event.data
  return {
    ...data,
    id,
    state: 'requested',
    lifeMs,
    requestedAt: event.time,
    endsAt,
    decided: null,
    revoked: null,
    requested: referenceOf(event),
  }
}

function referenceOf({ id, hash }: Pick<GrantEvent, 'id' | 'hash'>): EventReference {
  return { id, hash: Buffer.from(hash).toString('hex') }
}

function conflict(reason: string): Objection {
  return { kind: 'conflict', reason }
}
