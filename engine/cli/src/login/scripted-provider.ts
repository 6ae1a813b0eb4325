import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { LoginTerms } from './provider.ts'

/** For tests: an OpenID provider that is right in everything but what the script says. */
export interface ScriptedProvider extends AsyncDisposable {
  readonly issuer: string
  readonly terms: LoginTerms
  /** When the token endpoint was asked, and with what. */
  readonly asked: { readonly atMs: number; readonly form: URLSearchParams }[]
  /** Where a browser ends that opened the address of a login. */
  visit(url: string): Promise<Response>
}

export interface ProviderScript {
  /** Laid over the claims of the ID token; `undefined` takes one out. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  /** Signed by somebody else. */
  readonly forged?: boolean
  /** Laid over the answer of the token endpoint. */
  readonly answer?: Readonly<Record<string, unknown>>
  /** Errors that the token endpoint gives first, one after another. */
  readonly errors?: readonly string[]
  /** Laid over the metadata. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Laid over the answer of the device endpoint. */
  readonly device?: Readonly<Record<string, unknown>>
}

/** Made once: making them is most of what a provider costs. */
const own = generateKeyPairSync('rsa', { modulusLength: 2048 })
const other = generateKeyPairSync('rsa', { modulusLength: 2048 })

export async function scriptedProvider(script: ProviderScript = {}): Promise<ScriptedProvider> {
  const asked: { readonly atMs: number; readonly form: URLSearchParams }[] = []
  const errors = [...(script.errors ?? [])]
  const logins = new Map<string, URLSearchParams>()

  function idToken(nonce: string | undefined): string {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: issuer, aud: 'cli', sub: 'alice', iat: now, exp: now + 60, nonce, ...script.claims }
    const header = { alg: 'RS256', kid: 'k', ...script.header }
    const input = [header, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const key = (script.forged === true ? other : own).privateKey
    return `${input}.${header.alg === 'none' ? '' : sign('sha256', Buffer.from(input), key).toString('base64url')}`
  }

  function tokens(form: URLSearchParams): readonly [number, object] {
    asked.push({ atMs: performance.now(), form })
    const error = errors.shift()
    if (error !== undefined) return [error === 'server_error' ? 500 : 400, { error }]
    const login = logins.get(form.get('code') ?? '')
    if (form.get('grant_type') === 'authorization_code') {
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      if (login?.get('code_challenge') !== challenge) return [400, { error: 'invalid_grant' }]
    }
    const id_token = idToken(login?.get('nonce') ?? undefined)
    return [200, { access_token: 'at', token_type: 'Bearer', expires_in: 600, id_token, ...script.answer }]
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', issuer)
    const form = new URLSearchParams(await text(request))
    const json = ([status, body]: readonly [number, object]): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return json([200, { ...metadata(issuer), ...script.metadata }])
      case '/jwks':
        return json([
          200,
          { keys: [{ ...own.publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256', use: 'sig' }] },
        ])
      case '/device':
        return json([
          200,
          {
            device_code: 'd',
            user_code: 'AB-CD',
            verification_uri: `${issuer}/at`,
            expires_in: 60,
            interval: 1,
            ...script.device,
          },
        ])
      case '/auth': {
        logins.set('c', url.searchParams)
        const state = encodeURIComponent(url.searchParams.get('state') ?? '')
        const location = `${url.searchParams.get('redirect_uri')}?code=c&state=${state}&iss=${encodeURIComponent(issuer)}`
        return void response.writeHead(302, { location }).end()
      }
      default:
        return json(tokens(form))
    }
  }

  const server = createServer((request, response) => void respond(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    issuer,
    terms: { issuer, client_id: 'cli', scope: 'openid', extra: { resource: 'urn:sluice' } },
    asked,
    visit: (url) => fetch(url),
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function metadata(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    device_authorization_endpoint: `${issuer}/device`,
    authorization_response_iss_parameter_supported: true,
    code_challenge_methods_supported: ['S256'],
  }
}
