import { test } from 'node:test'
import assert from 'node:assert/strict'
import { parseHere } from './parse.ts'

test('an empty text is no statement, not an error', () => {
  assert.deepEqual(parseHere(''), { kind: 'tree', tree: { stmts: [] } })
  assert.equal(parseHere(' -- nothing\n;;').kind, 'tree')
})

test('a syntax error has the words of the server', () => {
  const parsed = parseHere('selec 1')
  assert.equal(parsed.kind === 'refused' && parsed.refusal.message, 'syntax error at or near "selec"')
  assert.equal(parsed.kind === 'refused' && parsed.refusal.native, '42601')
})
