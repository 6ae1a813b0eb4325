import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { byToken, refusal, Refused } from '@sluice/core'
import { SignInError } from '@sluice/identity'
import { rolesOf } from '../roles.ts'
import { answers, flag, list, object, oneOf, text, time, type RouteSchema } from '../schema.ts'
import { checkOrigin, dropSession, keepSession, sessionOf, type BrowserSession } from './browser-session.ts'
import type { ConsolePorts } from './ports.ts'

const sessionSchema: RouteSchema = {
  summary: 'Who is signed in at this browser; renews their token by the way where that is due',
  description:
    '`expires_at`: ask again before, and a stream ends then. `ends_at`: then the person signs in again, whatever they do.',
  response: answers(
    object({
      subject: text,
      issuer: text,
      groups: list(text),
      roles: list(oneOf('admin', 'approver', 'auditor', 'user')),
      expires_at: time,
      ends_at: time,
      csrf: text,
    }),
  ),
}

const logoutSchema: RouteSchema = {
  summary: 'Ends the session of this browser, and its login at the provider where that can be',
  response: answers(object({ signed_out: flag }), 403),
}

/** GET /console/session, POST /console/logout. */
export function session(app: FastifyInstance, ports: ConsolePorts): void {
  const { authenticator, roles, publicUrl } = ports
  const schema = { ...sessionSchema, security: [{ browser: [] }] }
  app.get('/console/session', { schema }, async (request, reply) => {
    const kept = signedIn(request, ports)
    checkOrigin(request, kept, publicUrl())
    const session = await renewed(kept, reply, ports)
    const { subject, expiresAt } = await authenticator.authenticate(byToken(session.token))
    return {
      subject: subject.id,
      issuer: session.issuer,
      groups: subject.groups,
      roles: [...rolesOf(subject, roles)],
      expires_at: new Date(expiresAt).toISOString(),
      ends_at: new Date(session.refresh === null ? expiresAt : session.ends_ms).toISOString(),
      csrf: session.csrf,
    }
  })

  app.post(
    '/console/logout',
    { schema: { ...logoutSchema, security: [{ browser: [] }] } },
    async (request, reply) => {
      const session = signedIn(request, ports)
      checkOrigin(request, session, publicUrl())
      await revoke(session, ports)
      dropSession(reply, ports)
      return { signed_out: true }
    },
  )
}

function signedIn(request: FastifyRequest, ports: ConsolePorts): BrowserSession {
  const session = sessionOf(request, ports)
  if (session !== undefined) return session
  throw new Refused(refusal('token_refused', 'api/signed_out', 'Nobody is signed in at this browser.'))
}

/** Each copy of the cookie, from before a renewal too, is worth nothing at any gateway now. For the provider nobody waits. */
async function revoke(
  session: BrowserSession,
  { signIns, revocations, report }: ConsolePorts,
): Promise<void> {
  const { id, issuer, subject, refresh } = session
  await revocations.revokeToken(id, { by: subject, reason: 'signed out of the console' })
  if (refresh === null) return
  signIns
    .revoke(issuer, refresh)
    .catch((error: unknown) => report(`${issuer} was not told that somebody signed out`, error))
}

/**
 * The session with a token that lives for a while: a new one where the old is about to end, or ended a short time ago. A
 * browser that was away for longer signs in again.
 */
async function renewed(
  session: BrowserSession,
  reply: FastifyReply,
  ports: ConsolePorts,
): Promise<BrowserSession> {
  const { signIns, clock, bounds, report } = ports
  const leftMs = session.token_ends_ms - clock.now()
  if (leftMs > bounds.renewBeforeMs || (leftMs > 0 && session.refresh === null)) return session
  if (leftMs < -bounds.browserIdleMs || session.refresh === null) return ended(reply, ports)
  try {
    const next = await signIns.renew(session.issuer, session.refresh)
    const { tokenId: token_id, subject } = await ports.authenticator.authenticate(byToken(next.token))
    // Somebody else's token is no renewal (OpenID Connect Core 1.0 §12.2).
    if (subject.id !== session.subject || subject.on_behalf_of !== session.on_behalf_of)
      return ended(reply, ports)
    return keepSession(reply, { ...session, ...next, token_id }, ports)
  } catch (error) {
    // The provider was not there: what is left of the token still serves.
    if (error instanceof SignInError && error.problem === 'unreachable') {
      report(`the session of a browser was not renewed`, error)
      return session
    }
    if (!(error instanceof SignInError)) throw error
    return ended(reply, ports)
  }
}

function ended(reply: FastifyReply, ports: ConsolePorts): never {
  dropSession(reply, ports)
  throw new Refused(refusal('token_expired', 'api/session_ended', 'The session has ended: sign in again.'))
}
