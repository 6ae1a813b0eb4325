import type { ApprovalBody, ApprovalEvent, ApprovalState, ApprovalView, Vote } from './approval-view.ts'
import type { VoteRecord } from './events.ts'
import { limits } from './limits.ts'
import { sharesPeople } from './people.ts'
import type { Revocation } from './revocation.ts'

/** Why a command is refused: its caller may never give it, or it comes too late. */
export interface Objection {
  readonly kind: 'forbidden' | 'conflict'
  readonly reason: string
}

/**
 * What stands against an event of an approval's life, or `undefined`. A command asks before it appends, the fold when
 * it reads: what comes too late in the order of the log, or could not have been meant, changes nothing. `now` is the
 * time of the command, or of the event. Pure.
 */
export function objection(
  view: ApprovalView,
  { type, data }: ApprovalBody,
  now: number,
): Objection | undefined {
  const state = stateAt(view, now)
  switch (type) {
    case 'ApprovalRequested':
      return conflict('This approval was asked for already.')
    case 'ApprovalGranted':
    case 'ApprovalRejected':
      return voteObjection(view, data, type === 'ApprovalGranted', state)
    case 'ApprovalConsumed':
      if (state !== 'approved') return over(state)
      return view.uses.some(({ exchange }) => exchange === data.exchange)
        ? conflict('This execution was released already.')
        : undefined
    case 'ApprovalCancelled':
    case 'ApprovalExpired':
      // Also when its time is over by then: what was claimed before and is recorded after must find that it ended.
      return isLive(view.state) ? undefined : over(view.state)
  }
}

function voteObjection(
  view: ApprovalView,
  vote: VoteRecord,
  approves: boolean,
  state: ApprovalState,
): Objection | undefined {
  const reason = ineligible(view, vote)
  if (reason !== undefined) return { kind: 'forbidden', reason }
  if (state !== 'pending') return over(state)
  const voted = view.votes.some(({ people }) => sharesPeople(people, vote.people))
  return approves && voted ? conflict('This person has voted already.') : undefined
}

/** Why this voter can never vote on it; `undefined` when they can. */
export function ineligible(
  { approvers, people }: Pick<ApprovalView, 'approvers' | 'people'>,
  { voter, people: behind }: Pick<VoteRecord, 'voter' | 'people'>,
): string | undefined {
  if (voter.type !== 'human' || voter.on_behalf_of !== null)
    return 'Only a person in their own name may vote.'
  if (sharesPeople(people, [voter.id, ...behind])) return 'Nobody may vote on their own request.'
  return isAmong(voter.groups, approvers) ? undefined : 'This person is not among the approvers.'
}

/**
 * Whether enough of those who approved may still do so. `groupsOf` gives the groups in which somebody was seen last,
 * or `undefined` when nothing newer than the vote is known.
 */
export function isReleased(
  { votes, approvers, quorum }: Pick<ApprovalView, 'votes' | 'approvers' | 'quorum'>,
  groupsOf: (voter: string) => readonly string[] | undefined,
): boolean {
  const standing = votes.filter(
    ({ vote, voter }) => vote === 'approve' && isAmong(groupsOf(voter.id) ?? voter.groups, approvers),
  )
  return standing.length >= quorum
}

/** What the log says, or that its time is over before the log says so. */
export function stateAt(
  { state, expiresAt }: Pick<ApprovalView, 'state' | 'expiresAt'>,
  now: number,
): ApprovalState {
  return isLive(state) && now >= expiresAt ? 'expired' : state
}

/** Not ended: pending, or approved and not used up. */
export function isLive(state: ApprovalState): boolean {
  return state === 'pending' || state === 'approved'
}

/** Folds an event; `view` is `undefined` before the request. What changes nothing gives back the same view. */
export function evolveApproval(
  view: ApprovalView | undefined,
  event: ApprovalEvent,
): ApprovalView | undefined {
  if (view === undefined) return event.type === 'ApprovalRequested' ? requested(event) : undefined
  if (objection(view, event, event.time) !== undefined) return view
  const { time } = event
  switch (event.type) {
    case 'ApprovalRequested':
      return view
    case 'ApprovalGranted': {
      const votes = [...view.votes, voteOf('approve', event)]
      return { ...view, votes, state: votes.length >= view.quorum ? 'approved' : 'pending' }
    }
    case 'ApprovalRejected': {
      const { voter, people, reason } = event.data
      const others = view.votes.filter((vote) => !sharesPeople(vote.people, people))
      const votes = [...others, voteOf('reject', event)]
      return { ...view, votes, state: 'rejected', ended: { time, by: voter.id, reason } }
    }
    case 'ApprovalExpired':
      return expired(view, time, event.data.reason)
    case 'ApprovalCancelled': {
      const { by, reason } = event.data
      return { ...view, state: 'cancelled', ended: { time, by, reason } }
    }
    case 'ApprovalConsumed':
      return consumed(view, event)
  }
}

/**
 * Without the votes that were given by what was revoked since. One that has too few left waits for people again. What has
 * none of them gives back the same view.
 */
export function withoutRevoked(view: ApprovalView, revocation: Revocation): ApprovalView {
  const votes = view.votes.filter((vote) => !isGivenBy(vote, revocation))
  if (votes.length === view.votes.length) return view
  return { ...view, votes, state: votes.length >= view.quorum ? view.state : 'pending' }
}

/** A person votes by what was issued before: an earlier vote was by an earlier token. */
function isGivenBy({ voter, token, time }: Vote, revocation: Revocation): boolean {
  if (revocation.kind === 'token') return revocation.token === token
  return revocation.subject === voter.id && time <= revocation.issuedUpTo
}

/** `gateway`: the incarnation that asked is gone, and whoever waited with it. */
export function expired(view: ApprovalView, time: number, reason: 'time' | 'gateway'): ApprovalView {
  const why = reason === 'time' ? 'its time is over' : 'the gateway that asked for it restarted'
  return { ...view, state: 'expired', ended: { time, by: 'gateway', reason: why } }
}

function requested(event: ApprovalEvent & { readonly type: 'ApprovalRequested' }): ApprovalView {
  const { approval: id, shown_bytes: shownBytes, expires_ms: expiresAt, ...data } = event.data
  const { time: requestedAt, writer, epoch } = event
  return {
    ...data,
    id,
    state: 'pending',
    shownBytes,
    // Whatever was written down, nothing passes without a vote.
    quorum: Math.max(1, data.quorum),
    requestedAt,
    expiresAt,
    votes: [],
    uses: [],
    ended: null,
    writer,
    epoch,
    requested: referenceOf(event),
  }
}

function voteOf(
  vote: Vote['vote'],
  event: ApprovalEvent & { readonly type: 'ApprovalGranted' | 'ApprovalRejected' },
): Vote {
  const { voter, people, token_id: token, reason } = event.data
  return { voter, people, token, vote, reason, time: event.time, event: referenceOf(event) }
}

function consumed(
  view: ApprovalView,
  event: ApprovalEvent & { readonly type: 'ApprovalConsumed' },
): ApprovalView {
  const { session, exchange, decision } = event.data
  const { time } = event
  const uses = [...view.uses, { session, exchange, decision, time, event: referenceOf(event) }]
  const usedUp = view.scope === 'once' || uses.length >= limits.approvalUsesMax
  if (!usedUp) return { ...view, uses }
  return { ...view, uses, state: 'consumed', ended: { time, by: view.subject.id, reason: 'it was used' } }
}

function referenceOf({ id, hash }: Pick<ApprovalEvent, 'id' | 'hash'>): Vote['event'] {
  return { id, hash: Buffer.from(hash).toString('hex') }
}

function isAmong(groups: readonly string[], approvers: readonly string[]): boolean {
  return groups.some((group) => approvers.includes(group))
}

function over(state: ApprovalState): Objection {
  return conflict(`This approval is ${state}.`)
}

function conflict(reason: string): Objection {
  return { kind: 'conflict', reason }
}
