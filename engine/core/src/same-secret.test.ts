import { test } from 'node:test'
import assert from 'node:assert/strict'
import { isSameSecret } from './same-secret.ts'

test('only the whole secret is the same', () => {
  assert.ok(isSameSecret('ünß', 'ünß'))
  for (const other of ['', 'ün', 'ünß ', 'ünx', 'unß']) assert.ok(!isSameSecret('ünß', other), other)
})
