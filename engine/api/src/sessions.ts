import type { FastifyPluginAsync } from 'fastify'
import {
  byToken,
  isSameCaller,
  refusal,
  Refused,
  type OpenSessions,
  type Identity,
  type Kills,
  type Subject,
} from '@sluice/core'
import { acted, type ActedPorts } from './acted.ts'
import { boundCaller, boundCallerAgain, caller } from './caller.ts'
import { rolesOf, type RolePorts } from './roles.ts'
import { recordedLine, sessionLine, type SessionLine } from './session-line.ts'
import { sessionsLastMax, type SessionRecords } from './session-records.ts'
import { extendSchema, killSchema, replaceSchema, sessionsSchema } from './session-schema.ts'
import { maySee, recordedOwner, seesEverybody, type Owner } from './session-sight.ts'

export interface SessionPorts extends RolePorts, ActedPorts {
  readonly engine: OpenSessions
  /** Of all gateways. */
  readonly records: SessionRecords
  readonly kills: Pick<Kills, 'kill'>
}

interface SessionsRequest {
  readonly Querystring: { readonly all?: boolean }
}

interface OneSession {
  readonly Params: { readonly id: string }
}

interface ReplaceRequest {
  readonly Body: { readonly replaces: string }
}

interface KillRequest extends OneSession {
  readonly Body: { readonly reason?: string }
}

/** What there is: one's own, and everybody's for admins and auditors. */
export function sessions(ports: SessionPorts): FastifyPluginAsync {
  return async (app) => {
    app.get<SessionsRequest>('/v1/sessions', { schema: sessionsSchema }, async (request) => {
      const { subject } = await caller(request, ports.authenticator)
      return sessionsOf(subject, request.query.all === true, ports)
    })

    app.post<OneSession>('/v1/sessions/:id/token', { schema: extendSchema }, async (request) => {
      const identity = await boundCaller(request, ports.authenticator)
      const session = ports.engine.session(request.params.id)
      // A session of somebody else answers like one that does not exist.
      if (session === undefined || !isSameCaller(session.subject, identity.subject)) throw noLiveSession()
      await session.extend(identity)
      return { session: session.id, expires_at: new Date(identity.expiresAt).toISOString() }
    })

    app.post<ReplaceRequest>('/v1/sessions/token', { schema: replaceSchema }, async (request) => {
      // Nobody without a token has another one looked at.
      await boundCaller(request, ports.authenticator)
      const former = await ports.authenticator.authenticate(byToken(request.body.replaces))
      const identity = await boundCallerAgain(request, ports.authenticator)
      const extended = await replaced(former, identity, ports.engine)
      return { extended, expires_at: new Date(identity.expiresAt).toISOString() }
    })

    app.post<KillRequest>('/v1/sessions/:id/kill', { schema: killSchema }, async (request) => {
      const identity = await caller(request, ports.authenticator)
      const { id } = request.params
      const owner = openOwner(id, ports)
      if (owner === undefined || !maySee(owner, identity.subject, ports.roles)) throw noLiveSession()
      mayKill(id, owner, identity, ports)
      await ports.kills.kill(id, identity.subject.id, (request.body.reason ?? '').toWellFormed())
      return { session: id, state: 'killed' }
    })
  }
}

/**
 * Whoever holds both tokens carries on what lives by the former, and nothing else of the subject. How many were; what
 * fails is left as it was, so that the same may be asked again.
 */
async function replaced(former: Identity, identity: Identity, engine: OpenSessions): Promise<number> {
  const living = engine.sessions().filter((session) => session.identity.tokenId === former.tokenId)
  const results = await Promise.allSettled(living.map((session) => session.extend(identity)))
  const failed = results.filter((result) => result.status === 'rejected')
  const [unsettled] = failed.filter(({ reason }) => !isOver(reason))
  if (unsettled !== undefined) throw unsettled.reason
  return living.length - failed.length
}

/** It ended meanwhile, by itself or by somebody. */
function isOver(reason: unknown): boolean {
  return reason instanceof Refused && ['token_expired', 'draining'].includes(reason.refusal.code)
}

/** This gateway's as they are now, the others' as the log tells of them. */
function sessionsOf(subject: Subject, all: boolean, { engine, records, roles }: SessionPorts): SessionLine[] {
  const live = engine.sessions().filter((session) => maySee(session.subject, subject, roles))
  const here = new Set(live.map(({ id }) => id))
  const everybody = seesEverybody(subject, roles)
  const recorded = records
    .list({
      ...(all ? {} : { state: 'open' as const }),
      ...(everybody ? {} : { subject: subject.id }),
      last: sessionsLastMax,
    })
    .filter((record) => everybody || isSameCaller(recordedOwner(record), subject))
    // One that ended here a moment ago is over, whatever the records say yet.
    .filter(
      ({ id, gateway, state }) => !here.has(id) && (all || gateway !== engine.gateway || state !== 'open'),
    )
  const lines = [...live.map(sessionLine), ...recorded.map(recordedLine)]
  return lines.toSorted((a, b) => a.opened_at.localeCompare(b.opened_at))
}

/** Whose session it is, as long as it is open; `undefined`: there is none. */
function openOwner(id: string, { engine, records }: SessionPorts): Owner | undefined {
  const live = engine.session(id)
  if (live !== undefined) return live.subject
  const record = records.get(id)
  return record?.state === 'open' && record.gateway !== engine.gateway ? recordedOwner(record) : undefined
}

function mayKill(session: string, owner: Owner, identity: Identity, ports: SessionPorts): void {
  const { subject } = identity
  if (isSameCaller(owner, subject) || rolesOf(subject, ports.roles).has('admin')) return
  const why = 'Only an admin, or whose session it is, may end it.'
  acted(ports, identity, { action: 'session.kill', resource: session, outcome: 'refused', details: { why } })
  throw new Refused(refusal('denied', 'api/session', why))
}

function noLiveSession(): Refused {
  return new Refused(refusal('target_unknown', 'api/session', 'You have no open session of that id.'))
}
