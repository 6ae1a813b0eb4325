import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { refusal, Refused, type Identity, type LegalHold, type LegalHolds } from '@sluice/core'
import type { ActedPorts } from './acted.ts'
import { adminFor } from './admin.ts'
import { Conflict } from './problem.ts'
import { callerAs, type RolePorts } from './roles.ts'
import {
  answers,
  idOf,
  list,
  nullable,
  object,
  oneOf,
  options,
  reason,
  text,
  time,
  type RouteSchema,
} from './schema.ts'
import { selectedBody, selectorOf, type Selected } from './selected.ts'

/** A legal hold as the API tells of it. */
export interface LegalHoldLine {
  readonly id: string
  readonly state: 'active' | 'released'
  readonly selector: string
  readonly placed_at: string
  readonly by: string
  readonly reason: string
  readonly released_at: string | null
  readonly released_by: string | null
  readonly released_reason: string | null
}

export interface LegalHoldPorts extends RolePorts, ActedPorts {
  readonly legalHolds: LegalHolds
}

interface ListRequest {
  readonly Querystring: { readonly state: LegalHoldLine['state'] | 'all' }
}

interface PlaceRequest {
  readonly Body: Selected & { readonly reason: string }
}

interface ReleaseRequest {
  readonly Params: { readonly id: string }
  readonly Body: { readonly reason: string }
}

const line = object({
  id: text,
  state: oneOf('active', 'released'),
  selector: text,
  placed_at: time,
  by: text,
  reason: text,
  released_at: nullable(time),
  released_by: nullable(text),
  released_reason: nullable(text),
})

const listSchema: RouteSchema = {
  summary: 'Legal holds, in the order in which they were placed',
  querystring: options({ state: { ...oneOf('active', 'released', 'all'), default: 'active' } }),
  response: answers(list(line), 403),
}

const placeSchema: RouteSchema = {
  summary: 'Keep what is recorded of some sessions, whatever retention and erasures say',
  body: selectedBody,
  response: answers(line, 403, 503),
}

const releaseSchema: RouteSchema = {
  summary: 'End a legal hold',
  params: idOf('lgh'),
  body: object({ reason }),
  response: answers(line, 403, 404, 409, 503),
}

/** /v1/legal-holds: admins place and release them, auditors see them as well. */
export function legalHolds(ports: LegalHoldPorts): FastifyPluginAsync {
  return async (app) => {
    app.get<ListRequest>('/v1/legal-holds', { schema: listSchema }, async (request) => {
      await callerAs(request, ports, 'admin', 'auditor')
      const { state } = request.query
      const lines = ports.legalHolds.list().map(lineOf)
      return lines.filter((each) => state === 'all' || each.state === state)
    })

    app.post<PlaceRequest>('/v1/legal-holds', { schema: placeSchema }, async (request) => {
      const { subject } = await admin(request, 'audit.hold', '', ports)
      const because = { by: subject.id, reason: request.body.reason.toWellFormed() }
      return lineOf(await ports.legalHolds.place(selectorOf(request.body), because))
    })

    app.delete<ReleaseRequest>('/v1/legal-holds/:id', { schema: releaseSchema }, async (request) => {
      const { id } = request.params
      const { subject } = await admin(request, 'audit.release', id, ports)
      const because = { by: subject.id, reason: request.body.reason.toWellFormed() }
      const result = await ports.legalHolds.release(id, because)
      switch (result.kind) {
        case 'released':
          return lineOf(result.hold)
        case 'conflict':
          throw new Conflict('This legal hold was released already.', { hold: lineOf(result.hold) })
        case 'unknown':
          throw new Refused(refusal('target_unknown', 'api/legal-hold', 'There is no legal hold of that id.'))
      }
    })
  }
}

function admin(
  request: FastifyRequest,
  action: string,
  resource: string,
  ports: LegalHoldPorts,
): Promise<Identity> {
  const why = 'Only an admin may place or release a legal hold.'
  return adminFor(request, { action, resource, rule: 'api/legal-hold', why }, ports)
}

function lineOf({ id, text: selector, placedAt, by, reason: why, released }: LegalHold): LegalHoldLine {
  return {
    id,
    state: released === null ? 'active' : 'released',
    selector,
    placed_at: new Date(placedAt).toISOString(),
    by,
    reason: why,
    released_at: released === null ? null : new Date(released.time).toISOString(),
    released_by: released?.by ?? null,
    released_reason: released?.reason ?? null,
  }
}
