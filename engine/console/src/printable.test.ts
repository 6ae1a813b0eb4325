import { test } from 'node:test'
import assert from 'node:assert/strict'
import { exact, marked, readable } from './printable.ts'

const plain = (text: string): string =>
  readable(text)
    .map((each) => (each.kind === 'mark' ? `[${each.text}]` : each.text))
    .join('')

test('what is unseen is marked', () => {
  assert.equal(plain('a\u202Eb\u200Bc\u001b[31m\u0000'), 'a[RLO]b[ZWSP]c[ESC][31m[NUL]')
  assert.equal(plain('x\u00a0y\u3164z\u2800\u{E0041}\ufe0f'), 'x[NBSP]y[U+3164]z[U+2800][U+E0041][U+FE0F]')
  assert.equal(plain('\ud800!'), '[U+D800]!')
  assert.equal(plain('\u2028'), '[U+2028]')
})

test('letters of all scripts, line breaks and tabs stay', () => {
  const text = 'Ж שלום 你好 é ñ\n\tq'
  assert.deepEqual(readable(text), [{ kind: 'text', text }])
})

test('marks piled on a letter are counted out', () => {
  assert.equal(plain('e\u0301\u0301\u0301\u0301'), 'e\u0301\u0301[U+0301][U+0301]')
})

test('the gateway’s marks are told from text, which cannot pretend to be one', () => {
  assert.deepEqual(marked('a⟨U+202E⟩b'), [
    { kind: 'text', text: 'a' },
    { kind: 'mark', text: 'U+202E' },
    { kind: 'text', text: 'b' },
  ])
  assert.deepEqual(marked(exact('⟨x⟩')).at(0), { kind: 'mark', text: 'U+27E8' })
  assert.equal(marked('').length, 0)
})
