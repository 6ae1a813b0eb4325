import type { FastifyRequest } from 'fastify'
import { byToken, notGoodFrom, refusal, Refused, type Authenticator, type Identity } from '@sluice/core'

/** Whoever asks first has the token of a request verified; a request has one caller. */
const known = new WeakMap<FastifyRequest, Promise<Identity>>()

/**
 * Who calls the API: whose bearer token it sends, or who is signed in at the browser (`console/browser-callers.ts`). A token
 * that is bound to targets or addresses is for those, and refused.
 */
export async function caller(request: FastifyRequest, authenticator: Authenticator): Promise<Identity> {
  const identity = await whoCalls(request, authenticator)
  if (identity.confined === undefined) return identity
  throw new Refused(refusal('denied', 'api/bound', boundElsewhere))
}

/** The same where a bound token is of use: to carry on what it opened, to be revoked, to have what is bound alike made from it. */
export async function boundCaller(request: FastifyRequest, authenticator: Authenticator): Promise<Identity> {
  const identity = await whoCalls(request, authenticator)
  const unfit = notGoodFrom(identity.confined, request.ip)
  if (unfit !== undefined) throw new Refused(unfit)
  return identity
}

/** Whose the token is, whatever it is good for. */
export function whoCalls(request: FastifyRequest, authenticator: Authenticator): Promise<Identity> {
  const identity = known.get(request) ?? verified(request, authenticator)
  known.set(request, identity)
  return identity
}

const boundElsewhere =
  'This token is bound to what it is for, and that is not the API: get one that is not bound.'

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
export function boundCallerAgain(request: FastifyRequest, authenticator: Authenticator): Promise<Identity> {
  known.delete(request)
  return boundCaller(request, authenticator)
}

async function verified(request: FastifyRequest, authenticator: Authenticator): Promise<Identity> {
  const [scheme, token, ...rest] = (request.headers.authorization ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || token === undefined || rest.length > 0)
    throw new Refused(refusal('token_refused', 'api/bearer', 'Send a token: Authorization: Bearer <token>.'))
  return authenticator.authenticate(byToken(token))
}
