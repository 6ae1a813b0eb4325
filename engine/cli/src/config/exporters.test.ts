import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { parseConfig } from './config.ts'
import type { ExporterConfig } from './exporters.ts'

const rest = `
identity: { issuers: [{ name: okta, kind: oidc, issuer: https://example.okta.com, audience: sluice }] }
policies: { path: ./policies }
targets: []
`

function parsed(text: string): readonly ExporterConfig[] {
  return parseConfig('sluice.yaml', `exporters:\n${text}${rest}`).exporters
}

/** One exporter, named at line 2 of the file. */
function exporter(text: string): ExporterConfig | undefined {
  return parsed(`  siem:\n    ${text}\n`)[0]
}

const of = { name: 'siem', format: 'ocsf', sinceMs: 0 } as const
const written = 'format: ocsf'

suite('exporters', () => {
  test('there are none unless the file says so', () => {
    assert.deepEqual(parseConfig('sluice.yaml', rest).exporters, [])
  })

  const cases: readonly (readonly [string, object])[] = [
    [
      'sink: file, path: out/audit.jsonl, rotate: 1d, gzip: true, since: 2026-11-01',
      {
        sink: 'file',
        path: 'out/audit.jsonl',
        rotateBytes: 104_857_600,
        rotateMs: 86_400_000,
        gzip: true,
        sinceMs: Date.UTC(2026, 10, 1),
      },
    ],
    [
      'sink: syslog, address: "siem.internal:6514", tls: { ca: ca.pem }',
      {
        sink: 'syslog',
        address: { host: 'siem.internal', port: 6_514 },
        tls: { ca: 'ca.pem', cert: null, key: null },
        facility: 13,
        enterprise: 32_473,
        messageBytesMax: 8_192,
      },
    ],
    [
      'sink: syslog, address: "127.0.0.1:601"',
      {
        sink: 'syslog',
        address: { host: '127.0.0.1', port: 601 },
        tls: false,
        facility: 13,
        enterprise: 32_473,
        messageBytesMax: 8_192,
      },
    ],
    [
      'sink: splunk, url: "https://splunk.internal:8088", token: { env: HEC }',
      {
        sink: 'splunk',
        url: new URL('https://splunk.internal:8088'),
        tlsCa: null,
        token: { env: 'HEC' },
        index: null,
        source: 'sluice',
        sourcetype: null,
        ack: true,
      },
    ],
    [
      'sink: elastic, url: "http://localhost:9200", index: logs-sluice-default, user: sluice, password: { file: pw }',
      {
        sink: 'elastic',
        url: new URL('http://localhost:9200'),
        tlsCa: null,
        index: 'logs-sluice-default',
        login: { kind: 'basic', user: 'sluice', password: { file: 'pw' } },
      },
    ],
    [
      'sink: http, url: "https://in.example.com/x", secret: { env: S }, shape: array',
      {
        sink: 'http',
        url: new URL('https://in.example.com/x'),
        tlsCa: null,
        shape: 'array',
        secret: { env: 'S' },
        token: null,
      },
    ],
    [
      'sink: kafka, brokers: ["k1:9092"], topic: siem, tls: true, sasl: { mechanism: plain, user: u, password: { env: P } }',
      {
        sink: 'kafka',
        brokers: ['k1:9092'],
        topic: 'siem',
        tls: true,
        sasl: { mechanism: 'plain', user: 'u', password: { env: 'P' } },
      },
    ],
  ]
  for (const [text, expected] of cases)
    test(text.slice(0, 60), () =>
      assert.deepEqual(exporter(`{ ${written}, ${text} }`), { ...of, ...expected }),
    )
})

suite('what is wrong is said where it stands', () => {
  const mistakes: readonly (readonly [string, RegExp])[] = [
    ['{ sink: file, path: x }', /sluice\.yaml:2:3: exporters\.siem lacks "format"/],
    [
      '{ format: osf, sink: file, path: x }',
      /exporters\.siem\.format cannot be "osf" — did you mean "ocsf"\?/,
    ],
    [`{ ${written}, sink: file }`, /sluice\.yaml:2:3: exporters\.siem lacks "path"/],
    [
      `{ ${written}, sink: file, path: x, url: "https://x" }`,
      /unknown key "url" in exporters\.siem, a sink of kind file — valid keys: format, sink, since, path/,
    ],
    [`{ ${written}, sink: file, pth: x }`, /unknown key "pth" in exporters\.siem — did you mean "path"\?/],
    [`{ ${written}, sink: file, path: x, since: yesterday }`, /exporters\.siem\.since must match/],
    [`{ ${written}, sink: file, path: x, since: 2026-13-01 }`, /exporters\.siem\.since is no date/],
    [
      `{ ${written}, sink: splunk, url: "http://splunk.internal:8088", token: { env: T } }`,
      /exporters\.siem\.url must begin with https:\/\//,
    ],
    [
      `{ ${written}, sink: splunk, url: "https://splunk.internal:8088", token: hunter2 }`,
      /exporters\.siem\.token is not valid — .*the secret itself never stands here/,
    ],
    [`{ ${written}, sink: http, url: "https://u:hunter2@x.example" }`, /exporters\.siem\.url holds a login/],
    [
      `{ ${written}, sink: elastic, url: "https://es", index: x, user: u }`,
      /exporters\.siem lacks "password"/,
    ],
    [
      `{ ${written}, sink: elastic, url: "https://es", index: x, user: u, password: { env: P }, api_key: { env: K } }`,
      /exporters\.siem\.api_key is one way to log in/,
    ],
    [
      `{ ${written}, sink: syslog, address: "siem.internal:601" }`,
      /exporters\.siem\.address is another machine’s: say tls: true, or tls: false/,
    ],
    [
      `{ ${written}, sink: kafka, brokers: ["k:1"], topic: x, sasl: { mechanism: plain, user: u } }`,
      /the mechanism plain needs "password"/,
    ],
  ]
  for (const [text, expected] of mistakes)
    test(text.slice(0, 70), () => {
      assert.throws(
        () => exporter(text),
        (error: unknown) => {
          assert.ok(error instanceof Error)
          assert.match(error.message, expected)
          assert.doesNotMatch(error.message, /hunter2/)
          return true
        },
      )
    })

  test('a name is one that can be a file’s', () => {
    assert.throws(() => parsed(`  ../x: { ${written}, sink: file, path: x }\n`), /exporters/)
  })

  test('all of it at once', () => {
    assert.throws(
      () => parsed(`  a: { ${written}, sink: file }\n  b: { ${written}, sink: http }\n`),
      /exporters\.a lacks "path"[^]*exporters\.b lacks "url"/,
    )
  })
})
