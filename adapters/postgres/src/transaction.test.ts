import { test } from 'node:test'
import assert from 'node:assert/strict'
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
