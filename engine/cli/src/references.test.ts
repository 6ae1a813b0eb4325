import { test } from 'node:test'
import assert from 'node:assert/strict'
import { nameOf } from '@sluice/identity'
import { parseConfig } from './config/config.ts'
import { referencesIn } from './references.ts'

test('every secret that a configuration names is found, with what it is for', () => {
  const text = `
identity: { issuers: [{ name: i, kind: oidc, issuer: "https://i.example", audience: sluice, console: { client_id: c, client_secret: { env: CONSOLE } } }] }
policies: { path: . }
secrets: { vault: { url: "https://v.example", auth: { kind: token, token: { file: t } } }, aws: { region: eu-west-1 } }
keys: { tokens: { vault: "secret/data/sluice#tokens" } }
masking: { keys: [{ id: k1, secret: { aws: masking }, active: true }] }
log:
  kind: kafka
  brokers: ["k:9092"]
  sasl: { mechanism: plain, user: u, password: { env: KAFKA } }
  checkpoints: [{ file: kept.jsonl }, { url: "https://k.example", token: { file: keeper } }]
exporters:
  siem: { format: ocsf, sink: splunk, url: "https://s.example:8088", token: { env: HEC } }
telemetry: { otlp: { url: "https://o.example", headers: { x-key: { file: otlp } } } }
targets:
  - { name: shop, protocol: postgres, address: "db:5432", database: shop, credential: { user: app, password: { env: P } }, labels: { vault: x } }
  - { name: lent, protocol: postgres, address: "db:5432", database: shop, credential: { vault: database/creds/app } }
`
  const found = referencesIn(parseConfig('sluice.yaml', text))
  assert.deepEqual(
    found.map(({ of, reference, isLogin }) => `${of}: ${nameOf(reference)}${isLogin ? ', both' : ''}`),
    [
      'keys.tokens: vault secret/data/sluice#tokens',
      'masking key k1: aws masking',
      'issuer i: environment variable CONSOLE',
      'target shop: environment variable P',
      'target lent: vault database/creds/app, both',
      'log: environment variable KAFKA',
      'log: file keeper',
      'exporters: environment variable HEC',
      'telemetry: file otlp',
    ],
  )
})
