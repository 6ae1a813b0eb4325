import { test } from 'node:test'
import assert from 'node:assert/strict'
import { UsageError } from './command.ts'
import { idBeginning, isWhole } from './short-id.ts'

const ids = [
  'ses_01M8A3CF2M00000MB6X3TDGJ82',
  'ses_01M8A3CF2M00000MB6X3TDGJ93',
  'ses_01M9A3CF2M00000MB6X3TDGJ82',
]
const known = ids.map((id, at) => ({ id, about: `session ${at}` }))

test('a beginning or an end that only one id has is that id', () => {
  assert.equal(idBeginning('ses', 'ses_01M9', known), ids[2])
  assert.equal(idBeginning('ses', '01m9a3', known), ids[2])
  assert.equal(idBeginning('ses', 'GJ93', known), ids[1])
})

test('what several have names them, and what none has is said', () => {
  assert.throws(() => idBeginning('ses', '01M8', known), /2 ids fit 01M8.*\n {2}ses_01M8\S+ {2}session 0\n/)
  assert.throws(() => idBeginning('ses', 'ZZZZ', known), /no id that you may see begins or ends with ZZZZ/)
})

test('what is no part of an id is a mistake of who asks', () => {
  for (const given of ['', 'ses_', 'a b c d', '../../x', 'ses_01M8A3CF2M00000MB6X3TDGJ82X'])
    assert.throws(() => idBeginning('ses', given, known), UsageError)
})

test('a whole id is not looked up', () => {
  assert.ok(isWhole('ses', ids[0] ?? ''))
  assert.ok(!isWhole('apr', ids[0] ?? ''))
})
