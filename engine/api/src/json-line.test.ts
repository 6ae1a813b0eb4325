import { test } from 'node:test'
import assert from 'node:assert/strict'
import { jsonLine } from './json-line.ts'

test('a line is the same value, and nothing in it is obeyed', () => {
  const value = { text: 'a\u202eb\u009b2J\u007f\u2028\u{e0041}ü ✓\n' }
  const line = jsonLine(value)
  assert.deepEqual(JSON.parse(line), value)
  assert.equal(line, '{"text":"a\\u202eb\\u009b2J\\u007f\\u2028\\udb40\\udc41ü ✓\\n"}\n')
})
