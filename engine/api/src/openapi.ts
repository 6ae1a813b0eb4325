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
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          browser: {
            type: 'apiKey',
            in: 'cookie',
            name: '__Host-sluice-session',
            description:
              'Of who signed in at the console. What changes something needs the header x-sluice-csrf besides (GET /console/session).',
          },
        },
      },
      security: [{ token: [] }, { browser: [] }],
    },
  })
}

/** GET /v1/openapi.json: what there is, for whoever asks; it says nothing of this gateway. */
export const openapi: FastifyPluginAsync = async (app) => {
  const response = { 200: { description: 'This document.', type: 'object', additionalProperties: anything } }
  const schema = { summary: 'This document', security: [], response }
  app.get('/v1/openapi.json', { schema }, async () => app.swagger())
}
