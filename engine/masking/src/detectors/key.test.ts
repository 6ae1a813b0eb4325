import assert from 'node:assert/strict'
import { test } from 'node:test'
import { key } from './key.ts'

const found = (text: string): readonly string[] =>
  key.find(text).map(({ start, end }) => text.slice(start, end))

test('keys of providers, in headers and in assignments', () => {
  const texts: readonly (readonly [text: string, ...values: string[]])[] = [
    ['use sk-ant-api03-abcdefghijklmnop1234.', 'sk-ant-api03-abcdefghijklmnop1234'],
    ['AKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLE'],
    ['Authorization: Bearer abcDEF123456ghiJKL', 'abcDEF123456ghiJKL'],
    ['{"api_key":"aB3dE5gH7jK9mN1p"}', 'aB3dE5gH7jK9mN1p'],
    ['PGPASSWORD=tr0ub4dor&3xyz', 'tr0ub4dor&3xyz'],
    ["client_secret = '8f14e45fceea167a5a36'", '8f14e45fceea167a5a36'],
    ['"\\nghp_abcdefghijklmnopqrstuvwxyz0123456789"', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'],
    [
      'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl',
      'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl',
    ],
  ]
  for (const [text, ...values] of texts) assert.deepEqual(found(text), values, text)
})

test('words, placeholders and counts are left alone', () => {
  const texts: readonly string[] = [
    'task-abcdefghijklmnopqrstuvwxyz',
    'secret_name: my-service-secret-name',
    'token: <your token here>',
    'max_tokens: 4096',
    'the bearer of this letter is welcome',
    'password: aaaaaaaaaaaa1',
  ]
  for (const text of texts) assert.deepEqual(found(text), [], text)
})

test('a longer one is found in pieces, all of it', () => {
  const value = `sk-${'a1B2'.repeat(1000)}`
  const spans = key.find(` ${value} `)
  assert.equal(spans.map(({ start, end }) => ` ${value} `.slice(start, end)).join(''), value)
  assert.ok(spans.every(({ start, end }) => end - start <= key.charsMax))
})
