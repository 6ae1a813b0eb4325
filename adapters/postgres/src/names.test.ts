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
  assert.equal(scope.names(0).key, '')
  assert.ok(scope.mayBe(['app']))
  assert.deepEqual(scope.names(0).searchPaths, [['app'], ['public']])
  scope.is(['public'])
  assert.equal(scope.names(0).key, '')
  for (let i = 0; i < 7; i++) assert.ok(scope.mayBe([`s${i}`]))
  assert.equal(scope.mayBe(['one too many']), false)
})

test('names of the open transaction and temporary tables change the key', () => {
  const scope = new SearchScope(['public'])
  const made = scope.expect({ segment: 1, creates: { schema: 'public', name: 't' } })
  made.sent()
  made.done()
  made.dropped()
  const created = scope.names(1).key
  assert.notEqual(created, '')
  scope.transactionOver()
  assert.equal(scope.names(1).key, '')
  scope.expect({ segment: 2, temporary: 't' }).sent()
  assert.notEqual(scope.names(9).key, '')
  assert.notEqual(scope.names(9).key, created)
})

test('what the server failed to create stops counting', () => {
  const scope = new SearchScope(['public'])
  const failed = scope.expect({ segment: 1, temporary: 't' })
  failed.sent()
  assert.deepEqual([...scope.names(2).tempTables], ['t'])
  failed.dropped()
  assert.deepEqual([...scope.names(2).tempTables], [])
})

test('what a refused message would have created never counts', () => {
  const scope = new SearchScope(['public'])
  const refused = scope.expect({ segment: 1, temporary: 't' })
  assert.deepEqual([...scope.names(1).tempTables], ['t'])
  assert.ok(scope.unsettled(2))
  assert.deepEqual([...scope.names(2).tempTables], [])
  refused.dropped()
  assert.equal(scope.unsettled(2), false)
  assert.deepEqual([...scope.names(1).tempTables], [])
})
