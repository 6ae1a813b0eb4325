import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import type { Authenticator, Engine, EventStore, Targets } from '@sluice/core'
import { events } from './events.ts'
import { problems, sendError } from './problem.ts'
import { ready, type Readiness } from './ready.ts'
import { sessions } from './sessions.ts'
import { targets } from './targets.ts'
import { token, type Exchange } from './token.ts'

/** What the API shows of the engine. */
export interface ApiPorts {
  readonly engine: Engine
  readonly authenticator: Authenticator
  readonly store: Pick<EventStore, 'read' | 'subscribe'>
  readonly targets: Targets
  /** RFC 8693: a provider's token in, a gateway token out. */
  readonly exchange: Exchange
  /** Members may read every session's events; others read their own. */
  readonly auditors: readonly string[]
  readonly readiness: () => Readiness
}

const bodyBytesMax = 65_536
/** A request must have arrived whole by then. */
const requestWaitMs = 30_000

/** The whole API, without a socket: tests use `inject`, the composition root listens. */
export function createApi(ports: ApiPorts): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestWaitMs,
    forceCloseConnections: true,
    // A misspelt parameter is an error: dropping it would answer another question than was asked.
    ajv: { customOptions: { removeAdditional: false } },
    // These pass by every hook.
    frameworkErrors: (error, _request, reply) => void sendError(error, guarded(reply)),
  })
  problems(app)
  app.addHook('onSend', async (_request, reply) => void guarded(reply))
  app.register(ready(ports))
  app.register(token(ports))
  app.register(sessions(ports))
  app.register(events(ports))
  app.register(targets(ports))
  return app
}

/** Answers hold tokens and the record: no cache keeps them, no browser guesses what they are. */
function guarded(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
}
