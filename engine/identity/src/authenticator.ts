import { createHash } from 'node:crypto'
import { limits, tokenIn, type Authenticator, type Clock, type Identity } from '@sluice/core'
import { verifyAccessToken } from './access-token.ts'
import { gatewayTokenPrefix, type GatewayTokens, type Vouched } from './gateway-token.ts'
import type { Issuer } from './issuer.ts'
import { subjectOf } from './subject.ts'

/**
 * Accepts gateway tokens, and access tokens of the configured issuers as they are. The latter speak for at most
 * `limits.tokenLifeMs` from now, so that a key or a group that the issuer took back ends a session as soon for them.
 */
export function tokenAuthenticator(
  issuers: ReadonlyMap<string, Issuer>,
  gateway: GatewayTokens,
  clock: Clock,
): Authenticator {
  return {
    async authenticate(proof) {
      const token = tokenIn(proof)
      if (token.startsWith(gatewayTokenPrefix)) return gateway.verify(token)
      const identity = await issuerIdentity(token, issuers, clock.now())
      return { ...identity, expiresAt: Math.min(identity.expiresAt, clock.now() + limits.tokenLifeMs) }
    },
  }
}

/** Who an issuer's access token speaks for, until it expires. Throws `Refused`. */
export async function issuerIdentity(
  token: string,
  issuers: ReadonlyMap<string, Issuer>,
  now: number,
): Promise<Identity & Vouched> {
  const { issuer, claims } = await verifyAccessToken(token, issuers, now)
  // The log names tokens, and not each issuer gives them ids. Only of what is signed: whoever has a token can give its
  // signature another form (of ECDSA s and -s are good), and must not get another id by that.
  const signed = token.slice(0, token.lastIndexOf('.'))
  const id = claims.tokenId ?? createHash('sha256').update(signed).digest('base64url')
  const { issuedAt, expiresAt } = claims
  return { subject: subjectOf(claims, issuer), tokenId: `${issuer.name}#${id}`, issuedAt, expiresAt }
}
