import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { parseConfig } from './config.ts'
import type { RecogniserConfig } from './recognisers.ts'

const rest = `
identity: { issuers: [{ name: okta, kind: oidc, issuer: https://example.okta.com, audience: sluice }] }
policies: { path: ./policies }
targets: []
`
const employee = '{ name: employee, pattern: "EMP-[0-9]{6}", chars_max: 10 }'

/** Each stands in a line of its own, from line 4 on. */
function recognisers(...entries: readonly string[]): readonly RecogniserConfig[] {
  const lines = entries.map((entry) => `    - ${entry}\n`).join('')
  const text = `masking:\n  detectors: [${employee}]\n  recognisers:\n${lines}${rest}`
  return parseConfig('sluice.yaml', text).recognisers
}

const local = 'kind: presidio, url: "http://127.0.0.1:5002"'

suite('recognisers', () => {
  test('there are none unless the file says so', () => {
    assert.deepEqual(parseConfig('sluice.yaml', rest).recognisers, [])
  })

  test('have a language, a score and a time of their own, or the usual ones', () => {
    assert.deepEqual(recognisers(`{ name: people, ${local}, entities: { PERSON: person } }`), [
      {
        name: 'people',
        kind: 'presidio',
        url: new URL('http://127.0.0.1:5002'),
        tlsCa: null,
        language: 'en',
        entities: { PERSON: 'person' },
        scoreMin: 0.5,
        timeoutMs: 10_000,
      },
    ])
    const [given] = recognisers(
      '{ name: people, kind: presidio, url: "https://presidio.internal/nlp", tls_ca: ca.pem, language: de, entities: { PERSON: person, LOCATION: place, GPE: place }, score_min: 0.7, timeout_ms: 2000 }',
    )
    assert.deepEqual(given, {
      name: 'people',
      kind: 'presidio',
      url: new URL('https://presidio.internal/nlp'),
      tlsCa: 'ca.pem',
      language: 'de',
      entities: { PERSON: 'person', LOCATION: 'place', GPE: 'place' },
      scoreMin: 0.7,
      timeoutMs: 2_000,
    })
  })

  const people = `{ name: people, ${local}, entities: { PERSON: person } }`
  const mistakes: readonly (readonly [entries: readonly string[], expected: RegExp])[] = [
    [
      [`{ name: a, ${local}, entities: { CREDIT_CARD: card } }`],
      /sluice\.yaml:4:\d+: a second detector named card — the first is built in/,
    ],
    [
      [`{ name: a, ${local}, entities: { PERSON: employee } }`],
      /sluice\.yaml:4:\d+: a second detector named employee — the first is one of masking\.detectors/,
    ],
    [
      [people, `{ name: others, ${local}, entities: { NRP: group, PER: person } }`],
      /sluice\.yaml:5:\d+: a second detector named person — the first is people/,
    ],
    [[people, people], /sluice\.yaml:5:\d+: a second recogniser named people/],
    [
      [`{ name: a, ${local}, entities: { PERSON: person }, languge: de }`],
      /sluice\.yaml:4:\d+: unknown key "languge" in masking\.recognisers\.0 — did you mean "language"\?/,
    ],
    [
      [`{ name: a, kind: presido, url: "http://127.0.0.1:1", entities: { PERSON: person } }`],
      /sluice\.yaml:4:\d+: .*kind cannot be "presido" — did you mean "presidio"\?/,
    ],
    [[`{ name: a, ${local} }`], /sluice\.yaml:4:\d+: masking\.recognisers\.0 lacks "entities"/],
    [[`{ name: a, ${local}, entities: {} }`], /sluice\.yaml:4:\d+: .*entities must NOT have fewer/],
    [
      [`{ name: a, ${local}, entities: { PERSON: "a b" } }`],
      /sluice\.yaml:4:\d+: .*entities\.PERSON must match/,
    ],
    [
      ['{ name: a, kind: presidio, url: "http://presidio:3000", entities: { PERSON: person } }'],
      /sluice\.yaml:4:\d+: masking\.recognisers\.0\.url must begin with https/,
    ],
    [
      ['{ name: a, kind: presidio, url: "https://u:hunter2@presidio", entities: { PERSON: person } }'],
      /url holds a login/,
    ],
    [
      ['{ name: a, kind: presidio, url: presidio, entities: { PERSON: person } }'],
      /url must match format "url"/,
    ],
    [[`{ name: a, ${local}, entities: { PERSON: person }, score_min: 2 }`], /score_min must be <= 1/],
    [[`{ name: a, ${local}, entities: { PERSON: person }, timeout_ms: 5 }`], /timeout_ms must be >= 100/],
    [
      [`{ name: a, ${local}, entities: { PERSON: person }, language: english }`],
      /language must match pattern/,
    ],
  ]
  for (const [entries, expected] of mistakes)
    test(`${entries.at(-1)?.slice(0, 80)} is reported where it stands`, () => {
      assert.throws(
        () => recognisers(...entries),
        (error: unknown) => {
          assert.ok(error instanceof Error)
          assert.match(error.message, expected)
          assert.doesNotMatch(error.message, /hunter2/)
          return true
        },
      )
    })
})
