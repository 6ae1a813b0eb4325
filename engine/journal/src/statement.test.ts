import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { memoryKeys } from './keys.ts'
import { signedLine, statementIn, statementKind, type Statement } from './statement.ts'

const keys = memoryKeys()
const heads = [{ topic: 'audit', partition: 3, events: 7, link: 'ab'.repeat(32) }]
const statement: Statement = {
  kind: statementKind,
  log: 'sluice.audit.v1',
  time: 1_700_000_000_000,
  writer: 'gw_ä',
  epoch: 2,
  number: 5,
  closed: false,
  heads,
}

suite('a statement of how far a log went', () => {
  test('is read back from its line with the key that signed it, and with no other', () => {
    const line = signedLine(statement, keys)
    assert.ok(!line.includes('\n'))
    assert.deepEqual(statementIn(line, keys.publicKey), statement)
    assert.equal(statementIn(line, memoryKeys().publicKey), null)
  })

  const changes: Readonly<Record<string, (line: string) => string>> = {
    'fewer events': (line) => line.replace('"events":7', '"events":6'),
    'another log': (line) => line.replace('sluice.audit', 'other.audit'),
    'keys in another order': (line) => line.replace('"writer":"gw_ä","epoch":2', '"epoch":2,"writer":"gw_ä"'),
    'something more': (line) => line.replace('"epoch":2', '"epoch":2,"note":"x"'),
    'no signature': (line) => line.replace(/,"signature":"[^"]+"/, ''),
    'half of it': (line) => line.slice(0, line.length / 2),
    'a number': () => '7',
    null: () => 'null',
    nothing: () => '',
  }
  for (const [what, change] of Object.entries(changes))
    test(`${what} is not what was signed`, () => {
      const line = change(signedLine(statement, keys))
      assert.notEqual(line, signedLine(statement, keys))
      assert.equal(statementIn(line, keys.publicKey), null)
    })

  test('what was signed as something else is no statement', () => {
    const other = { ...statement, kind: 'sluice.other.v1' } as unknown as Statement
    assert.equal(statementIn(signedLine(other, keys), keys.publicKey), null)
  })
})
