import { test } from 'node:test'
import assert from 'node:assert/strict'
import { literalSpans } from './literal-spans.ts'

function literals(text: string): readonly string[] | null {
  const spans = literalSpans(text)
  const bytes = Buffer.from(text)
  return (
    spans?.flatMap((start, index) =>
      index % 2 === 0 ? [bytes.toString('utf8', start, spans[index + 1])] : [],
    ) ?? null
  )
}

const cases: readonly (readonly [string, readonly string[]])[] = [
  ['', []],
  ['select a, "b\'c" from t', []],
  ["select 'é', 'a''b'", ["'é'", "'a''b'"]],
  ["select E'it\\'s', U&'d\\0061t', B'01', X'ff'", ["E'it\\'s'", "U&'d\\0061t'", "B'01'", "X'ff'"]],
  ["select $$it's$$, $tag$ $$ $tag$", ["$$it's$$", '$tag$ $$ $tag$']],
  ['select 1, -2.5, 0x1f, $1', ['1', '2.5', '0x1f']],
  ["select /* 'a' /* b */ */ a -- 'c'", ["/* 'a' /* b */ */", "-- 'c'"]],
  ["select 'ünïcode', 7", ["'ünïcode'", '7']],
]

for (const [text, expected] of cases)
  test(`literals of ${text === '' ? 'nothing' : text}`, () => {
    assert.deepEqual(literals(text), expected)
  })

test('what the scanner does not understand has no known places', () => {
  for (const text of ["select 'abc", 'select $$abc', 'select /* abc', 'select "abc'])
    assert.equal(literalSpans(text), null)
})
