import type { FastifyPluginAsync } from 'fastify'
import type { Authenticator, Targets } from '@sluice/core'
import { caller } from './caller.ts'
import { answers, list, map, object, text } from './schema.ts'

interface TargetPorts {
  readonly targets: Targets
  readonly authenticator: Authenticator
}

const schema = {
  summary: 'What a caller can name in a connection string',
  response: answers(list(object({ name: text, protocol: text, labels: map(text) }))),
} as const

/** GET /v1/targets: what a caller can name in a connection string. Addresses and credentials are not shown. */
export function targets(ports: TargetPorts): FastifyPluginAsync {
  return async (app) => {
    app.get('/v1/targets', { schema }, async (request) => {
      await caller(request, ports.authenticator)
      return ports.targets.list().map(({ name, protocol, labels }) => ({ name, protocol, labels }))
    })
  }
}
