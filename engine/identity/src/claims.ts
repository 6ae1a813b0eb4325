import { limits, type Json } from '@sluice/core'
import type { Issuer } from './issuer.ts'
import { refuse, refuseExpired } from './refuse.ts'
import type { JsonObject } from './strict-json.ts'

/** Claims of a token that is good now, of this issuer, and meant for us. */
export interface AccessClaims {
  readonly all: JsonObject
  readonly subject: string
  /** `client_id` or `azp`: who asked for the token. */
  readonly client: string | null
  readonly tokenId: string | null
  /** Milliseconds since 1970. */
  readonly issuedAt: number
  readonly expiresAt: number
}

/** Pure. The signature is verified and `iss` is this issuer's. */
export function checkClaims(claims: JsonObject, issuer: Issuer, now: number): AccessClaims {
  refuseOtherTokens(claims)
  if (issuer.tenant !== null && claims['tid'] !== issuer.tenant)
    refuse('tenant', 'The token does not name the tenant of its issuer.')
  const client = clientOf(claims)
  checkAudience(claims['aud'], client, issuer)
  const { issuedAt, expiresAt } = checkTimes(claims, now)
  const subject = claims['sub']
  if (!isName(subject)) refuse('subject', 'The token does not name its subject in a usable way.')
  const tokenId = claims['jti'] ?? null
  if (tokenId !== null && !isName(tokenId)) refuse('malformed', 'The id of the token is not usable.')
  return { all: claims, subject, client, tokenId, issuedAt, expiresAt }
}

/** A string that can stand in a log line and be compared: not empty, bounded, without invisible characters. */
export function isName(value: Json | undefined): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= limits.claimCharsMax &&
    !/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(value)
  )
}

/** Claims that only an ID token has: it tells a client who logged in and gives access to nothing. */
const idTokenClaims = ['nonce', 'at_hash', 'c_hash', 's_hash'] as const

function refuseOtherTokens(claims: JsonObject): void {
  if (idTokenClaims.some((name) => claims[name] !== undefined))
    refuse('token_type', 'This is an ID token. Send an access token.')
  // Some issuers tell their tokens apart in a claim; a bound token is refused below.
  if (claims['typ'] !== undefined && claims['typ'] !== 'Bearer')
    refuse('token_type', 'This is not an access token.')
  if (claims['cnf'] !== undefined)
    refuse('bound', 'The token is bound to a key of its client, and that binding cannot be checked here.')
}

function clientOf(claims: JsonObject): string | null {
  const { azp, client_id: clientId } = claims
  if (azp !== undefined && clientId !== undefined && azp !== clientId)
    refuse('authorized_party', 'The token names two different clients.')
  const client = azp ?? clientId ?? null
  if (client !== null && !isName(client)) refuse('authorized_party', 'The client of the token is not usable.')
  return client
}

function checkAudience(claim: Json | undefined, client: string | null, issuer: Issuer): void {
  const audiences: readonly Json[] = typeof claim === 'string' ? [claim] : Array.isArray(claim) ? claim : []
  if (!audiences.every((audience) => typeof audience === 'string') || !audiences.includes(issuer.audience))
    refuse('audience', 'The token is for another audience.')
  // Each of several audiences can replay the token at the others: then at least its client must be known.
  if (audiences.length > 1 && client === null)
    refuse('authorized_party', 'The token is for several audiences and does not name its client.')
  if (issuer.authorizedParties !== null && (client === null || !issuer.authorizedParties.includes(client)))
    refuse('authorized_party', 'The client of the token is not allowed here.')
}

/**
 * `exp` gets no leeway, since a session ends at that instant too; `nbf` and `iat` get the skew of a clock that
 * runs ahead of ours.
 */
function checkTimes(claims: JsonObject, now: number): Pick<AccessClaims, 'issuedAt' | 'expiresAt'> {
  const exp = seconds(claims['exp'])
  const iat = seconds(claims['iat'])
  const nbf = claims['nbf'] === undefined ? iat : seconds(claims['nbf'])
  if (exp === undefined || iat === undefined || nbf === undefined)
    refuse('time', 'The token lacks exp or iat, or one of its times is not a whole number of seconds.')
  if (nbf > now + limits.clockSkewMs || iat > now + limits.clockSkewMs)
    refuse('time', 'The token is not valid yet.')
  if (exp <= iat || exp - iat > limits.issuerTokenLifeMs)
    refuse('time', `The token's life is not between 0 and ${limits.issuerTokenLifeMs / 3_600_000} hours.`)
  if (exp <= now) refuseExpired()
  return { issuedAt: iat, expiresAt: exp }
}

/** NumericDate (RFC 7519 §2) as milliseconds. */
function seconds(claim: Json | undefined): number | undefined {
  if (typeof claim !== 'number' || !Number.isSafeInteger(claim) || claim < 0) return undefined
  const milliseconds = claim * 1000
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined
}
