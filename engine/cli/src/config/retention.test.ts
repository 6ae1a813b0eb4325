import { test } from 'node:test'
import assert from 'node:assert/strict'
import { parseConfig } from './config.ts'
import { ConfigError } from './problem.ts'

const file = (retention: string, log = '{ kind: embedded }'): string => `identity:
  issuers:
    - { name: okta, kind: oidc, issuer: https://example.okta.com, audience: sluice }
policies: { path: ./policies }
targets: []
log: ${log}
${retention}`

const kafka = '{ kind: kafka, brokers: [localhost:9092] }'
const day = 86_400_000
const read = (text: string) => parseConfig('sluice.yaml', text).retention

test('nothing said is kept for ever', () => {
  assert.deepEqual(read(file('')), { contentMs: null, auditMs: null, bodiesMs: null })
})

test('each class has its time', () => {
  const text = 'retention: { content: 90d, audit: 400d, bodies: 2160h }'
  assert.deepEqual(read(file(text, kafka)), { contentMs: 90 * day, auditMs: 400 * day, bodiesMs: 90 * day })
})

const mistakes: readonly (readonly [string, RegExp])[] = [
  ['retention: { contents: 90d }', /:7:14: unknown key "contents" in retention — did you mean "content"\?/],
  ['retention: { content: 90 }', /:7:14: retention\.content must be string/],
  ['retention: { content: 90y }', /:7:14: retention\.content must match pattern .* — .*90d/],
  ['retention: { content: 0d }', /:7:14: retention\.content cannot be "0d" — at least 1d/],
  ['retention: { content: 90d, audit: 30d }', /:7:14: retention\.content is longer than retention\.audit — /],
  ['retention: { bodies: 90d }', /:7:14: retention\.bodies means nothing to a log of kind embedded/],
]
for (const [text, expected] of mistakes)
  test(`${text} is a mistake with its place`, () => {
    assert.throws(
      () => read(file(text)),
      (error) => error instanceof ConfigError && expected.test(error.message),
    )
  })
