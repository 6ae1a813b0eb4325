import { createHash } from 'node:crypto'
import { refusal, type Refusal } from './errors.ts'
import type { EventData } from './events.ts'
import { limits } from './limits.ts'
import type { Identity } from './request.ts'

/** That tokens speak for nobody any more. Times in milliseconds since 1970. */
export type Revocation = TokenRevocation | SubjectRevocation

interface Revoked {
  readonly at: number
  /** No token that it concerns is good any longer: it may be forgotten. */
  readonly until: number
  /** A subject id. */
  readonly by: string
  readonly reason: string
}

/** One token, and those that gateways made from it. */
export interface TokenRevocation extends Revoked {
  readonly kind: 'token'
  /** Its id. */
  readonly token: string
  /** How the tokens that were made from it name it. */
  readonly fingerprint: string
}

/** Every token of a subject, and of whoever acts for it, that its issuer gave out by then. */
export interface SubjectRevocation extends Revoked {
  readonly kind: 'subject'
  readonly subject: string
  readonly issuedUpTo: number
}

/** What a token says of where it comes from, in few bytes: enough of a hash that nobody finds another token of the same. */
export function tokenFingerprint(tokenId: string): string {
  return createHash('sha256').update(tokenId).digest('base64url').slice(0, fingerprintChars)
}

/** 132 bits. */
const fingerprintChars = 22

/** Pure. A token that does not say when it was issued is older than any revocation. */
export function concerns(revocation: Revocation, identity: Identity): boolean {
  const { subject, tokenId, madeFrom = [], issuedAt = 0 } = identity
  if (revocation.kind === 'token')
    return revocation.token === tokenId || madeFrom.includes(revocation.fingerprint)
  const { subject: id, issuedUpTo } = revocation
  return (subject.id === id || subject.on_behalf_of === id) && issuedAt <= issuedUpTo
}

export function tokenRevocation(data: EventData['TokenRevoked'], at: number): TokenRevocation {
  const { token, until_ms: until, by, reason } = data
  return { kind: 'token', token, fingerprint: tokenFingerprint(token), at, until, by, reason }
}

export function subjectRevocation(data: EventData['SubjectRevoked'], at: number): SubjectRevocation {
  const { subject, issued_up_to_ms: issuedUpTo, until_ms: until, by, reason } = data
  return { kind: 'subject', subject, issuedUpTo, at, until, by, reason }
}

/** Of ids of tokens that gateways make, and of passwords. */
export const gatewayTokenKind = 'tok'
export const passwordKind = 'pwd'
/** Such an id, whole: an issuer may be called tok_ as well. */
const oursOnly = new RegExp(`^(?:${gatewayTokenKind}|${passwordKind})_[0-9A-HJKMNP-TV-Z]{26}$`)

/** When the longest-lived token of this id has expired, by every clock. */
export function tokenForgottenAt(token: string, now: number): number {
  const life = oursOnly.test(token) ? limits.tokenLifeMs : limits.issuerTokenLifeMs
  return now + life + 2 * limits.clockSkewMs
}

/**
 * Clocks of issuers and gateways differ: what may have been issued before the revocation counts as that. So a subject has
 * no good token for as long after it.
 */
export function issuedUpTo(now: number): number {
  return now + limits.clockSkewMs
}

/** The same of everything that was issued up to then. */
export function subjectForgottenAt(now: number): number {
  return issuedUpTo(now) + limits.issuerTokenLifeMs + limits.clockSkewMs
}

/** Why a token opens nothing. */
export function revokedRefusal(revocation: Revocation): Refusal {
  const what =
    revocation.kind === 'token'
      ? 'The token was revoked: get a new one.'
      : `The tokens of this subject were revoked: get one that is issued after ${new Date(revocation.issuedUpTo).toISOString()}.`
  return refusal('token_refused', rule, what)
}

/** Why a session ends at once. */
export const sessionRevoked: Refusal = refusal(
  'token_expired',
  'identity/revoked',
  'The token of this session was revoked: nothing more is done in it.',
)

const { rule } = sessionRevoked
