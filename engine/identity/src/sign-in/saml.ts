import { createHash } from 'node:crypto'
import { Refused } from '@sluice/core'
import type { GatewayTokens } from '../gateway-token.ts'
import type { SamlLogins } from '../saml/logins.ts'
import { SignInError, type SignInProvider } from './sign-in.ts'

/**
 * The same logins as those of programs (`saml/logins.ts`), with the console at their end. There is nothing to renew: who
 * wants to stay passes by the provider again.
 */
export function samlProvider(
  name: string,
  label: string,
  logins: Pick<SamlLogins, 'startHere' | 'redeem'>,
  gateway: GatewayTokens,
): SignInProvider {
  return {
    name,
    kind: 'saml',
    label,

    async begin({ state, verifier }, redirect, again) {
      const code_challenge = createHash('sha256').update(verifier).digest('base64url')
      const login = { redirect_uri: redirect, state, code_challenge }
      return (await logins.startHere(name, login, again)).login_url
    },

    async finish({ verifier }, callback) {
      const code = callback.searchParams.get('code') ?? ''
      const login = logins.redeem(code, verifier, `${callback.origin}${callback.pathname}`)
      if (login === undefined)
        throw new SignInError('expired', `the code of ${name} is not good, or not any more`)
      try {
        const { token, identity } = gateway.mint(login)
        return { token, token_ends_ms: identity.expiresAt, refresh: null }
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        throw new SignInError('refused', `the login of ${name} is not good here: ${error.refusal.message}`)
      }
    },

    renew: () => Promise.reject(new SignInError('expired', `${name} has nothing to renew`)),
    revoke: async () => {},
  }
}
