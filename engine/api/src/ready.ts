import type { FastifyPluginAsync } from 'fastify'
import { flag, map, object } from './schema.ts'

/** What works, one line each, and whether traffic is welcome: not all of it is needed for that. */
export interface Readiness {
  readonly ready: boolean
  readonly checks: Readonly<Record<string, boolean>>
}

const checked = { description: 'What was checked.', ...object({ ready: flag, checks: map(flag) }) }
const schema = {
  summary: 'Whether traffic is welcome',
  security: [],
  response: { 200: checked, 503: checked },
} as const

export function ready(ports: { readonly readiness: () => Readiness }): FastifyPluginAsync {
  return async (app) => {
    app.get('/readyz', { schema, config: { rateLimit: false } }, async (_request, reply) => {
      const readiness = ports.readiness()
      return reply.status(readiness.ready ? 200 : 503).send(readiness)
    })
  }
}
