import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import {
  isSameCaller,
  refusal,
  Refused,
  type ApprovalState,
  type Identity,
  type VoteResult,
} from '@sluice/core'
import { acted, type ActedPorts } from './acted.ts'
import { approvalLine, approvalPage, type ApprovalLine, type PagePorts } from './approval-page.ts'
import { cancelSchema, listSchema, pageSchema, voteSchema } from './approval-schema.ts'
import { approvalsSeen } from './approval-search.ts'
import type { ApprovalsWanted } from './approval-records.ts'
import { sightOf, type Seen } from './approval-sight.ts'
import { caller } from './caller.ts'
import { Conflict } from './problem.ts'
import { rolesOf, type RolePorts } from './roles.ts'

export type ApprovalRoutesPorts = RolePorts & PagePorts & ActedPorts

interface ListRequest {
  readonly Querystring: Omit<ApprovalsWanted, 'state'> & { readonly state: ApprovalState | 'all' }
}

interface PageRequest {
  readonly Params: { readonly id: string }
}

interface VoteRequest extends PageRequest {
  readonly Body: { readonly vote: 'approve' | 'reject'; readonly reason?: string }
}

interface CancelRequest extends PageRequest {
  readonly Body: { readonly reason?: string }
}

/**
 * What waits for people. Everybody is asked for anew by each request: reading never votes, and only a request with a
 * token in its header does anything.
 */
export function approvals(ports: ApprovalRoutesPorts): FastifyPluginAsync {
  return async (app) => {
    app.get<ListRequest>('/v1/approvals', { schema: listSchema }, async (request) => {
      const { subject } = await caller(request, ports.authenticator)
      const { state, ...asked } = request.query
      const found = approvalsSeen({ ...asked, state: state === 'all' ? undefined : state }, subject, ports)
      return Promise.all(found.map(({ approval, sight }) => approvalLine(approval, sight, ports)))
    })

    app.get<PageRequest>('/v1/approvals/:id', { schema: pageSchema }, async (request) => {
      const { identity, approval, sight } = await seen(request, request.params.id, ports)
      return approvalPage(approval, sight, identity.subject, ports)
    })

    app.post<VoteRequest>('/v1/approvals/:id/votes', { schema: voteSchema }, async (request) => {
      return castVote(
        await caller(request, ports.authenticator),
        { approval: request.params.id, ...request.body },
        ports,
      )
    })

    app.post<CancelRequest>('/v1/approvals/:id/cancel', { schema: cancelSchema }, async (request) => {
      const cancelling = {
        ...(await seen(request, request.params.id, ports)),
        action: 'approval.cancel',
        details: {},
      }
      mayCancel(cancelling, ports)
      const { approval, identity } = cancelling
      const reason = request.body.reason ?? ''
      return answer(await ports.approvals.cancel(approval.id, identity.subject, reason), cancelling, ports)
    })
  }
}

export interface Ballot {
  readonly approval: string
  readonly vote: 'approve' | 'reject'
  readonly reason?: string
}

/** One vote, by whatever way it came in: throws `Refused` where it may not be cast, `Conflict` where it is too late. */
export async function castVote(
  identity: Identity,
  { approval: id, vote, reason = '' }: Ballot,
  ports: ApprovalRoutesPorts,
): Promise<ApprovalLine> {
  const voting = { ...seenBy(identity, id, ports), action: 'approval.vote', details: { vote } }
  mayVote(voting, ports)
  return answer(await ports.approvals.vote(id, identity, vote, reason), voting, ports)
}

/** What somebody tries to do with an approval that exists for them. */
interface Attempt extends Seen {
  readonly identity: Identity
  readonly action: string
  readonly details: Readonly<Record<string, string>>
}

async function seen(
  request: FastifyRequest,
  id: string,
  ports: ApprovalRoutesPorts,
): Promise<Seen & { readonly identity: Identity }> {
  return seenBy(await caller(request, ports.authenticator), id, ports)
}

function seenBy(
  identity: Identity,
  id: string,
  ports: ApprovalRoutesPorts,
): Seen & { readonly identity: Identity } {
  const approval = ports.approvals.find(id) ?? ports.past.get(id)?.view
  const sight = approval === undefined ? null : sightOf(approval, identity.subject, ports.roles)
  if (approval === undefined || sight === null) throw absent()
  return { identity, approval, sight }
}

function mayVote(attempt: Attempt, ports: ApprovalRoutesPorts): void {
  const { approval, identity } = attempt
  const { subject } = identity
  if (approval.people.includes(subject.id))
    throw refused('Nobody may vote on their own request.', attempt, ports)
  if (!rolesOf(subject, ports.roles).has('approver'))
    throw refused('This needs the role approver.', attempt, ports)
}

function mayCancel(attempt: Attempt, ports: ApprovalRoutesPorts): void {
  const { approval, identity } = attempt
  const { subject } = identity
  if (isSameCaller(approval.subject, subject) || rolesOf(subject, ports.roles).has('admin')) return
  throw refused('Only who asked for it, or an admin, may take it back.', attempt, ports)
}

async function answer(
  result: VoteResult,
  attempt: Attempt,
  ports: ApprovalRoutesPorts,
): Promise<ApprovalLine> {
  switch (result.kind) {
    case 'accepted':
      return approvalLine(result.approval, attempt.sight, ports)
    case 'conflict':
      throw new Conflict(result.reason, {
        approval: await approvalLine(result.approval, attempt.sight, ports),
      })
    case 'forbidden':
      throw refused(result.reason, attempt, ports)
    case 'unknown':
      // The book has forgotten it: it ended long ago.
      throw new Conflict(`This approval is ${attempt.approval.state}.`, {
        approval: await approvalLine(attempt.approval, attempt.sight, ports),
      })
  }
}

/** What was tried is recorded, since no event of the approval says so. */
function refused(why: string, attempt: Attempt, ports: ApprovalRoutesPorts): Refused {
  const { action, approval, identity, details } = attempt
  acted(ports, identity, { action, resource: approval.id, outcome: 'refused', details: { ...details, why } })
  const next = action === 'approval.vote' ? ` Ask one of ${approval.approvers.join(', ')}.` : ''
  return new Refused(refusal('denied', 'api/approval', `${why}${next}`))
}

/** The same for one of others as for one that never was. */
function absent(): Refused {
  return new Refused(refusal('target_unknown', 'api/approval', 'You can see no approval of that id here.'))
}
