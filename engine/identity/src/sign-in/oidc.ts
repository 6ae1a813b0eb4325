import { Refused, type Clock } from '@sluice/core'
import { issuerIdentity } from '../authenticator.ts'
import type { GatewayTokens } from '../gateway-token.ts'
import type { Issuer, IssuerConfig } from '../issuer.ts'
import type { SecretSource } from '../secrets/source.ts'
import { OidcClient, type ConsoleClient } from './oidc-client.ts'
import { SignInError, type SignedIn, type SignInProvider } from './sign-in.ts'

export interface OidcPorts {
  readonly issuers: ReadonlyMap<string, Issuer>
  readonly gateway: GatewayTokens
  readonly secrets: SecretSource
  readonly clock: Clock
}

const defaultScope = 'openid offline_access'

/** What the library makes of an answer of the token endpoint. */
interface Tokens {
  readonly access_token: string
  readonly token_type: string
  readonly refresh_token?: string
}

/**
 * Authorization code with PKCE, state and nonce. Whoever signed in is who the access token speaks for, checked as at any
 * listener; the ID token only proves that it belongs to this sign-in.
 */
export function oidcProvider(
  { name, issuer }: Pick<IssuerConfig, 'name' | 'issuer'>,
  terms: ConsoleClient,
  { issuers, gateway, secrets, clock }: OidcPorts,
): SignInProvider {
  const client = new OidcClient(issuer, terms, secrets, clock)
  const scope = terms.scope ?? defaultScope
  const isOffline = scope.split(' ').includes('offline_access')
  const extra = {
    ...(terms.resource === undefined ? {} : { resource: terms.resource }),
    ...(terms.audience === undefined ? {} : { audience: terms.audience }),
  }

  /** Its own subject and nobody else's, for as long as a gateway token lives. */
  async function signedIn(tokens: Tokens, before: string | null): Promise<SignedIn> {
    // One that is bound to a key could not be checked (RFC 9449).
    if (tokens.token_type !== 'bearer')
      throw new SignInError('refused', `${issuer} gave a token that is not a bearer's`)
    try {
      const from = await issuerIdentity(tokens.access_token, issuers, clock.now())
      if (from.subject.issuer !== name)
        throw new SignInError('refused', `${issuer} gave a token of another issuer`)
      const { token, identity } = gateway.mint(from)
      // Where the provider does not rotate it, the one before stays good.
      return { token, token_ends_ms: identity.expiresAt, refresh: tokens.refresh_token ?? before }
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      throw new SignInError('refused', `the token of ${issuer} is not good here: ${error.refusal.message}`, {
        cause: error,
      })
    }
  }

  return {
    name,
    kind: 'oidc',
    label: terms.label ?? name,

    begin({ state, nonce, verifier }, redirect, again) {
      const prompt = [...(again ? ['login'] : []), ...(isOffline ? ['consent'] : [])].join(' ')
      return client.ask(
        async (library, config) =>
          library.buildAuthorizationUrl(config, {
            ...extra,
            redirect_uri: redirect,
            scope,
            code_challenge: await library.calculatePKCECodeChallenge(verifier),
            code_challenge_method: 'S256',
            state,
            nonce,
            ...(prompt === '' ? {} : { prompt }),
          }).href,
      )
    },

    finish({ state, nonce, verifier }, callback) {
      return client.ask(async (library, config) =>
        signedIn(
          await library.authorizationCodeGrant(
            config,
            callback,
            { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
            extra,
          ),
          null,
        ),
      )
    },

    renew(refresh) {
      return client.ask(async (library, config) =>
        signedIn(await library.refreshTokenGrant(config, refresh, extra), refresh),
      )
    },

    revoke(refresh) {
      return client.ask(async (library, config) => {
        if (config.serverMetadata().revocation_endpoint === undefined) return
        await library.tokenRevocation(config, refresh, { token_type_hint: 'refresh_token' })
      })
    },
  }
}
