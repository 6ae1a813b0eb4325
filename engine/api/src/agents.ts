import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import {
  refusal,
  Refused,
  type AgentConnection,
  type AgentView,
  type Because,
  type Identity,
  type RemoveResult,
} from '@sluice/core'
import type { ActedPorts } from './acted.ts'
import { adminFor } from './admin.ts'
import { isoTime } from './iso-time.ts'
import { Conflict } from './problem.ts'
import { callerAs, type RolePorts } from './roles.ts'
import {
  answers,
  count,
  idOf,
  list,
  nullable,
  object,
  oneOf,
  reason,
  text,
  time,
  type RouteSchema,
} from './schema.ts'

/** An agent's connection to a gateway as the API tells of it. */
export interface AgentConnectionLine {
  readonly id: string
  readonly gateway: string
  readonly since: string
  /** As the agent says. */
  readonly version: string
  readonly client_ip: string
  /** Where it lets a gateway through to, as it says. */
  readonly allows: readonly string[]
  /** What goes through it now; `null` at another gateway than the one that answers. */
  readonly streams: number | null
  /** When something came from it last, and when the certificate ends that it has now; `null` as above. */
  readonly heard_at: string | null
  readonly certificate_until: string | null
}

/** A connection to this gateway, as it is now. Times in milliseconds since 1970. */
export interface LiveAgentConnection {
  readonly streams: number
  readonly heardMs: number
  readonly certificateUntil: number
}

export interface AgentLine {
  readonly id: string
  /** By which targets say `via`. */
  readonly name: string
  readonly state: 'invited' | 'expired' | 'enrolled' | 'removed'
  readonly invited_at: string
  readonly invited_by: string
  /** Of its invitation. */
  readonly expires_at: string
  readonly enrolled_at: string | null
  readonly connections: readonly AgentConnectionLine[]
}

/** What comes back once, to whoever asked for it. */
export interface Invited {
  readonly agent: AgentView
  readonly token: string
}

/** Agents as the API asks for and commands them. */
export interface AgentControl {
  /** This gateway's name in the log. */
  readonly gateway: string
  /** For how long an invitation is good. */
  readonly lifeMs: { readonly usual: number; readonly max: number }
  list(): readonly AgentView[]
  /** A connection to this gateway; `undefined`: it has just gone. */
  liveOf(connection: string): LiveAgentConnection | undefined
  invite(name: string, lifeMs: number, by: string): Promise<Invited>
  remove(id: string, because: Because): Promise<RemoveResult>
}

export interface AgentApiPorts extends RolePorts, ActedPorts {
  readonly agents: AgentControl
}

interface InviteRequest {
  readonly Body: { readonly name: string; readonly life_s?: number }
}

interface RemoveRequest {
  readonly Params: { readonly id: string }
  readonly Body: { readonly reason: string }
}

const connection = object({
  id: text,
  gateway: text,
  since: time,
  version: text,
  client_ip: text,
  allows: list(text),
  streams: nullable(count),
  heard_at: nullable(time),
  certificate_until: nullable(time),
})

const line = object({
  id: text,
  name: text,
  state: oneOf('invited', 'expired', 'enrolled', 'removed'),
  invited_at: time,
  invited_by: text,
  expires_at: time,
  enrolled_at: nullable(time),
  connections: list(connection),
})

const listSchema: RouteSchema = {
  summary: 'Agents, by which targets in private networks are reached, in the order of their invitations',
  response: answers(list(line), 403),
}

const inviteSchema: RouteSchema = {
  summary: 'Let one agent enrol, once, with the token that is answered',
  body: {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]{0,62}$' },
      life_s: { type: 'integer', minimum: 1, description: 'For how long the token is good.' },
    },
  },
  response: answers(object({ agent: line, token: text }), 403, 503),
}

const removeSchema: RouteSchema = {
  summary: 'Remove an agent, or its invitation: its connections end at once, everywhere',
  params: idOf('agt'),
  body: object({ reason }),
  response: answers(line, 403, 404, 409, 503),
}

/** /v1/agents: admins invite and remove them, auditors see them as well. */
export function agents(ports: AgentApiPorts): FastifyPluginAsync {
  return async (app) => {
    const lineOf = (agent: AgentView): AgentLine => agentLine(agent, ports.agents, ports.clock.now())

    app.get('/v1/agents', { schema: listSchema }, async (request) => {
      await callerAs(request, ports, 'admin', 'auditor')
      return ports.agents.list().map(lineOf)
    })

    app.post<InviteRequest>('/v1/agents', { schema: inviteSchema }, async (request) => {
      const { name, life_s: seconds } = request.body
      const { subject } = await admin(request, 'agent.invite', name, ports)
      const { usual, max } = ports.agents.lifeMs
      const lifeMs = seconds === undefined ? usual : 1_000 * seconds
      if (lifeMs > max) throw new Refused(tooLong(max))
      const { agent, token } = await ports.agents.invite(name, lifeMs, subject.id)
      return { agent: lineOf(agent), token }
    })

    app.delete<RemoveRequest>('/v1/agents/:id', { schema: removeSchema }, async (request) => {
      const { id } = request.params
      const { subject } = await admin(request, 'agent.remove', id, ports)
      const because = { by: subject.id, reason: request.body.reason.toWellFormed() }
      const result = await ports.agents.remove(id, because)
      switch (result.kind) {
        case 'removed':
          return lineOf(result.agent)
        case 'conflict':
          throw new Conflict('This agent was removed already.', { agent: lineOf(result.agent) })
        case 'unknown':
          throw new Refused(refusal('target_unknown', 'api/agent', 'There is no agent of that id.'))
      }
    })
  }
}

function admin(
  request: FastifyRequest,
  action: string,
  resource: string,
  ports: AgentApiPorts,
): Promise<Identity> {
  const why = 'Only an admin may enrol or remove an agent.'
  return adminFor(request, { action, resource, rule: 'api/agent', why }, ports)
}

function agentLine(agent: AgentView, control: AgentControl, now: number): AgentLine {
  const { id, name, state, invitedAt, invitedBy, expiresAt, enrolledAt, connections } = agent
  return {
    id,
    name,
    state: state === 'invited' && expiresAt <= now ? 'expired' : state,
    invited_at: new Date(invitedAt).toISOString(),
    invited_by: invitedBy,
    expires_at: new Date(expiresAt).toISOString(),
    enrolled_at: enrolledAt === null ? null : new Date(enrolledAt).toISOString(),
    connections: connections.map((each) => connectionLine(each, control)),
  }
}

function connectionLine(each: AgentConnection, control: AgentControl): AgentConnectionLine {
  const { id, gateway, since, version, clientIp, allows } = each
  const live = gateway === control.gateway ? control.liveOf(id) : undefined
  return {
    id,
    gateway,
    since: new Date(since).toISOString(),
    version,
    client_ip: clientIp,
    allows,
    streams: gateway === control.gateway ? (live?.streams ?? 0) : null,
    heard_at: live === undefined ? null : isoTime(live.heardMs),
    certificate_until: live === undefined ? null : isoTime(live.certificateUntil),
  }
}

function tooLong(maxMs: number) {
  const days = maxMs / 86_400_000
  return refusal('malformed', 'api/agent', `A token of an agent is good for at most ${days} days.`)
}
