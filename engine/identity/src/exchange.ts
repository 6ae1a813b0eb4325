import { Refused, refuseRevoked, type Clock, type Revocations } from '@sluice/core'
import { issuerIdentity } from './authenticator.ts'
import { gatewayTokenPrefix, type Binding, type GatewayTokens, type Vouched } from './gateway-token.ts'
import type { Issuer } from './issuer.ts'
import type { SamlLogins } from './saml/logins.ts'
import { bindingOf } from './token-scope.ts'

/** The parameters of RFC 8693 §2.1 in, its answer (§2.2.1) or an error of RFC 6749 §5.2 out. */
export type Exchange = (parameters: Readonly<Record<string, string>>) => Promise<ExchangeAnswer>

export type ExchangeAnswer =
  | { readonly status: 200; readonly body: Readonly<Record<string, string | number>> }
  | { readonly status: 400; readonly body: ExchangeError }

export interface ExchangeError {
  readonly error:
    'invalid_request' | 'invalid_grant' | 'invalid_target' | 'invalid_scope' | 'unsupported_grant_type'
  readonly error_description: string
}

const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessToken = 'urn:ietf:params:oauth:token-type:access_token'
const jwt = 'urn:ietf:params:oauth:token-type:jwt'

export interface ExchangePorts {
  readonly issuers: ReadonlyMap<string, Issuer>
  readonly gateway: GatewayTokens
  readonly logins: Pick<SamlLogins, 'redeem'>
  /** What a request may name as `audience`. */
  readonly audience: string
  /** Nothing is made from what was revoked. */
  readonly revocations: Pick<Revocations, 'of'>
  readonly clock: Clock
}

/**
 * An issuer's access token for a gateway token that speaks for the same subject and dies no later; or the code of a
 * SAML login (RFC 6749 §4.1.3 with RFC 7636) for one of the subject that logged in.
 */
export function tokenExchanger(ports: ExchangePorts): Exchange {
  return async (parameters) => {
    const now = ports.clock.now()
    // Before a code is used up.
    const scoped = scopeIn(parameters)
    if (scoped === undefined) return { status: 400, body: badScope }
    try {
      if (parameters['grant_type'] === authorizationCode) {
        const login = redeemed(parameters, ports)
        if (login === undefined) return { status: 400, body: badCode }
        const { status, body } = minted(login, scoped, now, ports)
        // Its program knows nobody yet, and a gateway token is not for reading.
        return { status, body: { ...body, subject: login.subject.id } }
      }
      const invalid = objection(parameters, ports.audience)
      if (invalid !== undefined) return { status: 400, body: invalid }
      return minted(
        await issuerIdentity(parameters['subject_token'] ?? '', ports.issuers, now),
        scoped,
        now,
        ports,
      )
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      // RFC 8693 §2.2.2 has one code for every subject token that is not acceptable.
      return { status: 400, body: { error: 'invalid_request', error_description: error.refusal.message } }
    }
  }
}

const authorizationCode = 'authorization_code'

/** Why is not said: whoever guesses codes learns nothing. */
const badCode: ExchangeError = {
  error: 'invalid_grant',
  error_description:
    'The code is not good, or not any more, or not with this code_verifier and redirect_uri.',
}

function redeemed(
  parameters: Readonly<Record<string, string>>,
  { logins }: ExchangePorts,
): Vouched | undefined {
  const given = (name: string): string => (Object.hasOwn(parameters, name) ? (parameters[name] ?? '') : '')
  return logins.redeem(given('code'), given('code_verifier'), given('redirect_uri'))
}

/** What a token is to be bound to, and how it was asked for. */
interface Scoped {
  readonly scope: string
  readonly binding: Binding
}

function scopeIn({ scope = '' }: Readonly<Record<string, string>>): Scoped | undefined {
  const binding = scope === '' ? {} : bindingOf(scope)
  return binding === null ? undefined : { scope, binding }
}

function minted(
  from: Vouched,
  { scope, binding }: Scoped,
  now: number,
  { gateway, revocations }: ExchangePorts,
): ExchangeAnswer & { readonly status: 200 } {
  const { token, identity } = gateway.mint(from, binding)
  refuseRevoked(identity, revocations)
  const body = {
    access_token: token,
    issued_token_type: accessToken,
    token_type: 'Bearer',
    expires_in: Math.floor((identity.expiresAt - now) / 1000),
    ...(scope === '' ? {} : { scope }),
  }
  return { status: 200, body }
}

const badScope: ExchangeError = {
  error: 'invalid_scope',
  error_description:
    'A scope binds a token: target:<name> and from:<address or network>, with single blanks between. What may be done, policies decide.',
}

function objection(
  parameters: Readonly<Record<string, string>>,
  audience: string,
): ExchangeError | undefined {
  const given = (name: string): string | undefined =>
    Object.hasOwn(parameters, name) && parameters[name] !== '' ? parameters[name] : undefined
  const invalid = (error: ExchangeError['error'], description: string): ExchangeError => ({
    error,
    error_description: description,
  })
  if (given('grant_type') === undefined) return invalid('invalid_request', 'grant_type is missing.')
  if (given('grant_type') !== tokenExchange)
    return invalid(
      'unsupported_grant_type',
      `The grants here are ${tokenExchange} and, after a SAML login, ${authorizationCode}.`,
    )
  const subject = given('subject_token')
  if (subject === undefined) return invalid('invalid_request', 'subject_token is missing.')
  if (subject.startsWith(gatewayTokenPrefix))
    return invalid(
      'invalid_request',
      "A gateway token cannot be exchanged: send your provider's access token.",
    )
  const type = given('subject_token_type')
  if (type !== accessToken && type !== jwt)
    return invalid('invalid_request', `subject_token_type must be ${accessToken} or ${jwt}.`)
  if (given('actor_token') !== undefined || given('actor_token_type') !== undefined)
    return invalid('invalid_request', 'actor_token is not supported: let the issuer put act into the token.')
  if ((given('requested_token_type') ?? accessToken) !== accessToken)
    return invalid('invalid_request', `requested_token_type can only be ${accessToken}.`)
  if ((given('audience') ?? audience) !== audience || given('resource') !== undefined)
    return invalid(
      'invalid_target',
      'Tokens are made for this gateway only: scope=target:<name> binds one to a target.',
    )
  return undefined
}
