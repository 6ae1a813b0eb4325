import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createPublicKey, verify, type JsonWebKey } from 'node:crypto'
import { request } from 'node:http'
import { demoSubjects, isDemoSubject } from './demo-subjects.ts'
import { demoToken, startIdentityProvider, type IdentityProvider } from './identity-provider.ts'

function part(token: string, index: number): Record<string, unknown> {
  const text = Buffer.from(token.split('.')[index] ?? '', 'base64url').toString()
  return JSON.parse(text) as Record<string, unknown>
}

suite('the identity provider of the demo', () => {
  let provider: IdentityProvider
  const printed: unknown[] = []
  const original = { warn: console.warn, info: console.info }

  before(async () => {
    console.warn = console.info = (...words: unknown[]) => void printed.push(words)
    provider = await startIdentityProvider({ port: 0 })
  })
  after(async () => {
    await Promise.all([provider.close(), provider.close()])
    Object.assign(console, original)
  })

  async function token(form: Record<string, string>): Promise<{ status: number; error: unknown }> {
    const response = await fetch(provider.token_endpoint, { method: 'POST', body: new URLSearchParams(form) })
    const { error } = (await response.json()) as { error?: unknown }
    return { status: response.status, error }
  }

  test('gives every subject an access token with its groups, signed with a published key', async () => {
    const published = (await (await fetch(`${provider.issuer}/jwks`)).json()) as { keys: JsonWebKey[] }
    const [jwk] = published.keys
    assert.ok(jwk)
    for (const name of Object.keys(demoSubjects).filter(isDemoSubject)) {
      const minted = await demoToken(provider, name)
      const { type, groups } = demoSubjects[name]
      const claims = part(minted, 1)
      assert.equal(part(minted, 0)['typ'], 'at+jwt')
      assert.deepEqual(
        [claims['iss'], claims['sub'], claims['aud'], claims['groups'], claims['subject_type']],
        [provider.issuer, name, 'sluice', groups, type],
      )
      const [header, payload, signature] = minted.split('.')
      const key = createPublicKey({ key: jwk, format: 'jwk' })
      const signed = Buffer.from(`${header}.${payload}`)
      assert.ok(verify('sha256', signed, key, Buffer.from(signature ?? '', 'base64url')))
    }
  })

  test('publishes exactly its issuer and no private key', async () => {
    const metadata = await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json()
    assert.equal((metadata as { issuer: string }).issuer, provider.issuer)
    const keys = await (await fetch(`${provider.issuer}/jwks`)).text()
    assert.doesNotMatch(keys, /"(d|p|q)":/)
  })

  test('gives nobody a token without the secret of this start', async () => {
    const bob = { ...provider.requests.bob }
    assert.deepEqual(await token({ ...bob, client_secret: 'guess' }), {
      status: 401,
      error: 'invalid_client',
    })
    const { client_secret: _secret, ...open } = bob
    assert.equal((await token(open)).status, 401)
  })

  test('keeps services and people apart', async () => {
    const { bob, 'langchain-reporting': service } = provider.requests
    assert.deepEqual(await token({ ...bob, subject: 'langchain-reporting' }), {
      status: 400,
      error: 'invalid_grant',
    })
    assert.deepEqual(await token({ ...bob, subject: 'mallory' }), { status: 400, error: 'invalid_grant' })
    assert.deepEqual(await token({ ...bob, subject: '__proto__' }), { status: 400, error: 'invalid_grant' })
    const mixed = { ...service, grant_type: 'urn:sluice:demo', subject: 'bob' }
    assert.deepEqual(await token(mixed), { status: 400, error: 'invalid_request' })
    assert.deepEqual(await token({ ...service, resource: 'urn:other' }), {
      status: 400,
      error: 'invalid_target',
    })
  })

  test('answers under its own name only', async () => {
    const { hostname, port } = new URL(provider.issuer)
    const status = await new Promise((resolve, reject) => {
      const headers = { host: `rebound.example:${port}` }
      request({ hostname, port, path: '/jwks', headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end()
    })
    assert.equal(status, 421)
  })

  test('prints nothing', () => {
    assert.deepEqual(printed, [])
  })
})
