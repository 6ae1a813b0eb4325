import type * as oidc from 'openid-client'
import type { Clock } from '@sluice/core'
import type { SecretReference } from '../secrets/reference.ts'
import { readSecret, type SecretSource } from '../secrets/source.ts'
import { isTrustworthyUrl } from '../issuer-document.ts'
import { SignInError } from './sign-in.ts'

/** `console` of an issuer: the client by which browsers sign in there. */
export interface ConsoleClient {
  readonly client_id: string
  /** Without it the client is public; PKCE protects both kinds. */
  readonly client_secret?: SecretReference
  /** What people call the provider; default: its name here. */
  readonly label?: string
  /** Default `openid offline_access`. */
  readonly scope?: string
  /** RFC 8707, where the provider wants it. */
  readonly resource?: string
  /** The same for providers that call it so. */
  readonly audience?: string
}

const answerSeconds = 10
/** What a provider says of itself is read again after this. */
const metadataLifeMs = 600_000

type Library = typeof oidc

/** A client at one OpenID provider, whose metadata is read when it is needed. */
export class OidcClient {
  readonly #issuer: string
  readonly #client: ConsoleClient
  readonly #source: SecretSource
  readonly #clock: Pick<Clock, 'monotonic'>
  #read: { readonly atMs: number; readonly config: Promise<oidc.Configuration> } | undefined

  constructor(issuer: string, client: ConsoleClient, source: SecretSource, clock: Pick<Clock, 'monotonic'>) {
    this.#issuer = issuer
    this.#client = client
    this.#source = source
    this.#clock = clock
  }

  /** A request to the provider. Rejects with `SignInError`; nothing of a token or code is repeated. */
  async ask<T>(request: (library: Library, config: oidc.Configuration) => Promise<T>): Promise<T> {
    // Every command loads this package, and only a gateway with such a client has a use for the library.
    const library = await import('openid-client')
    try {
      return await request(library, await this.#config(library))
    } catch (error) {
      throw explained(library, this.#issuer, error)
    }
  }

  #config(library: Library): Promise<oidc.Configuration> {
    const now = this.#clock.monotonic()
    if (this.#read !== undefined && now - this.#read.atMs < metadataLifeMs) return this.#read.config
    const config = this.#discover(library)
    this.#read = { atMs: now, config }
    config.catch(() => (this.#read = undefined))
    return config
  }

  async #discover(library: Library): Promise<oidc.Configuration> {
    const { client_id: clientId, client_secret: reference } = this.#client
    const secret = reference === undefined ? undefined : await readSecret(reference, this.#source)
    const isNear = this.#issuer.startsWith('http:')
    const found = await library.discovery(new URL(this.#issuer), clientId, undefined, library.None(), {
      timeout: answerSeconds,
      ...(isNear ? { execute: [library.allowInsecureRequests] } : {}),
    })
    const metadata = found.serverMetadata()
    // Discovery tolerates one that differs by a slash; tokens are checked against it exactly.
    if (metadata.issuer !== this.#issuer)
      throw new SignInError('refused', `${this.#issuer} calls itself ${metadata.issuer}`)
    for (const url of [metadata.authorization_endpoint, metadata.token_endpoint])
      if (url === undefined || !isTrustworthyUrl(url.replace(/\?[^#]*$/, '')))
        throw new SignInError('refused', `${this.#issuer} has an endpoint that is not https, or none`)
    const config = new library.Configuration(
      metadata,
      clientId,
      undefined,
      authentication(library, metadata, secret),
    )
    library.enableNonRepudiationChecks(config)
    if (isNear) library.allowInsecureRequests(config)
    config.timeout = answerSeconds
    return config
  }
}

/** In the body where the provider takes that; the header is what a provider must take that says nothing. */
function authentication(
  library: Library,
  metadata: oidc.ServerMetadata,
  secret: string | undefined,
): oidc.ClientAuth {
  if (secret === undefined) return library.None()
  const methods = metadata.token_endpoint_auth_methods_supported
  return methods?.includes('client_secret_post') === true
    ? library.ClientSecretPost(secret)
    : library.ClientSecretBasic(secret)
}

function explained(library: Library, issuer: string, error: unknown): unknown {
  if (error instanceof library.AuthorizationResponseError)
    return new SignInError('denied', `${issuer} refuses: ${error.error}`, { cause: error })
  if (error instanceof library.ResponseBodyError)
    return error.status >= 500
      ? new SignInError('unreachable', `${issuer} answered ${error.status}`, { cause: error })
      : new SignInError('refused', `${issuer} refuses: ${error.error}`, { cause: error })
  if (isSilence(error) || (error instanceof library.ClientError && isSilence(error.cause)))
    return new SignInError('unreachable', `${issuer} does not answer`, { cause: error })
  if (error instanceof library.ClientError) {
    if (error.code === 'OAUTH_TIMEOUT')
      return new SignInError('unreachable', `${issuer} does not answer in time`, { cause: error })
    if (error.cause instanceof Response && error.cause.status >= 500)
      return new SignInError('unreachable', `${issuer} answered ${error.cause.status}`, { cause: error })
    return new SignInError(
      'refused',
      `${issuer} answers otherwise than it must: ${error.code ?? error.message}`,
      {
        cause: error,
      },
    )
  }
  return error
}

/** No connection, or no answer on it. */
function isSilence(error: unknown): boolean {
  return (
    error instanceof TypeError ||
    (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError'))
  )
}
