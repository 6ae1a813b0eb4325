import type { FastifyPluginAsync } from 'fastify'
import { refusal, Refused, type Authenticator, type Engine } from '@sluice/core'
import { caller } from './caller.ts'

interface SessionPorts {
  readonly engine: Engine
  readonly authenticator: Authenticator
}

/** POST /v1/sessions/{id}/token: a fresh token of the same subject keeps a live session going. */
export function sessions(ports: SessionPorts): FastifyPluginAsync {
  return async (app) => {
    app.post<{ Params: { id: string } }>('/v1/sessions/:id/token', async (request, reply) => {
      const identity = await caller(request, ports.authenticator)
      const session = ports.engine.session(request.params.id)
      // A session of somebody else answers like one that does not exist.
      if (session === undefined || session.subject.id !== identity.subject.id)
        throw new Refused(
          refusal('target_unknown', 'api/session', 'You have no live session of that id here.'),
        )
      await session.extend(identity)
      return reply.send({ session: session.id, expires_at: new Date(identity.expiresAt).toISOString() })
    })
  }
}
