import type { FastifyPluginAsync } from 'fastify'
import { map, object, problem, text } from './schema.ts'

/** The parameters and answer of RFC 8693 §2. Throws `Refused`, or an error with an OAuth `code`. */
export type Exchange = (parameters: Readonly<Record<string, string>>) => Promise<TokenAnswer>

export type TokenAnswer =
  | { readonly status: 200; readonly body: Readonly<Record<string, string | number>> }
  /** RFC 6749 §5.2. */
  | {
      readonly status: 400 | 401
      readonly body: { readonly error: string; readonly error_description: string }
    }

const refused = {
  description: 'RFC 6749 §5.2; what is no token request at all is a problem document.',
  content: {
    'application/json': { schema: object({ error: text, error_description: text }) },
    'application/problem+json': { schema: problem },
  },
}

const schema = {
  summary: 'RFC 8693: a provider’s access token in, a gateway token out',
  consumes: ['application/x-www-form-urlencoded'],
  security: [],
  response: {
    200: {
      description: 'RFC 8693 §2.2.1.',
      ...map({ anyOf: [{ type: 'string' }, { type: 'number' }] }),
    },
    400: refused,
    401: refused,
  },
} as const

/** POST /v1/token: form-encoded as every OAuth client sends it. */
export function token(ports: { readonly exchange: Exchange }): FastifyPluginAsync {
  return async (app) => {
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, done) => done(null, formOf(String(body))),
    )
    app.post('/v1/token', { schema }, async (request, reply) => {
      const form = request.body
      if (!(form instanceof Map))
        return reply.status(400).send(invalid('Send application/x-www-form-urlencoded.'))
      if (form.has(repeated)) return reply.status(400).send(invalid('Send each parameter once.'))
      const { status, body } = await ports.exchange(Object.fromEntries(form as Map<string, string>))
      return reply.status(status).send(body)
    })
  }
}

function invalid(description: string): { readonly error: string; readonly error_description: string } {
  return { error: 'invalid_request', error_description: description }
}

/** Stands in a form in which a parameter came twice. */
const repeated = Symbol('repeated')

/** RFC 6749 §3.1: a parameter must not be included more than once; a second one makes the form unusable. */
function formOf(text: string): Map<string | symbol, string> {
  const form = new Map<string | symbol, string>()
  for (const [name, value] of new URLSearchParams(text)) form.set(form.has(name) ? repeated : name, value)
  return form
}
