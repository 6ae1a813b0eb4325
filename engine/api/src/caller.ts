import type { FastifyRequest } from 'fastify'
import { refusal, Refused, type Authenticator, type Identity, type Subject } from '@sluice/core'

/** Who calls the API: always a bearer token, never a cookie, so that no page can call for somebody else. */
export async function caller(request: FastifyRequest, authenticator: Authenticator): Promise<Identity> {
  const [scheme, token, ...rest] = (request.headers.authorization ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || token === undefined || rest.length > 0)
    throw new Refused(refusal('token_refused', 'api/bearer', 'Send a token: Authorization: Bearer <token>.'))
  return authenticator.authenticate(token)
}

export function isAuditor(subject: Subject, auditors: readonly string[]): boolean {
  return subject.groups.some((group) => auditors.includes(group))
}
