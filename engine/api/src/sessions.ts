import type { FastifyPluginAsync } from 'fastify'
import {
  controlStream,
  limits,
  refusal,
  Refused,
  type Engine,
  type Identity,
  type LiveSession,
} from '@sluice/core'
import { acted, type ActedPorts } from './acted.ts'
import { caller } from './caller.ts'
import { rolesOf, type RoleGroups, type RolePorts } from './roles.ts'
import { sessionLine } from './session-line.ts'
import { extendSchema, killSchema, sessionsSchema } from './session-schema.ts'

export interface SessionPorts extends RolePorts, ActedPorts {
  readonly engine: Engine
}

interface OneSession {
  readonly Params: { readonly id: string }
}

interface KillRequest extends OneSession {
  readonly Body: { readonly reason?: string }
}

/** What is open at this gateway: one's own, and everybody's for admins and auditors. */
export function sessions(ports: SessionPorts): FastifyPluginAsync {
  return async (app) => {
    app.get('/v1/sessions', { schema: sessionsSchema }, async (request) => {
      const { subject } = await caller(request, ports.authenticator)
      return ports.engine
        .sessions()
        .filter((session) => maySee(session.subject.id, { subject }, ports.roles))
        .map(sessionLine)
    })

    app.post<OneSession>('/v1/sessions/:id/token', { schema: extendSchema }, async (request) => {
      const identity = await caller(request, ports.authenticator)
      const session = ports.engine.session(request.params.id)
      // A session of somebody else answers like one that does not exist.
      if (session === undefined || session.subject.id !== identity.subject.id) throw noLiveSession()
      await session.extend(identity)
      return { session: session.id, expires_at: new Date(identity.expiresAt).toISOString() }
    })

    app.post<KillRequest>('/v1/sessions/:id/kill', { schema: killSchema }, async (request) => {
      const identity = await caller(request, ports.authenticator)
      const session = ports.engine.session(request.params.id)
      if (session === undefined || !maySee(session.subject.id, identity, ports.roles)) throw noLiveSession()
      mayKill(session, identity, ports)
      await kill(session, identity, request.body.reason ?? '', ports)
      return { session: session.id, state: 'killed' }
    })
  }
}

/** Whether sessions of this subject exist for whoever calls. */
export function maySee(owner: string, { subject }: Pick<Identity, 'subject'>, groups: RoleGroups): boolean {
  const roles = rolesOf(subject, groups)
  return owner === subject.id || roles.has('admin') || roles.has('auditor')
}

function mayKill(session: LiveSession<unknown>, identity: Identity, ports: SessionPorts): void {
  const { subject } = identity
  if (session.subject.id === subject.id || rolesOf(subject, ports.roles).has('admin')) return
  const why = 'Only an admin, or whose session it is, may end it.'
  acted(ports, identity, {
    action: 'session.kill',
    resource: session.id,
    outcome: 'refused',
    details: { why },
  })
  throw new Refused(refusal('denied', 'api/session', why))
}

/** Durable first, and then at once: what runs is stopped and nothing is waited for. */
async function kill(
  session: LiveSession<unknown>,
  { subject }: Identity,
  reason: string,
  { store, clock, ids }: SessionPorts,
): Promise<void> {
  const data = { session: session.id, by: subject.id, reason: reason.toWellFormed() }
  const event = { id: ids.next('evt'), time: clock.now(), type: 'SessionKilled', data } as const
  await store.append(
    { stream: controlStream, events: [event] },
    { withinMs: limits.appendWaitMs, urgency: 'now' },
  )
  session.end(killed)
}

const killed = refusal(
  'token_expired',
  'sluice/killed',
  'This session was ended by an administrator or its owner: nothing more is done in it.',
)

function noLiveSession(): Refused {
  return new Refused(refusal('target_unknown', 'api/session', 'You have no live session of that id here.'))
}
