import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { parseConfig } from './config.ts'
import type { TelemetryConfig } from './telemetry.ts'

const rest = `
identity: { issuers: [{ name: okta, kind: oidc, issuer: https://example.okta.com, audience: sluice }] }
policies: { path: ./policies }
targets: []
`

/** What stands at line 2 of the file. */
function telemetry(text: string): TelemetryConfig | null {
  return parseConfig('sluice.yaml', `telemetry:\n  ${text}\n${rest}`).telemetry
}

suite('telemetry', () => {
  test('there is none unless the file says so', () => {
    assert.equal(parseConfig('sluice.yaml', rest).telemetry, null)
  })

  test('goes to a receiver of OTLP, each exchange unless the file says otherwise', () => {
    assert.deepEqual(telemetry('otlp: { url: "http://127.0.0.1:4318" }'), {
      otlp: { url: new URL('http://127.0.0.1:4318'), headers: new Map(), tlsCa: null, sampleRatio: 1 },
      prometheus: null,
    })
    const headers = 'headers: { authorization: { env: OTLP } }, tls_ca: ca.pem'
    const { otlp } =
      telemetry(`{ otlp: { url: "https://otlp.example.com/x", ${headers} }, sample_ratio: 0.01 }`) ?? {}
    assert.deepEqual(otlp, {
      url: new URL('https://otlp.example.com/x'),
      headers: new Map([['authorization', { env: 'OTLP' }]]),
      tlsCa: 'ca.pem',
      sampleRatio: 0.01,
    })
  })

  for (const written of ['"127.0.0.1:9464"', '{ address: "127.0.0.1:9464" }'])
    test(`is read by Prometheus at ${written}`, () => {
      assert.deepEqual(telemetry(`prometheus: ${written}`), {
        otlp: null,
        prometheus: { host: '127.0.0.1', port: 9464 },
      })
    })

  const otlp = 'url: "http://127.0.0.1:4318"'
  const mistakes: readonly (readonly [string, RegExp])[] = [
    ['{}', /sluice\.yaml:1:1: telemetry names no receiver — say otlp, prometheus or both/],
    [`{ oltp: { ${otlp} } }`, /sluice\.yaml:2:5: unknown key "oltp" in telemetry — did you mean "otlp"\?/],
    ['otlp: {}', /sluice\.yaml:2:3: telemetry\.otlp lacks "url"/],
    ['otlp: { url: "http://otlp.example.com" }', /sluice\.yaml:2:11: .*url must begin with https/],
    ['otlp: { url: "https://a:hunter2@otlp.example.com" }', /url holds a login/],
    ['otlp: { url: "http://127.0.0.1:4318/v1/traces" }', /url is of one signal — name what is before \/v1/],
    [
      `otlp: { ${otlp}, headers: { authorization: "Bearer hunter2" } }`,
      /headers\.authorization is not valid — A reference/,
    ],
    [
      `otlp: { ${otlp}, headers: { Content-Type: { env: X } } }`,
      /sluice\.yaml:2:\d+: .* cannot set Content-Type/,
    ],
    [
      `otlp: { ${otlp}, headers: { "a b": { env: X } } }`,
      /sluice\.yaml:2:\d+: telemetry\.otlp\.headers must match pattern/,
    ],
    [`{ otlp: { ${otlp} }, sample_ratio: 2 }`, /sluice\.yaml:2:\d+: telemetry\.sample_ratio must be <= 1/],
    ['{ prometheus: "127.0.0.1:9464", sample_ratio: 0.1 }', /sample_ratio means nothing without otlp/],
    ['prometheus: 9464', /sluice\.yaml:2:3: telemetry\.prometheus is not valid/],
  ]
  for (const [text, expected] of mistakes)
    test(`${text.slice(0, 60)} is reported where it stands`, () => {
      assert.throws(
        () => telemetry(text),
        (error: unknown) => {
          assert.ok(error instanceof Error)
          assert.match(error.message, expected)
          assert.doesNotMatch(error.message, /hunter2/)
          return true
        },
      )
    })
})
