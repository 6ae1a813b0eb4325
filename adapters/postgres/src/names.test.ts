import { test } from 'node:test'
import assert from 'node:assert/strict'
import { NameTable, SearchScope } from './names.ts'

test('a proposed name counts within its segment only', () => {
  const table = new NameTable<string>()
  const proposal = table.propose('s', 'A', 1)
  assert.deepEqual(table.lookup('s', 1), { kind: 'found', value: 'A' })
  assert.deepEqual(table.lookup('s', 2), { kind: 'unsettled' })
  proposal.done()
  assert.deepEqual(table.lookup('s', 2), { kind: 'found', value: 'A' })
})

test('a failed Parse leaves the confirmed name', () => {
  const table = new NameTable<string>()
  table.propose('s', 'A', 1).done()
  const second = table.propose('s', 'B', 2)
  assert.deepEqual(table.lookup('s', 2), { kind: 'found', value: 'B' })
  second.dropped()
  second.done()
  assert.deepEqual(table.lookup('s', 3), { kind: 'found', value: 'A' })
})

test('an unsettled replacement is waited for, never guessed', () => {
  const table = new NameTable<string>()
  table.propose('s', 'delete', 1).done()
  table.propose('s', 'select', 2)
  assert.deepEqual(table.lookup('s', 3), { kind: 'unsettled' })
  table.propose('s', 'newer', 3)
  assert.deepEqual(table.lookup('s', 3), { kind: 'found', value: 'newer' })
})

test('removal', () => {
  const table = new NameTable<number>()
  for (const [name, value] of [
    ['a', 1],
    ['b', 2],
  ] as const)
    table.propose(name, value, 1).done()
  table.remove('a')
  table.removeIf((value) => value === 2)
  assert.deepEqual([table.lookup('a', 1).kind, table.lookup('b', 1).kind], ['none', 'none'])
})

test('every search path that may be in force is judged by', () => {
  const scope = new SearchScope(['public'])
  assert.equal(scope.names.key, '')
  assert.ok(scope.mayBe(['app']))
  assert.deepEqual(scope.names.searchPaths, [['app'], ['public']])
  scope.is(['public'])
  assert.equal(scope.names.key, '')
  for (let i = 0; i < 7; i++) assert.ok(scope.mayBe([`s${i}`]))
  assert.equal(scope.mayBe(['one too many']), false)
})

test('names of the open transaction and temporary tables change the key', () => {
  const scope = new SearchScope(['public'])
  scope.creates({ schema: 'public', name: 't' })
  const created = scope.names.key
  assert.notEqual(created, '')
  scope.transactionOver()
  assert.equal(scope.names.key, '')
  scope.temporary('t')
  assert.notEqual(scope.names.key, '')
  assert.notEqual(scope.names.key, created)
})
