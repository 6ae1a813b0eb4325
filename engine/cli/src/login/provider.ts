import * as oidc from 'openid-client'
import { isLoopback } from '@sluice/core'
import { Unreachable, UsageError } from '../command.ts'
import { hostOf } from '../config/address.ts'
import type { Login } from './logins.ts'

/** What a login is asked for with. */
export type LoginTerms = Pick<Login, 'issuer' | 'client_id' | 'scope' | 'extra'>

/** The provider refuses, or says what it must not; with what to do. */
export class LoginRefused extends Error {}

const answerSeconds = 10

/**
 * Reads what the issuer says of itself. Over https, or http on this machine; signatures of ID tokens are checked although
 * they come over TLS. Rejects with `Unreachable` or `LoginRefused`.
 */
export async function discover({ issuer, client_id }: LoginTerms): Promise<oidc.Configuration> {
  const url = URL.canParse(issuer) ? new URL(issuer) : null
  const near = url?.protocol === 'http:' && isLoopback(hostOf(url))
  if (url === null || (url.protocol !== 'https:' && !near))
    throw new UsageError(`the issuer must be an https URL, not ${issuer}`)
  const config = await asked(issuer, () =>
    oidc.discovery(url, client_id, undefined, oidc.None(), {
      timeout: answerSeconds,
      execute: [oidc.enableNonRepudiationChecks, ...(near ? [oidc.allowInsecureRequests] : [])],
    }),
  )
  // Discovery tolerates one that differs by a slash; tokens are checked against it exactly.
  if (config.serverMetadata().issuer !== issuer)
    throw new LoginRefused(
      `${issuer} calls itself ${config.serverMetadata().issuer}: log in with --issuer ${config.serverMetadata().issuer}`,
    )
  return config
}

/** A request to the provider, its failures in words. Nothing of a token or code is repeated. */
export async function asked<T>(issuer: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request()
  } catch (error) {
    throw explained(issuer, error)
  }
}

function explained(issuer: string, error: unknown): unknown {
  if (error instanceof oidc.ResponseBodyError) {
    if (error.status >= 500) return new Unreachable(`${issuer} answered ${error.status}: try again later`)
    return new LoginRefused(wordsFor(error.error, error.error_description))
  }
  if (error instanceof oidc.AuthorizationResponseError)
    return new LoginRefused(wordsFor(error.error, error.error_description))
  if (!(error instanceof oidc.ClientError)) {
    if (error instanceof TypeError || isTimeout(error))
      return new Unreachable(`${issuer} does not answer: is the URL right, and the network there?`)
    return error
  }
  if (error.code === 'OAUTH_TIMEOUT' || isTimeout(error.cause) || error.cause instanceof TypeError)
    return new Unreachable(`${issuer} does not answer: is the URL right, and the network there?`)
  if (error.cause instanceof Response && error.cause.status >= 500)
    return new Unreachable(`${issuer} answered ${error.cause.status}: try again later`)
  return new LoginRefused(
    `${issuer} answers otherwise than it must (${error.code ?? error.message}): nothing was kept. ` +
      'Somebody may stand in between, or the issuer is another one: log in again, and tell its operator',
  )
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
}

function wordsFor(error: string, description = ''): string {
  const said = description === '' ? error : `${error}: ${visible(description)}`
  switch (error) {
    case 'access_denied':
      return `the login was denied (${said}): log in again, and agree`
    case 'expired_token':
      return 'nobody confirmed the code in time: run sluice login --device again'
    case 'invalid_client':
    case 'unauthorized_client':
      return `the provider does not know this client for this kind of login (${said}): check --client-id`
    default:
      return `the provider refuses (${said})`
  }
}

/** It is printed on a terminal. */
function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?').slice(0, 200)
}

/** What is kept of an answer of the token endpoint. */
export function loginOf(
  terms: LoginTerms,
  tokens: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers,
  before: Pick<Login, 'subject' | 'refresh_token'> | null,
): Login {
  // A token that is bound to a key would be refused by the gateway (RFC 9449).
  if (tokens.token_type !== 'bearer')
    throw new LoginRefused(
      `the provider gave a token of the kind ${visible(tokens.token_type)}: ask its operator for Bearer`,
    )
  const subject = tokens.claims()?.sub ?? before?.subject
  if (subject === undefined)
    throw new LoginRefused('the provider does not say who logged in: ask for scope openid')
  if (before !== null && subject !== before.subject)
    throw new LoginRefused('the provider renewed the login for somebody else: nothing was kept. Log in again')
  const seconds = tokens.expiresIn()
  const { issuer, client_id, scope, extra } = terms
  return {
    issuer,
    client_id,
    scope,
    extra,
    subject,
    access_token: tokens.access_token,
    expires_ms: seconds === undefined ? null : Date.now() + seconds * 1000,
    // Where the provider does not rotate it, the one before stays good.
    refresh_token: tokens.refresh_token ?? before?.refresh_token ?? null,
  }
}
