import { compactVerify } from 'jose'
import { limits } from '@sluice/core'
import { checkClaims, type AccessClaims } from './claims.ts'
import { isAlgorithm, type Algorithm } from './algorithm.ts'
import type { Issuer } from './issuer.ts'
import { refuse } from './refuse.ts'
import { parseObject, type JsonObject } from './strict-json.ts'

export interface VerifiedToken {
  readonly issuer: Issuer
  readonly claims: AccessClaims
}

/**
 * An issuer's access token: a JWS in compact form (RFC 7515, profile RFC 9068), checked from the outside in.
 * Nothing of the token chooses what it is checked with, except which configured issuer and which published key.
 *
 * @throws Refused `token_refused` or `token_expired`
 */
export async function verifyAccessToken(
  token: string,
  issuers: ReadonlyMap<string, Issuer>,
  now: number,
): Promise<VerifiedToken> {
  const [header, payload] = segments(token)
  const { algorithm, kid } = headerOf(header)
  const claimed = payload['iss']
  const issuer = typeof claimed === 'string' ? issuers.get(claimed) : undefined
  if (issuer === undefined) refuse('unknown_issuer', 'The token is not of an issuer that is configured here.')
  return issuer.tally.counting(async () => {
    if (!issuer.algorithms.includes(algorithm))
      refuse('algorithm', 'The token is signed with an algorithm that is not allowed for its issuer.')
    const key = await issuer.keys.find(kid, algorithm)
    await compactVerify(token, key, { algorithms: [algorithm] }).catch((error: unknown) =>
      refuse('signature', 'The signature of the token is not valid.', error),
    )
    return { issuer, claims: checkClaims(payload, issuer, now) }
  })
}

/** Header and payload of three segments of canonical base64url: one token has one spelling. */
function segments(token: string): readonly [JsonObject, JsonObject] {
  if (token.length > limits.issuerTokenBytesMax)
    refuse('too_large', `The token is longer than ${limits.issuerTokenBytesMax} bytes.`)
  const parts = token.split('.')
  if (parts.length === 5) refuse('encrypted', 'Encrypted tokens are not accepted: ask for a signed one.')
  const [header, payload, signature] = parts.map(decoded)
  if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined)
    refuse('malformed', 'This is not a token: send a gateway token or a signed access token.')
  try {
    return [parseObject(header), parseObject(payload)]
  } catch (error) {
    refuse('malformed', 'The token does not hold well-formed JSON with unique names.', error)
  }
}

function decoded(segment: string): Buffer | undefined {
  const bytes = Buffer.from(segment, 'base64url')
  return bytes.length > 0 && bytes.toString('base64url') === segment ? bytes : undefined
}

/** What RFC 9068 §2.1 and common issuers write. ID, logout and proof tokens say something else or are caught later. */
const accessTypes: readonly unknown[] = ['at+jwt', 'application/at+jwt', 'JWT', 'jwt', undefined]

/** `jku`, `x5u`, `x5c` and `jwk` are never looked at: a token does not bring its own key. */
function headerOf(header: JsonObject): { readonly algorithm: Algorithm; readonly kid: string | null } {
  const { alg, kid, typ, crit } = header
  if (!isAlgorithm(alg)) refuse('algorithm', 'The token is not signed with a public-key algorithm.')
  if (crit !== undefined) refuse('critical', 'The token demands an extension that is not understood.')
  const type = typeof typ === 'string' && typ !== 'JWT' ? typ.toLowerCase() : typ
  if (!accessTypes.includes(type)) refuse('token_type', 'This is not an access token.')
  if (kid !== undefined && typeof kid !== 'string')
    refuse('malformed', 'The key id of the token is not a string.')
  return { algorithm: alg, kid: kid ?? null }
}
