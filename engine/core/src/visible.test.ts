import { test } from 'node:test'
import assert from 'node:assert/strict'
import { visible } from './visible.ts'

const plain = [
  '',
  "delete from orders where id = 7 and note = 'Grüße, Łódź'",
  'select 1\n  from t\n\n where a = 2 -- why\n',
  "select '顧客', 'かな', '한국'",
  `select\n${' '.repeat(40)}a`,
]

for (const text of plain)
  test(`${JSON.stringify(text).slice(0, 40)} is shown as it is`, () => assert.equal(visible(text), text))

const hidden: readonly (readonly [string, string, string])[] = [
  ['a mark that reverses the direction', 'a\u202eb', 'a⟨U+202E⟩b'],
  ['isolates', '\u2066x\u2069', '⟨U+2066⟩x⟨U+2069⟩'],
  ['a zero-width space, joiner and byte order mark', 'a\u200bb\u200dc\ufeff', 'a⟨U+200B⟩b⟨U+200D⟩c⟨U+FEFF⟩'],
  ['a soft hyphen', 'dr\u00adop', 'dr⟨U+00AD⟩op'],
  [
    'controls',
    'a\u0000\u001b[2J\u0008\r\u007f\u0085',
    'a⟨U+0000⟩⟨U+001B⟩[2J⟨U+0008⟩⟨U+000D⟩⟨U+007F⟩⟨U+0085⟩',
  ],
  ['blanks that are no spaces', 'a\u00a0b\u2003c\u3000d\u2028', 'a⟨U+00A0⟩b⟨U+2003⟩c⟨U+3000⟩d⟨U+2028⟩'],
  ['Cyrillic that looks like Latin', 'p\u0430yments', 'p⟨U+0430⟩yments'],
  ['Greek that looks like Latin', '\u039fRDERS', '⟨U+039F⟩RDERS'],
  ['full-width letters and signs', '\uff44\uff52op\uff1b', '⟨U+FF44⟩⟨U+FF52⟩op⟨U+FF1B⟩'],
  ['a letter without its dot, a long s, a click', '\u0131d \u017f \u01c3', '⟨U+0131⟩d ⟨U+017F⟩ ⟨U+01C3⟩'],
  ['mathematical letters', '\u{1d41d}elete', '⟨U+1D41D⟩elete'],
  ['marks on other characters', 'e\u0301', 'e⟨U+0301⟩'],
  ['letters that are written from right to left', '\u05d0', '⟨U+05D0⟩'],
  ['tags of other planes', 'a\u{e0041}', 'a⟨U+E0041⟩'],
  ['half a character', 'a\ud800b', 'a⟨U+D800⟩b'],
  ['the brackets of the marks', '⟨U+202E⟩', '⟨U+27E8⟩U+202E⟨U+27E9⟩'],
  ['Han that looks like a dash', 'a \u4e00\u4e00 b', 'a ⟨U+4E00⟩⟨U+4E00⟩ b'],
]

for (const [name, text, expected] of hidden)
  test(`${name}: seen`, () => assert.equal(visible(text), expected))

test('long runs of blanks are their length', () => {
  assert.equal(visible(`a${' '.repeat(17)}b`), 'a⟨17 spaces⟩b')
  assert.equal(visible(`a${' '.repeat(1_000_000)}b`), 'a⟨1 000 000 spaces⟩b')
  assert.equal(visible(`a${' \t'.repeat(20)}b`), 'a⟨40 blanks⟩b')
  assert.equal(visible(`a${'\n'.repeat(2_000)}b`), 'a⟨2 000 line breaks⟩b')
  assert.equal(visible(`a\n${' '.repeat(30)}\n${' '.repeat(30)}\nb`), 'a⟨60 blanks⟩⟨3 line breaks⟩b')
  assert.equal(visible(`a\n${' '.repeat(500)}b`), 'a⟨500 blanks⟩⟨1 line break⟩b')
})

test('every character that a text may hold is either printed as it is or marked', () => {
  for (let code = 0; code < 0x3000; code++) {
    const char = String.fromCodePoint(code)
    const seen = visible(char)
    assert.ok(seen === char || seen === `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`)
    if (/[\p{Cc}\p{Cf}\p{Z}\p{M}]/u.test(char) && !'\n\t '.includes(char)) assert.notEqual(seen, char)
  }
})
