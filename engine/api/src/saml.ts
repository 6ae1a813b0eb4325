import type { FastifyPluginAsync } from 'fastify'
import { refusal, Refused } from '@sluice/core'
import { answers, object, text, type RouteSchema } from './schema.ts'

/** Logins at SAML identity providers, by the name of their issuer. Each throws `Refused`. */
export interface SamlLogins {
  /** The service provider's metadata, XML. */
  metadata(issuer: string): string
  start(
    issuer: string,
    login: { readonly redirect_uri: string; readonly state: string; readonly code_challenge: string },
  ): Promise<{ readonly login_url: string; readonly expires_in: number }>
  /** Gives where the browser goes now. */
  finish(issuer: string, samlResponse: string, relayState: string): Promise<string>
}

const form = 'application/x-www-form-urlencoded'
/** An answer with many groups is larger than any other body, and base64 in a form grows by its `+`, `/` and `=`. */
const answerBytesMax = 262_144

const params = object({ issuer: { type: 'string', maxLength: 63 } })

const metadataSchema: RouteSchema = {
  summary: 'SAML metadata of this gateway, for an identity provider',
  params,
  response: {
    200: { description: 'SAML 2.0 metadata.', content: { 'application/samlmetadata+xml': { schema: text } } },
  },
}

const startSchema: RouteSchema = {
  summary: 'Begins a login at a SAML identity provider',
  description:
    'For a program that listens on loopback. The browser goes to `login_url` and comes back to `redirect_uri` with `code` and `state`; POST /v1/token with grant_type=authorization_code, code, code_verifier and redirect_uri gives a gateway token.',
  params,
  body: object({ redirect_uri: text, state: text, code_challenge: text }),
  response: answers(object({ login_url: text, expires_in: { type: 'integer' } })),
}

interface OfIssuer {
  readonly Params: { readonly issuer: string }
}

/**
 * Logins by SAML. A page cannot begin one, since JSON is not posted across sites unasked, and what the provider posts
 * ends at a program that began it.
 */
export function saml(ports: { readonly logins: SamlLogins }): FastifyPluginAsync {
  const { logins } = ports
  return async (app) => {
    app.addContentTypeParser(form, { parseAs: 'string' }, (_request, body, done) =>
      done(null, new URLSearchParams(String(body))),
    )
    app.get<OfIssuer>(
      '/v1/saml/:issuer/metadata',
      { schema: { ...metadataSchema, security: [] } },
      async (request, reply) =>
        reply.type('application/samlmetadata+xml').send(logins.metadata(request.params.issuer)),
    )
    app.post<OfIssuer & { Body: Parameters<SamlLogins['start']>[1] }>(
      '/v1/saml/:issuer/requests',
      { schema: { ...startSchema, security: [] } },
      (request) => logins.start(request.params.issuer, request.body),
    )
    // Told to providers by the metadata, and called by nobody else.
    app.post<OfIssuer>(
      '/v1/saml/:issuer/acs',
      { schema: { params, hide: true }, bodyLimit: answerBytesMax },
      async (request, reply) => {
        const answer = once(request.body, 'SAMLResponse')
        const back = await logins.finish(request.params.issuer, answer, once(request.body, 'RelayState'))
        return reply.redirect(back, 303)
      },
    )
  }
}

function once(body: unknown, name: string): string {
  const [value, ...others] = body instanceof URLSearchParams ? body.getAll(name) : []
  if (value === undefined || others.length > 0)
    throw new Refused(refusal('malformed', 'api/saml', `The form needs ${name}, once.`))
  return value
}
