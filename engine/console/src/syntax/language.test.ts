import { test } from 'node:test'
import assert from 'node:assert/strict'
import { languageOf, tokensIn, type Language } from './language.ts'

const kinds = (text: string, language: Language): readonly string[] =>
  tokensIn(text, language)
    .filter(({ kind }) => kind !== 'plain')
    .map(({ kind, text }) => `${kind} ${text}`)

test('every text comes out whole, whatever the language', () => {
  const texts = [
    "select 'open",
    '/* open',
    '$a$ open',
    "e'\\",
    '"',
    '{"a": [1, tru',
    'if #',
    '⟨',
    '`',
    '\u0000\ud800',
    '',
  ]
  const languages: readonly Language[] = ['sql', 'http', 'shell', 'rego', 'json', 'plain']
  for (const language of languages)
    for (const text of texts)
      assert.equal(
        tokensIn(text, language)
          .map((token) => token.text)
          .join(''),
        text,
      )
})

test('SQL', () => {
  assert.deepEqual(kinds("delete from o where a = $1 and b = 'x''y' -- or 1", 'sql'), [
    'keyword delete',
    'keyword from',
    'keyword where',
    'operator =',
    'value $1',
    'keyword and',
    'operator =',
    "string 'x''y'",
    'comment -- or 1',
  ])
  assert.deepEqual(kinds('$q$ drop table t; $q$ "select"', 'sql'), [
    'string $q$ drop table t; $q$',
    'name "select"',
  ])
  assert.deepEqual(kinds('/* a /* b */ drop */ drop', 'sql'), [
    'comment /* a /* b */ drop */',
    'keyword drop',
  ])
  assert.deepEqual(kinds("E'\\'' || 1.5e3", 'sql'), ["string E'\\''", 'operator ||', 'number 1.5e3'])
})

test('Rego and JSON', () => {
  assert.deepEqual(kinds('deny contains {"a": input.x} if true # why', 'rego'), [
    'keyword contains',
    'string "a"',
    'name input',
    'keyword if',
    'keyword true',
    'comment # why',
  ])
  assert.deepEqual(kinds('{"a": "b", "c": -1, "d": null}', 'json'), [
    'property "a"',
    'string "b"',
    'property "c"',
    'number -1',
    'property "d"',
    'keyword null',
  ])
})

test('a megabyte is cut in a moment', () => {
  const started = performance.now()
  for (const hostile of [
    "'".repeat(65_000),
    '/*'.repeat(32_000),
    '$a'.repeat(32_000),
    '⟨'.repeat(65_000),
    'x'.repeat(1_000_000),
  ])
    tokensIn(hostile, 'sql')
  assert.ok(performance.now() - started < 2_000)
})

test('a protocol has its language', () => {
  assert.equal(languageOf('sql.delete'), 'sql')
  assert.equal(languageOf('http.request'), 'http')
  assert.equal(languageOf('ssh.exec'), 'shell')
  assert.equal(languageOf('else'), 'plain')
})
