import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { anything } from './schema.ts'

/** Collects what routes say of themselves; registered before any of them. */
export function described(app: FastifyInstance): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sluice',
        description: 'The access gateway’s own API. Errors are RFC 9457 problem documents.',
        version: '1',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  })
}

/** GET /v1/openapi.json: what there is, for whoever asks; it says nothing of this gateway. */
export const openapi: FastifyPluginAsync = async (app) => {
  const response = { 200: { description: 'This document.', type: 'object', additionalProperties: anything } }
  const schema = { summary: 'This document', security: [], response }
  app.get('/v1/openapi.json', { schema }, async () => app.swagger())
}
