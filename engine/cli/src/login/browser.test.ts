import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Unreachable } from '../command.ts'
import { loginByBrowser } from './browser.ts'
import type { Login } from './logins.ts'
import { LoginRefused } from './provider.ts'
import { scriptedProvider, type ProviderScript } from './scripted-provider.ts'

async function login(script: ProviderScript, signal = AbortSignal.timeout(60_000)): Promise<Login> {
  await using provider = await scriptedProvider(script)
  let visited: Promise<unknown> | undefined
  const show = (url: string): void => void (visited = provider.visit(url).catch(() => {}))
  try {
    return await loginByBrowser(provider.terms, { show, signal })
  } finally {
    await visited
  }
}

suite('a login by browser', { concurrency: true }, () => {
  test('asks with PKCE, state, nonce and what the provider wants besides', async () => {
    await using provider = await scriptedProvider()
    let page: Promise<Response> | undefined
    const made = await loginByBrowser(provider.terms, {
      signal: AbortSignal.timeout(60_000),
      show: (url) => {
        const { searchParams: asked } = new URL(url)
        for (const name of ['state', 'nonce', 'code_challenge'])
          assert.ok((asked.get(name) ?? '').length >= 43, name)
        assert.deepEqual(
          ['response_type', 'code_challenge_method', 'resource', 'scope'].map((name) => asked.get(name)),
          ['code', 'S256', 'urn:sluice', 'openid'],
        )
        assert.match(asked.get('redirect_uri') ?? '', /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
        page = provider.visit(url)
      },
    })
    assert.deepEqual([made.subject, made.access_token, made.refresh_token], ['alice', 'at', null])
    assert.match((await (await page)?.text()) ?? '', /You are logged in/)
    assert.equal(provider.asked[0]?.form.get('resource'), 'urn:sluice')
  })

  const untrue: readonly (readonly [string, ProviderScript])[] = [
    ['another nonce', { claims: { nonce: 'x' } }],
    ['no nonce', { claims: { nonce: undefined } }],
    ['another issuer', { claims: { iss: 'https://evil.example' } }],
    ['another audience', { claims: { aud: 'other' } }],
    ['several audiences and another party', { claims: { aud: ['cli', 'other'], azp: 'other' } }],
    ['an end in the past', { claims: { exp: 1 } }],
    ['nobody', { claims: { sub: undefined } }],
    ['no signature', { header: { alg: 'none' } }],
    ['a signature of somebody else', { forged: true }],
    ['an unknown key', { header: { kid: 'other' } }],
  ]
  for (const [what, script] of untrue)
    test(`keeps nothing where the ID token has ${what}`, () =>
      assert.rejects(login(script), (error) => {
        assert.ok(error instanceof LoginRefused, String(error))
        assert.match(error.message, /answers otherwise than it must .*nothing was kept/)
        return true
      }))

  test('keeps nothing where there is no ID token, or a token of another kind', async () => {
    await assert.rejects(login({ answer: { id_token: undefined } }), LoginRefused)
    await assert.rejects(login({ answer: { token_type: 'DPoP' } }), LoginRefused)
  })

  test('says what the token endpoint says', async () => {
    await assert.rejects(
      login({ errors: ['invalid_client'] }),
      /does not know this client .*check --client-id/,
    )
    await assert.rejects(login({ errors: ['server_error'] }), Unreachable)
  })

  test('gives up when it is told to', () => assert.rejects(login({}, AbortSignal.abort()), LoginRefused))

  test('follows no issuer that calls itself otherwise, nor one in clear', async () => {
    await assert.rejects(login({ metadata: { issuer: 'https://evil.example' } }), LoginRefused)
    const terms = { issuer: 'http://provider.example', client_id: 'cli', scope: 'openid', extra: {} }
    const ports = { show: () => {}, signal: AbortSignal.timeout(1_000) }
    await assert.rejects(loginByBrowser(terms, ports), /must be an https URL/)
  })
})
