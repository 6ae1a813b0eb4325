import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import {
  isGrantLive,
  isSameCaller,
  refusal,
  Refused,
  type GrantResult,
  type Grants,
  type GrantState,
  type GrantView,
  type Identity,
  type Targets,
} from '@sluice/core'
import { acted, type ActedPorts } from './acted.ts'
import { caller } from './caller.ts'
import { grantLine, type GrantLine } from './grant-line.ts'
import { decisionSchema, grantSchema, listSchema, requestSchema, revokeSchema } from './grant-schema.ts'
import { isGiver, isVisible } from './grant-sight.ts'
import { Conflict } from './problem.ts'
import { rolesOf, type RolePorts } from './roles.ts'

export interface GrantRoutesPorts extends RolePorts, ActedPorts {
  readonly grants: Grants
  readonly targets: Targets
}

interface AskRequest {
  readonly Body: {
    readonly target: string
    readonly role: string
    readonly life_ms: number
    readonly reason: string
  }
}

interface ListRequest {
  readonly Querystring: { readonly state: GrantState | 'live' | 'all'; readonly last: number }
}

interface OneGrant {
  readonly Params: { readonly id: string }
}

interface DecisionRequest extends OneGrant {
  readonly Body: { readonly decision: 'grant' | 'reject'; readonly reason?: string }
}

interface RevokeRequest extends OneGrant {
  readonly Body: { readonly reason?: string } | null | undefined
}

/** Access for a while: asked for, given by somebody else, seen, and taken back. */
export function grants(ports: GrantRoutesPorts): FastifyPluginAsync {
  return async (app) => {
    app.post<AskRequest>('/v1/grants', { schema: requestSchema }, async (request) => {
      const { subject } = await caller(request, ports.authenticator)
      const { target, role, life_ms: lifeMs, reason } = request.body
      if (ports.targets.find(target) === undefined)
        throw new Refused(refusal('target_unknown', 'api/grant', `There is no target ${target} here.`))
      return grantLine(await ports.grants.request({ subject, target, role, lifeMs, reason }))
    })

    app.get<ListRequest>('/v1/grants', { schema: listSchema }, async (request) => {
      const { subject } = await caller(request, ports.authenticator)
      const { state, last } = request.query
      return ports.grants
        .list()
        .filter((grant) => isIn(grant, state) && isVisible(grant, subject, ports.roles))
        .slice(-last)
        .map(grantLine)
    })

    app.get<OneGrant>('/v1/grants/:id', { schema: grantSchema }, async (request) => {
      const { grant } = await seen(request, request.params.id, ports)
      return grantLine(grant)
    })

    app.post<DecisionRequest>('/v1/grants/:id/decision', { schema: decisionSchema }, async (request) => {
      const { decision, reason = '' } = request.body
      const deciding = {
        ...(await seen(request, request.params.id, ports)),
        action: 'grant.decide',
        details: { decision },
      }
      mayDecide(deciding, ports)
      const { grant, identity } = deciding
      const how = decision === 'grant' ? 'give' : 'reject'
      return answer(await ports.grants.decide(grant.id, identity, how, reason), deciding, ports)
    })

    app.delete<RevokeRequest>('/v1/grants/:id', { schema: revokeSchema }, async (request) => {
      const revoking = {
        ...(await seen(request, request.params.id, ports)),
        action: 'grant.revoke',
        details: {},
      }
      mayRevoke(revoking, ports)
      const { grant, identity } = revoking
      const reason = request.body?.reason ?? ''
      return answer(await ports.grants.revoke(grant.id, identity.subject, reason), revoking, ports)
    })
  }
}

function isIn({ state }: GrantView, wanted: GrantState | 'live' | 'all'): boolean {
  return wanted === 'all' || (wanted === 'live' ? isGrantLive(state) : state === wanted)
}

/** A grant that exists for whoever calls. */
interface Seen {
  readonly identity: Identity
  readonly grant: GrantView
}

/** What somebody tries to do with it. */
interface Attempt extends Seen {
  readonly action: string
  readonly details: Readonly<Record<string, string>>
}

async function seen(request: FastifyRequest, id: string, ports: GrantRoutesPorts): Promise<Seen> {
  const identity = await caller(request, ports.authenticator)
  const grant = ports.grants.find(id)
  if (grant === undefined || !isVisible(grant, identity.subject, ports.roles)) throw absent()
  return { identity, grant }
}

function mayDecide(attempt: Attempt, ports: GrantRoutesPorts): void {
  const { grant, identity } = attempt
  const { subject } = identity
  if (grant.people.includes(subject.id))
    throw refused('Nobody may decide on their own request.', attempt, ports)
  if (!rolesOf(subject, ports.roles).has('approver'))
    throw refused('This needs the role approver.', attempt, ports)
}

function mayRevoke(attempt: Attempt, ports: GrantRoutesPorts): void {
  const { grant, identity } = attempt
  const { subject } = identity
  const isTheirs = isSameCaller(grant.subject, subject) || isGiver(grant, subject)
  if (isTheirs || rolesOf(subject, ports.roles).has('admin')) return
  throw refused('Only who gave it, who asked for it, or an admin, may revoke access.', attempt, ports)
}

function answer(result: GrantResult, attempt: Attempt, ports: GrantRoutesPorts): GrantLine {
  switch (result.kind) {
    case 'accepted':
      return grantLine(result.grant)
    case 'conflict':
      throw new Conflict(result.reason, { grant: grantLine(result.grant) })
    case 'forbidden':
      throw refused(result.reason, attempt, ports)
    case 'unknown':
      throw absent()
  }
}

/** What was tried is recorded, since no event of the grant says so. */
function refused(why: string, attempt: Attempt, ports: GrantRoutesPorts): Refused {
  const { action, grant, identity, details } = attempt
  acted(ports, identity, { action, resource: grant.id, outcome: 'refused', details: { ...details, why } })
  const next = action === 'grant.decide' ? ` Ask one of ${grant.approvers.join(', ')}.` : ''
  return new Refused(refusal('denied', 'api/grant', `${why}${next}`))
}

/** The same for one of others as for one that never was. */
function absent(): Refused {
  return new Refused(refusal('target_unknown', 'api/grant', 'You can see no grant of that id here.'))
}
