import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { startGateway, type Gateway } from '../src/gateway.ts'
import { WireClient } from '../src/wire-client.ts'
import { startBackend } from './backend.ts'
import { startIssuer, type Issuer } from './issuer.ts'
import { starterPolicies } from './stage.ts'

/** Tokens that are good for one target, or from one network: stolen, they open nothing else. */

suite('a bound token', () => {
  const parts = new AsyncDisposableStack()
  let issuer: Issuer
  let gateway: Gateway

  before(async () => {
    const backend = await startBackend()
    parts.defer(() => backend.close())
    issuer = await startIssuer()
    parts.defer(() => issuer.close())
    gateway = await startGateway({
      provider: issuer,
      policies: starterPolicies,
      targets: [
        { name: 'shop', login: backend.login },
        { name: 'shop-2', login: backend.login },
        { name: 'shop-api', http: backend.login },
      ],
    })
    parts.defer(() => gateway.close())
  })
  after(() => parts.disposeAsync())

  const api = (path: string): string => `http://${gateway.api.host}:${gateway.api.port}${path}`

  async function minted(scope?: string): Promise<string> {
    const response = await fetch(api('/v1/token'), {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: issuer.mint(300),
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        ...(scope === undefined ? {} : { scope }),
      }),
    })
    const { access_token: token } = (await response.json()) as { readonly access_token: string }
    assert.equal(response.status, 200)
    return token
  }

  const login = (password: string, database = 'shop'): Promise<WireClient> =>
    WireClient.login({ host: gateway.host, port: gateway.port, user: 'app', password, database })

  async function call(token: string, path: string, body?: object): Promise<readonly [number, string]> {
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    const response = await fetch(api(path), {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, ...json },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return [response.status, await response.text()]
  }

  async function overHttp(token: string): Promise<number> {
    const { host, port } = gateway.http
    const response = await fetch(`http://${host}:${port}/shop-api/`, {
      headers: { 'x-sluice-authorization': `Bearer ${token}` },
    })
    await response.body?.cancel()
    return response.status
  }

  test('opens its target, and no other of a name that begins or reads like it', async () => {
    const token = await minted('target:shop')
    ;(await login(token)).close()
    await assert.rejects(login(token, 'shop-2'), /28000.*not good for this target/)
    assert.equal(await overHttp(token), 401)
    for (const scope of ['target:Shop', 'target:shop-api', 'target:sho', 'target:shop-2'])
      await assert.rejects(login(await minted(scope)), /28000.*not good for this target/, scope)
    ;(await login(await minted('target:shop-api target:shop'))).close()
  })

  test('opens nothing at the API, whoever holds it, but ends itself', async () => {
    const token = await minted('target:shop')
    for (const path of ['/v1/sessions', '/v1/approvals', '/v1/events', '/v1/stream', '/v1/revocations']) {
      const [status, text] = await call(token, path)
      assert.deepEqual([path, status], [path, 403])
      assert.match(text, /bound to what it is for/)
    }
    const reason = 'done'
    assert.equal((await call(token, '/v1/revocations', { mine: 'all', reason }))[0], 403)
    const session = await login(token)
    assert.equal((await call(token, '/v1/revocations', { mine: 'this', reason }))[0], 200)
    await session.end()
    await assert.rejects(login(token), /28000.*revoked/)
  })

  test('is good from its networks alone, at each door', async () => {
    const elsewhere = await minted('from:192.0.2.0/24')
    await assert.rejects(login(elsewhere), /28000.*from the address/)
    assert.equal(await overHttp(elsewhere), 401)
    assert.equal((await call(elsewhere, '/v1/targets'))[0], 401)
    assert.equal((await call(elsewhere, '/v1/revocations', { mine: 'this', reason: 'x' }))[0], 401)
    const here = await minted('from:192.0.2.0/24 from:127.0.0.0/8')
    ;(await login(here)).close()
    assert.notEqual(await overHttp(here), 401)
    assert.equal((await call(here, '/v1/targets'))[0], 200)
  })

  test('carries on what is bound likewise, and nothing that it could not have opened', async () => {
    const [bound, unbound] = [await minted('target:shop'), await minted()]
    const sessions = [await login(bound), await login(unbound, 'shop-2')]
    const next = await minted('target:shop')
    const extended = await call(next, '/v1/sessions/token', { replaces: bound })
    assert.deepEqual([extended[0], (JSON.parse(extended[1]) as { extended: number }).extended], [200, 1])
    const [status, text] = await call(next, '/v1/sessions/token', { replaces: unbound })
    assert.equal(status, 401)
    assert.match(text, /not good for this target/)
    const admitted = await call(unbound, '/v1/sessions/token', { replaces: next })
    assert.equal(admitted[0], 200)
    for (const session of sessions) session.close()
  })

  test('is made of a scope that is understood whole, or not at all', async () => {
    for (const scope of ['target:shop admin', 'from:nowhere', 'openid']) {
      const response = await fetch(api('/v1/token'), {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token: issuer.mint(300),
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          scope,
        }),
      })
      const { error } = (await response.json()) as { readonly error: string }
      assert.deepEqual([response.status, error], [400, 'invalid_scope'], scope)
    }
  })
})
