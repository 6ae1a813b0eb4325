import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash, createSecretKey } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { systemClock, systemIds } from '@sluice/core'
import { gatewayTokens } from '../gateway-token.ts'
import { openIssuers } from '../issuer.ts'
import { jws, signingKey } from '../scripted-issuer.ts'
import { secretSource } from '../secrets/source.ts'
import { oidcProvider } from './oidc.ts'
import { SignInError, type Begun, type SignInProblem } from './sign-in.ts'

const own = signingKey('k', 'RS256')
const other = signingKey('k', 'RS256')

/** What a provider does otherwise than it must. */
interface Script {
  readonly id?: Readonly<Record<string, unknown>>
  readonly forgedId?: boolean
  readonly access?: Readonly<Record<string, unknown>>
  readonly answer?: Readonly<Record<string, unknown>>
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly status?: number
  /** Its access tokens are those of the other issuer of the same provider, which are good here. */
  readonly sister?: boolean
}

/** A provider of two issuers: another one whose tokens are good here as well is part of what may be mixed up. */
async function provider(script: Script = {}) {
  const forms: URLSearchParams[] = []
  let challenge = ''
  let nonce = ''
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await text(request))
    const json = (body: object, status = 200): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (request.url?.endsWith('/keys') === true) return json({ keys: [own.jwk] })
    if (request.url?.startsWith('/sister/') === true)
      return json({ issuer: `${url}/sister`, jwks_uri: `${url}/keys` })
    if (request.url?.includes('.well-known') === true) return json({ ...metadata(), ...script.metadata })
    forms.push(form)
    if (script.status !== undefined) return json({ error: 'invalid_grant' }, script.status)
    const verifier = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (form.has('code') && verifier !== challenge) return json({ error: 'invalid_grant' }, 400)
    const now = Math.floor(Date.now() / 1000)
    const times = { iat: now, exp: now + 600 }
    const idToken = { iss: url, aud: 'console', sub: 'alice', nonce, ...times, ...script.id }
    const access = {
      iss: script.sister === true ? `${url}/sister` : url,
      aud: 'sluice',
      sub: 'alice',
      client_id: 'console',
      ...times,
      ...script.access,
    }
    json({
      access_token: jws(own, access),
      token_type: 'Bearer',
      expires_in: 600,
      refresh_token: 'next',
      id_token: jws(script.forgedId === true ? other : own, idToken),
      ...script.answer,
    })
  }
  const server = createServer((request, response) => void respond(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const metadata = (): object => ({
    issuer: url,
    authorization_endpoint: `${url}/auth`,
    token_endpoint: `${url}/token`,
    jwks_uri: `${url}/keys`,
    authorization_response_iss_parameter_supported: true,
  })
  const configs = [
    { name: 'idp', kind: 'oidc', issuer: url, audience: 'sluice' },
    { name: 'sister', kind: 'oidc', issuer: `${url}/sister`, audience: 'sluice' },
  ] as const
  const clock = systemClock
  const gateway = gatewayTokens({
    key: createSecretKey(Buffer.alloc(32, 1)),
    audience: 'sluice',
    issuers: new Set(['idp', 'sister']),
    clock,
    ids: systemIds(clock),
  })
  const secrets = secretSource({ base: '/', env: {}, clock })
  const terms = { client_id: 'console', resource: 'urn:sluice' }
  const made = oidcProvider(configs[0], terms, {
    issuers: openIssuers(configs, clock),
    gateway,
    secrets,
    clock,
  })
  const begun: Begun = {
    issuer: 'idp',
    state: 's'.repeat(43),
    verifier: 'v'.repeat(43),
    nonce: 'n'.repeat(43),
  }
  const redirect = 'https://sluice.example/console/callback/idp'
  return {
    url,
    forms,
    made,
    gateway,
    signIn: async (said: Readonly<Record<string, string>> = {}) => {
      const at = new URL(await made.begin(begun, redirect, false))
      challenge = at.searchParams.get('code_challenge') ?? ''
      nonce = at.searchParams.get('nonce') ?? ''
      const query = new URLSearchParams({ code: 'c', state: begun.state, iss: url, ...said })
      return { at, signedIn: await made.finish(begun, new URL(`${redirect}?${query.toString()}`)) }
    },
  }
}

test('a code with PKCE, state and nonce is exchanged for a gateway token of that subject', async () => {
  const { signIn, forms, gateway } = await provider()
  const { at, signedIn } = await signIn()
  assert.deepEqual(
    ['response_type', 'client_id', 'scope', 'code_challenge_method', 'prompt', 'resource'].map((name) =>
      at.searchParams.get(name),
    ),
    ['code', 'console', 'openid offline_access', 'S256', 'consent', 'urn:sluice'],
  )
  assert.equal(forms[0]?.get('redirect_uri'), 'https://sluice.example/console/callback/idp')
  const { subject, expiresAt } = gateway.verify(signedIn.token)
  assert.deepEqual([subject.id, expiresAt], ['idp#alice', signedIn.token_ends_ms])
  assert.equal(signedIn.refresh, 'next')
})

const refused: readonly (readonly [string, Script, Readonly<Record<string, string>>?])[] = [
  ['an ID token of another sign-in', { id: { nonce: 'x'.repeat(43) } }],
  ['an ID token without a nonce', { id: { nonce: undefined } }],
  ['an ID token of another key', { forgedId: true }],
  ['an ID token for another client', { id: { aud: 'other' } }],
  ['an ID token of another issuer', { id: { iss: 'https://evil.example' } }],
  ['no ID token', { answer: { id_token: undefined } }],
  ['an access token for another audience', { access: { aud: 'console' } }],
  ['an access token that has expired', { access: { exp: 1, iat: 0 } }],
  ['an opaque access token', { answer: { access_token: 'opaque' } }],
  ['a token that is bound to a key', { answer: { token_type: 'DPoP' } }],
  ['an answer of another issuer (RFC 9207)', {}, { iss: 'https://evil.example' }],
  ['metadata of another issuer', { metadata: { issuer: 'https://evil.example' } }],
  ['a token endpoint in clear', { metadata: { token_endpoint: 'http://evil.example/token' } }],
  ['a code that the provider does not know', { status: 400 }],
]

for (const [what, script, said] of refused)
  test(`${what} signs in nobody`, async () => {
    const { signIn } = await provider(script)
    await fails(signIn(said), 'refused')
  })

test('an access token of another issuer, good as it is, signs in nobody here', async () => {
  const { signIn } = await provider({ sister: true })
  await assert.rejects(
    signIn(),
    (error) => error instanceof SignInError && /gave a token of another issuer/.test(error.message),
  )
})

test('what the provider says in its own words is why', async () => {
  const { signIn } = await provider()
  await fails(signIn({ error: 'access_denied', error_description: '<b>' }), 'denied')
  const away = await provider({ status: 503 })
  await fails(away.signIn(), 'unreachable')
})

test('a login is renewed by its refresh token, which may stay the same', async () => {
  const { made, forms } = await provider({ answer: { refresh_token: undefined } })
  const { refresh } = await made.renew('before')
  assert.equal(refresh, 'before')
  assert.deepEqual([forms[0]?.get('grant_type'), forms[0]?.get('refresh_token')], ['refresh_token', 'before'])
  const ended = await provider({ status: 400 })
  await fails(ended.made.renew('before'), 'refused')
})

async function fails(promise: Promise<unknown>, problem: SignInProblem): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof SignInError, String(error))
    assert.equal(error.problem, problem, error.message)
    return true
  })
}
