import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { CheckpointConfig } from './checkpoints.ts'
import { parseConfig } from './config.ts'

const rest = `
identity: { issuers: [{ name: okta, kind: oidc, issuer: https://example.okta.com, audience: sluice }] }
policies: { path: ./policies }
targets: []
`

/** One outlet, at line 4 of the file. */
function checkpoints(outlet: string, kind = 'kafka, brokers: ["k:9092"]'): readonly CheckpointConfig[] {
  const log = `log: { kind: ${kind},\n  checkpoints: [\n\n  { ${outlet} }\n  ] }`
  return parseConfig('sluice.yaml', `${log}${rest}`).log.checkpoints
}

suite('where checkpoints are kept outside the log', () => {
  test('is nowhere unless the file says so', () => {
    for (const log of ['', 'log: { kind: embedded }', 'log: { kind: kafka, brokers: ["k:9092"] }'])
      assert.deepEqual(parseConfig('sluice.yaml', `${log}${rest}`).log.checkpoints, [])
  })

  test('is a file, or whoever takes them by POST, of either kind of log', () => {
    for (const kind of ['embedded', 'kafka, brokers: ["k:9092"]']) {
      assert.deepEqual(checkpoints('file: kept.jsonl', kind), [{ kind: 'file', path: 'kept.jsonl' }])
      const url = new URL('https://keeper.internal/sluice')
      assert.deepEqual(checkpoints(`url: "${url.href}", token: { env: KEEPER }, tls_ca: ca.pem`, kind), [
        { kind: 'http', url, token: { env: 'KEEPER' }, tlsCa: 'ca.pem' },
      ])
      assert.deepEqual(checkpoints(`url: "${url.href}"`, kind), [
        { kind: 'http', url, token: null, tlsCa: null },
      ])
    }
  })

  const mistakes: readonly (readonly [string, RegExp])[] = [
    ['fil: kept.jsonl', /sluice\.yaml:4:\d+: unknown key "fil" .*did you mean "file"\?/],
    ['token: { env: KEEPER }', /sluice\.yaml:4:\d+: log\.checkpoints\.0 lacks "url"/],
    ['file: kept.jsonl, url: "https://k"', /sluice\.yaml:4:\d+: unknown key "url" .* valid keys: file/],
    ['url: "http://keeper.internal"', /log\.checkpoints\.0\.url must begin with https:/],
    ['url: "https://me:hunter2@keeper.internal"', /holds a login, which belongs into keys of its own/],
    ['url: keeper', /log\.checkpoints\.0\.url/],
    ['url: "https://k", token: hunter2', /log\.checkpoints\.0\.token/],
  ]
  for (const [outlet, expected] of mistakes)
    test(`"${outlet}" is reported where it stands`, () => {
      assert.throws(
        () => checkpoints(outlet),
        (error: unknown) => {
          assert.ok(error instanceof Error)
          assert.match(error.message, expected)
          assert.ok(!error.message.includes('hunter2'), 'a secret put in by mistake is not repeated')
          return true
        },
      )
    })
})
