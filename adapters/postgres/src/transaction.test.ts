import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { Action } from '@sluice/core'
import type { Statement } from './statement.ts'
import { Transaction } from './transaction.ts'

function statement(name: string, kind: string, readOnly: boolean): Statement {
  return { action: { name, kind, read_only: readOnly } } as Statement
}
const begin = statement('sql.transaction', 'begin', true)
const read = statement('sql.select', 'select', true)
const write = statement('sql.insert', 'insert', false)
const commit = statement('sql.transaction', 'commit', true)

test('a transaction is dirty from its first write to its end', () => {
  const transaction = new Transaction()
  const states = [begin, read, write, read, commit, write].map((each) => {
    transaction.expects(each)
    return transaction.state
  })
  assert.deepEqual(states, ['clean', 'clean', 'dirty', 'dirty', 'none', 'none'])
})

test('the server has the last word', () => {
  const transaction = new Transaction()
  transaction.expects(begin)
  transaction.is('I')
  assert.equal(transaction.state, 'none')
  transaction.is('T')
  assert.equal(transaction.state, 'clean')
})

test('what waits for the end of a transaction is done with its end, with a Sync without one, and with SET CONSTRAINTS', () => {
  const action = (kind: string, transaction: string, readOnly = false): Action => ({
    name: 'sql.any',
    kind,
    transaction,
    read_only: readOnly,
  })
  const transaction = new Transaction()
  const follows = (guarded: boolean, ...of: Parameters<typeof action>): boolean =>
    transaction.follows([action(...of)], guarded)
  assert.equal(follows(false, 'set_constraints', 'clean'), false)
  assert.equal(follows(true, 'update', 'clean'), false)
  assert.equal(follows(false, 'select', 'dirty', true), false)
  assert.equal(follows(false, 'set_constraints', 'dirty'), true)
  assert.equal(follows(false, 'commit', 'dirty', true), true)
  assert.equal(follows(false, 'select', 'none', true), true)
  transaction.is('I')
  assert.equal(follows(false, 'set_constraints', 'dirty'), false)
})
