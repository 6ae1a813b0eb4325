import type { FastifyReply, FastifyRequest } from 'fastify'
import { isSameSecret, refusal, Refused, tokenFingerprint, type Identity, type Subject } from '@sluice/core'
import { clearCookie, cookieOf, fits, setCookie } from './cookies.ts'
import type { ConsolePorts } from './ports.ts'

/**
 * Who is signed in at a browser, sealed in its cookie: each gateway with the keys goes on with it, and none remembers it.
 * The gateway token in it lives as briefly as all of them.
 */
export interface BrowserSession {
  readonly id: string
  readonly issuer: string
  /** Whose it is: what is revoked of a subject ends its sessions at browsers, too, also between two tokens. */
  readonly subject: string
  readonly on_behalf_of: string | null
  readonly signed_in_ms: number
  readonly token: string
  readonly token_id: string
  /** Milliseconds since 1970. */
  readonly token_ends_ms: number
  readonly refresh: string | null
  /** What a request that changes something must say besides. */
  readonly csrf: string
  /** It ends then, whatever the provider says. Milliseconds since 1970. */
  readonly ends_ms: number
}

const purpose = 'browser session'

export type SessionPorts = Pick<ConsolePorts, 'signIns' | 'publicUrl' | 'revocations' | 'clock' | 'report'>

/** `undefined`: nobody is signed in there, or not any more. */
export function sessionOf(request: FastifyRequest, ports: SessionPorts): BrowserSession | undefined {
  const sealed = cookieOf(request, 'session', ports.publicUrl())
  if (sealed === undefined) return undefined
  // Only a holder of the key sealed this, so its shape is ours.
  const session = ports.signIns.sealed.open(purpose, sealed) as BrowserSession | undefined
  if (session === undefined || session.ends_ms <= ports.clock.now()) return undefined
  return isRevoked(session, ports) ? undefined : session
}

/** A login of before is worth nothing after, whatever the provider would still renew of it. */
function isRevoked(session: BrowserSession, { revocations }: SessionPorts): boolean {
  const { subject: id, on_behalf_of, issuer, token_id: tokenId, signed_in_ms: issuedAt, ends_ms } = session
  const subject: Subject = { id, type: 'human', issuer, groups: [], claims: {}, on_behalf_of }
  const identity = { subject, tokenId, issuedAt, expiresAt: ends_ms }
  return revocations.of(inSession(identity, session)) !== undefined
}

/** All tokens of a session are made from it: signing out revokes it, and with it every copy of its cookie, of any time. */
export function inSession(identity: Identity, { id }: Pick<BrowserSession, 'id'>): Identity {
  return { ...identity, madeFrom: [...(identity.madeFrom ?? []), tokenFingerprint(id)] }
}

export function keepSession(
  reply: FastifyReply,
  session: BrowserSession,
  ports: SessionPorts,
): BrowserSession {
  const { signIns, clock, report } = ports
  const url = ports.publicUrl()
  const lifeMs = session.ends_ms - clock.now()
  const sealed = signIns.sealed.seal(purpose, session)
  if (fits('session', sealed, url)) {
    setCookie(reply, 'session', sealed, url, lifeMs)
    return session
  }
  report(
    'a browser must sign in again when its token ends',
    new Error(`the refresh token of ${session.issuer} has no room in a cookie`),
  )
  const brief = { ...session, refresh: null }
  setCookie(reply, 'session', signIns.sealed.seal(purpose, brief), url, lifeMs)
  return brief
}

export function dropSession(reply: FastifyReply, ports: SessionPorts): void {
  clearCookie(reply, 'session', ports.publicUrl())
}

/**
 * A page of somebody else cannot ask in the name of whoever is signed in. The cookie does not come along from other sites;
 * browsers say where a request comes from; and what changes something must know a secret that only our page was told.
 * Throws `Refused`.
 */
export function checkOrigin(request: FastifyRequest, session: BrowserSession, publicUrl: URL): void {
  const { headers, method } = request
  const from = headers['sec-fetch-site']
  const isSafe = method === 'GET' || method === 'HEAD'
  // `none`: typed by a person.
  if (from !== undefined && from !== 'same-origin' && !(isSafe && from === 'none')) refuseForeign()
  if (isSafe) return
  if (headers.origin !== publicUrl.origin) refuseForeign()
  const csrf = headers['x-sluice-csrf']
  if (typeof csrf !== 'string' || !isSameSecret(csrf, session.csrf))
    throw new Refused(
      refusal(
        'denied',
        'api/csrf',
        'The request lacks x-sluice-csrf of this session (GET /console/session).',
      ),
    )
}

function refuseForeign(): never {
  throw new Refused(refusal('denied', 'api/origin', 'Only pages of this console ask by a cookie.'))
}
