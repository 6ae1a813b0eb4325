import type { FastifyRequest } from 'fastify'
import { byToken, refusal, Refused, type Authenticator, type Identity } from '@sluice/core'

/** Whoever asks first has the token of a request verified; a request has one caller. */
const known = new WeakMap<FastifyRequest, Promise<Identity>>()

/** Who calls the API: whose bearer token it sends, or who is signed in at the browser (`console/browser-callers.ts`). */
export function caller(request: FastifyRequest, authenticator: Authenticator): Promise<Identity> {
  const identity = known.get(request) ?? verified(request, authenticator)
  known.set(request, identity)
  return identity
}

/** The request has no token in its header, and yet is somebody's. */
export function callAs(request: FastifyRequest, identity: Promise<Identity>): void {
  // Whoever asks hears of it; a route that asks nobody must not end the process.
  identity.catch(() => {})
  known.set(request, identity)
}

/**
 * The same, looked at once more behind another token of the same subject: what is known of somebody, such as the groups by
 * which their votes count, is what was seen last.
 */
export function callerAgain(request: FastifyRequest, authenticator: Authenticator): Promise<Identity> {
  known.delete(request)
  return caller(request, authenticator)
}

async function verified(request: FastifyRequest, authenticator: Authenticator): Promise<Identity> {
  const [scheme, token, ...rest] = (request.headers.authorization ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || token === undefined || rest.length > 0)
    throw new Refused(refusal('token_refused', 'api/bearer', 'Send a token: Authorization: Bearer <token>.'))
  return authenticator.authenticate(byToken(token))
}
