import { test } from 'node:test'
import assert from 'node:assert/strict'
import { isHidden } from './hidden.ts'
import { plainStyle, styled } from './style.ts'

const look = (...codes: readonly number[]) => isHidden(styled(plainStyle, codes))

test('a text in the colour of its ground is hidden, whatever the two are called', () => {
  assert.ok(look(30, 40), 'by the same name')
  assert.ok(look(38, 5, 16, 48, 2, 0, 0, 0), 'of the cube and its own')
  assert.ok(look(38, 2, 1, 1, 1, 48, 5, 0), 'nearly')
  assert.ok(look(97, 48, 5, 231))
  assert.ok(look(38, 5, 250, 48, 2, 180, 180, 180), 'greys')
  assert.ok(look(38, 2, 0, 0, 0), 'on the ground of the terminal')
})

test('what people read is not', () => {
  for (const code of [31, 32, 33, 34, 35, 36, 37, 90, 91, 97]) assert.ok(!look(code), String(code))
  assert.ok(!look(30, 47))
  assert.ok(!look(97, 44))
  assert.ok(!look(38, 5, 240))
  assert.ok(!look())
  assert.ok(!look(44))
})
