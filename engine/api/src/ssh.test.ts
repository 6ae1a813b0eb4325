import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { StoreError, tokenIn, type Confinement, type Target } from '@sluice/core'
import { bearer, identityOf, scriptedApi, ScriptedStore, shop, type ScriptedApi } from './scripted.ts'

const host = (name: string): Target => ({ ...shop, name, protocol: 'ssh' })

function hosts(...names: readonly string[]): Partial<Parameters<typeof scriptedApi>[0]> {
  const all = [shop, ...names.map(host)]
  return { targets: { find: (name) => all.find((target) => target.name === name), list: () => all } }
}

function post({ app }: ScriptedApi, body: object, token = 'alice') {
  return app.inject({
    url: '/v1/ssh/certificate',
    method: 'POST',
    payload: { public_key: 'ssh-ed25519 KEY', ...body },
    headers: bearer(token),
  })
}

suite('a certificate of SSH', () => {
  test('is for all targets of SSH or for those that are named, and in the log before anybody has it', async () => {
    const store = new ScriptedStore()
    const api = scriptedApi(hosts('build', 'shop-host'), store)
    const answer = await post(api, {})
    assert.deepEqual(
      [answer.statusCode, answer.json()],
      [
        200,
        {
          certificate: 'certificate over ssh-ed25519 KEY',
          serial: '7',
          key_id: 'alice',
          targets: ['build', 'shop-host'],
          valid_until: '2096-10-02T07:06:40.000Z',
        },
      ],
    )
    assert.deepEqual((await post(api, { targets: ['build'] })).json().targets, ['build'])
    const { value: event } = await store.read().next()
    assert.ok(event?.type === 'AdminActed')
    assert.deepEqual(
      [event.data.by.id, event.data.action, event.data.resource, event.data.outcome],
      ['test#alice', 'ssh.certificate', '7', 'done'],
    )
    assert.deepEqual(JSON.parse(event.data.details), {
      key_id: 'alice',
      fingerprint: 'SHA256:x',
      targets: 'build shop-host',
      valid_until: '2096-10-02T07:06:40.000Z',
    })
  })

  test('is not handed out when the log does not take it', async () => {
    const store = new ScriptedStore()
    store.failure = new StoreError('unavailable', 'disk full')
    const answer = await post(scriptedApi(hosts('build'), store), {})
    assert.equal(answer.statusCode, 503)
    assert.doesNotMatch(answer.body, /certificate over/)
  })

  test('is for nobody without a token', async () => {
    assert.equal((await post(scriptedApi(hosts('build')), {}, 'mallory')).statusCode, 401)
  })

  test('of a bound token is bound as that is, and never to more', async () => {
    const asked: object[] = []
    const boundTo = (confined: Partial<Confinement>) =>
      scriptedApi({
        ...hosts('build', 'shop-host'),
        authenticator: {
          authenticate: async (proof) => ({
            ...identityOf(tokenIn(proof)),
            confined: { targets: null, command: null, permits: null, ...confined },
          }),
        },
        ssh: {
          line: 'CA',
          hostKey: 'HOST',
          loginLine: 'LOGINS',
          names: [],
          issue: (identity, { publicKey, ...request }) => {
            asked.push(request)
            const { tokenId, expiresAt: validUntil } = identity
            return {
              certificate: publicKey,
              serial: '7',
              keyId: tokenId,
              fingerprint: 'SHA256:x',
              validUntil,
            }
          },
        },
      })
    const local = ['127.0.0.0/8']
    const api = boundTo({ targets: ['build'], networks: local })
    for (const body of [{}, { targets: ['build'] }])
      assert.deepEqual((await post(api, body)).json().targets, ['build'])
    const bound = { targets: ['build'], command: undefined, from: local }
    assert.deepEqual(asked, [bound, bound])
    const elsewhere = { networks: ['192.0.2.0/24'] }
    const beyond: readonly (readonly [Partial<Confinement>, object, number])[] = [
      [{ targets: ['build'] }, { targets: ['build', 'shop-host'] }, 403],
      [{ targets: ['build'] }, { targets: ['shop-host'] }, 403],
      [{ targets: ['shop'] }, {}, 404],
      [{ networks: local }, { from: ['0.0.0.0/0'] }, 403],
      [elsewhere, {}, 401],
      [{ command: 'uptime' }, {}, 403],
      [{ permits: [] }, {}, 403],
    ]
    for (const [confined, body, status] of beyond)
      assert.equal((await post(boundTo(confined), body)).statusCode, status, JSON.stringify(confined))
    assert.equal(asked.length, 2)
  })

  const refused: readonly (readonly [string, readonly string[], object, number, RegExp])[] = [
    ['where no target is of SSH', [], {}, 404, /nothing to log in at/],
    ['for a target of another protocol', ['build'], { targets: ['shop'] }, 404, /No target of SSH/],
    ['for a target that is not there', ['build'], { targets: ['build', 'x'] }, 404, /No target of SSH/],
    ['for no target', ['build'], { targets: [] }, 400, /targets/],
    [
      'for more targets than it can name',
      Array.from({ length: 101 }, (_, at) => `h${at}`),
      {},
      404,
      /name those/,
    ],
    ['with a word that is not known', ['build'], { groups: ['dba'] }, 400, /groups/],
  ]
  for (const [name, names, body, status, detail] of refused)
    test(`is refused ${name}`, async () => {
      const answer = await post(scriptedApi(hosts(...names)), body)
      assert.equal(answer.statusCode, status)
      assert.match(answer.json().detail, detail)
    })
})

test('what clients know the gateway by is public', async () => {
  const answer = await scriptedApi().app.inject('/v1/ssh/known')
  assert.deepEqual(answer.json(), {
    ca: 'ssh-ed25519 CA sluice',
    host_key: 'ssh-ed25519 HOST sluice',
    names: ['gw.example.com'],
    login_ca: 'ssh-ed25519 LOGINS sluice',
  })
})
