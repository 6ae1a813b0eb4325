import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fold, unitsMax } from './fold.ts'

test('what reads the same becomes the same', () => {
  assert.equal(fold('４²\u0664\u{1d7dc}\u2011\u2212\u2003Ａ＠é')?.text, '4²44-- A@é')
})

test('nothing is done to a text that has nothing to fold', () => {
  assert.equal(fold('plain, naïve and 漢字 \u{1f600}'), null)
})

test('two units that cannot be seen are taken out, a third is a break', () => {
  assert.equal(fold('1\u200b\u200b2')?.text, '12')
  assert.equal(fold('1\u200b\u200b\u200b2')?.text, '1\u00002')
})

test('each character knows where it stood, within the bound', () => {
  const unit = fc.constantFrom(
    'a',
    '1',
    '１',
    '\u{1d7ce}',
    '\u200b',
    '\u{e0020}',
    '\u{1f600}',
    '\u00a0',
    '\ud800',
  )
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 40 }), (text) => {
      const folded = fold(text)
      if (folded === null) return
      for (let i = 0; i < folded.text.length; i++) {
        const at = folded.original(i)
        const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
        const shown = folded.text[i]
        assert.ok(shown === '\0' || shown === text[at] || shown === fold(character)?.text, character)
        if (i > 0) assert.ok(at > folded.original(i - 1) && at - folded.original(i - 1) <= unitsMax)
      }
    }),
  )
})
