import type { FastifyPluginAsync } from 'fastify'

/** One line per thing that must work before traffic is welcome. */
export interface Readiness {
  readonly ready: boolean
  readonly checks: Readonly<Record<string, boolean>>
}

export function ready(ports: { readonly readiness: () => Readiness }): FastifyPluginAsync {
  return async (app) => {
    app.get('/readyz', async (_request, reply) => {
      const readiness = ports.readiness()
      return reply.status(readiness.ready ? 200 : 503).send(readiness)
    })
  }
}
