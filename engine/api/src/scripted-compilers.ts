import { createRequire } from 'node:module'
import type { FastifyInstance } from 'fastify'

type Factory = (schemas: unknown, options: unknown) => (route: { readonly schema: unknown }) => unknown

/** What Fastify itself compiles schemas with. */
const fastify = createRequire(import.meta.resolve('fastify'))
const ownCompilers = ['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler'] as const
const [buildValidator, buildSerializer] = ownCompilers.map((name) =>
  remembering((fastify(name) as () => Factory)()),
)

/**
 * Tests make hundreds of APIs with the same routes, and compiling their schemas is nearly all the work of it: an API
 * gets what the first one compiled of an equal schema.
 */
export function compiledOnce(app: FastifyInstance): FastifyInstance {
  const compilersFactory = { buildValidator, buildSerializer }
  return app.setSchemaController({ compilersFactory } as Parameters<typeof app.setSchemaController>[0])
}

function remembering(factory: Factory): Factory {
  const known = new Map<string, unknown>()
  return (schemas, options) => {
    const compile = factory(schemas, options)
    return (route) => {
      const key = JSON.stringify([schemas, options, route.schema])
      const found = known.get(key) ?? compile(route)
      known.set(key, found)
      return found
    }
  }
}
