import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { refusal, Refused, visible, type OpenSessions, type EventStore } from '@sluice/core'
import { caller } from './caller.ts'
import { readExchanges, type ReadExchanges } from './exchange-log.ts'
import { exchangesSchema } from './exchange-schema.ts'
import type { RolePorts } from './roles.ts'
import { recordedLine, sessionLine, type SessionLine } from './session-line.ts'
import type { SessionRecords } from './session-records.ts'
import { sessionSchema } from './session-schema.ts'
import { maySee, recordedOwner, type Owner } from './session-sight.ts'

export interface ExchangePorts extends RolePorts {
  readonly engine: OpenSessions
  readonly store: Pick<EventStore, 'read'>
  readonly records: SessionRecords
}

interface OneSession {
  readonly Params: { readonly id: string }
}

interface ExchangesRequest extends OneSession {
  readonly Querystring: { readonly last: number }
}

/** What a session is or was, and what was done in it, folded from the log. */
export function exchanges(ports: ExchangePorts): FastifyPluginAsync {
  return async (app) => {
    app.get<OneSession>('/v1/sessions/:id', { schema: sessionSchema }, async (request) => {
      const live = ports.engine.session(request.params.id)
      if (live === undefined) {
        const record = ports.records.get(request.params.id)
        if (record === undefined) return closedLine(request.params.id, await readFor(request, 0, ports))
        await mustSee(request, recordedOwner(record), ports)
        return recordedLine(record)
      }
      await mustSee(request, live.subject, ports)
      return sessionLine(live)
    })

    app.get<ExchangesRequest>('/v1/sessions/:id/exchanges', { schema: exchangesSchema }, async (request) => {
      return (await readFor(request, request.query.last, ports)).exchanges
    })
  }
}

/** What the log says of a session that exists for whoever calls. */
async function readFor(
  request: FastifyRequest<OneSession>,
  last: number,
  { engine, store, ...ports }: ExchangePorts,
): Promise<ReadExchanges> {
  const { id } = request.params
  const live = engine.session(id)
  if (live !== undefined) {
    await mustSee(request, live.subject, ports)
    return readExchanges(store, id, { after: live.opened, last })
  }
  // Nobody without a token makes the log be read.
  await caller(request, ports.authenticator)
  const read = await readExchanges(store, id, { after: undefined, last })
  await mustSee(request, read.opened?.subject ?? null, ports)
  return read
}

async function mustSee(request: FastifyRequest, owner: Owner | null, ports: RolePorts): Promise<void> {
  const identity = await caller(request, ports.authenticator)
  if (owner === null || !maySee(owner, identity.subject, ports.roles)) throw absent()
}

function closedLine(id: string, { opened, openedAt, closed, spent }: ReadExchanges): SessionLine {
  if (opened === null) throw absent()
  const { gateway, subject, target, protocol, client_ip, application, token_id, token_expires_ms } = opened
  const { requests = 0, denied = 0, rows = 0, bytes = 0 } = closed ?? {}
  return {
    id,
    state: 'closed',
    gateway,
    subject: subject.id,
    on_behalf_of: subject.on_behalf_of,
    target,
    protocol,
    client_ip,
    application: application === null ? null : visible(application),
    run: null,
    opened_at: new Date(openedAt ?? 0).toISOString(),
    token_id,
    token_expires_at: new Date(token_expires_ms).toISOString(),
    requests,
    denied,
    rows,
    bytes,
    ...spent,
    in_flight: 0,
  }
}

/** The same for a session of somebody else as for one that never was. */
export function absent(): Refused {
  return new Refused(refusal('target_unknown', 'api/session', 'You can see no session of that id here.'))
}
