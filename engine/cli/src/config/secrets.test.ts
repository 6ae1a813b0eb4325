import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { parseConfig } from './config.ts'
import { ConfigError } from './problem.ts'
import type { SecretsConfig } from './secrets.ts'

const token = 'auth: { kind: token, token: { file: t } }'

function text(secrets: string, credential: string): string {
  return `identity: { issuers: [{ name: i, kind: oidc, issuer: "https://i.example", audience: sluice }] }
policies: { path: . }
secrets: ${secrets}
targets:
  - name: shop
    protocol: postgres
    address: db:5432
    database: shop
    credential: ${credential}
`
}

const env = '{ user: app, password: { env: P } }'

function secrets(written: string): SecretsConfig {
  return parseConfig('sluice.yaml', text(written, env)).secrets
}

suite('who keeps secrets', () => {
  test('is read with what was left out', () => {
    assert.deepEqual(secrets(`{ vault: { url: "https://v.example:8200", ${token} } }`).vault, {
      url: new URL('https://v.example:8200'),
      namespace: null,
      tlsCa: null,
      auth: { kind: 'token', token: { file: 't' } },
    })
    const kubernetes = 'auth: { kind: kubernetes, role: sluice, mount: k8s/prod }'
    assert.deepEqual(secrets(`{ vault: { url: "https://v.example", ${kubernetes} } }`).vault?.auth, {
      kind: 'kubernetes',
      role: 'sluice',
      mount: 'k8s/prod',
      jwt: { file: '/var/run/secrets/kubernetes.io/serviceaccount/token' },
    })
    assert.equal(secrets('{ gcp: {} }').gcp?.endpoint.host, 'secretmanager.googleapis.com')
  })

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['{ valt: {} }', env, /sluice\.yaml:3:\d+: unknown key "valt" .* did you mean "vault"\?/],
    [`{ vault: { url: "http://v.example", ${token} } }`, env, /vault\.url must begin with https:\/\//],
    ['{ vault: { url: "https://v.example", auth: { kind: aprole } } }', env, /did you mean "approle"\?/],
    [
      '{ vault: { url: "https://v.example", auth: { kind: approle, role_id: r, jwt: { file: j } } } }',
      env,
      /unknown key "jwt" in secrets\.vault\.auth, a login of kind approle[\s\S]*lacks "secret_id"|lacks "secret_id"[\s\S]*unknown key "jwt"/,
    ],
    [
      '{ vault: { url: "https://v.example", auth: { kind: token, token: { vault: x } } } }',
      env,
      /secrets\.vault\.auth\.token is not valid/,
    ],
    [
      '{ azure: { vault: "https://a.example", client_secret: { env: S } } }',
      env,
      /lacks "tenant"[\s\S]*lacks "client_id"/,
    ],
    ['{ aws: { region: Frankfurt } }', env, /secrets\.aws\.region must match/],
    [
      '{}',
      '{ user: app, password: { vault: "secret/data/shop#password" } }',
      /sluice\.yaml:9:\d+: targets\.0\.credential is kept by vault, and the file lacks secrets\.vault/,
    ],
    [
      '{ gcp: {} }',
      '{ gcp: shop, aws: shop }',
      /its credential needs a password, or one secret that holds both/,
    ],
    ['{ gcp: {} }', '{ user: app, gcp: shop }', /its credential needs a password/],
    ['{ gcp: {} }', '{ user: app }', /its credential needs a password/],
    ['{ gcp: {} }', '{ gpc: shop }', /unknown key "gpc" .* did you mean "gcp"\?/],
    ['{ gcp: {} }', '{ user: app, password: hunter2 }', /credential\.password is not valid/],
  ]
  for (const [written, credential, why] of wrong)
    test(`is refused: ${written} with ${credential}`, () =>
      assert.throws(
        () => parseConfig('sluice.yaml', text(written, credential)),
        (error) => {
          assert.ok(error instanceof ConfigError)
          assert.match(error.message, why)
          assert.doesNotMatch(error.message, /hunter2/)
          return true
        },
      ))

  test('may lend a login in one piece', () => {
    const [target] = parseConfig('sluice.yaml', text('{ gcp: {} }', '{ gcp: shop }')).targets
    assert.deepEqual(target?.credential, { login: { gcp: 'shop' } })
  })
})
