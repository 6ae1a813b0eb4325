import { test } from 'node:test'
import assert from 'node:assert/strict'
import { parseHere } from '../parse.ts'
import { child, children, isFields, nodeOf, type Fields } from '../walk/node.ts'
import { copyFormat } from './format.ts'

function optionsOf(sql: string): readonly Fields[] {
  const parsed = parseHere(`copy t to stdout ${sql}`)
  if (parsed.kind === 'refused' || !isFields(parsed.tree)) return assert.fail(sql)
  const statement = child({ statement: firstOf(parsed.tree['stmts']) }, 'statement')
  return children(nodeOf({ CopyStmt: statement?.fields }).fields, 'options').map(({ fields }) => fields)
}

function firstOf(list: unknown): unknown {
  const [first] = Array.isArray(list) ? (list as readonly unknown[]) : []
  return isFields(first) ? first['stmt'] : undefined
}

const text = { kind: 'text', delimiter: '\t', null: '\\N', header: false }
const csv = { kind: 'csv', delimiter: ',', null: '', header: false, quote: '"', escape: '"', quoted: [] }

const understood: readonly (readonly [options: string, format: object])[] = [
  ['', text],
  ["(format text, delimiter '|', header)", { ...text, delimiter: '|', header: true }],
  ["delimiter as ';'", { ...text, delimiter: ';' }],
  ["(delimiter E'\\x01', null '\\NULL', encoding 'UTF8')", { ...text, delimiter: '\x01', null: '\\NULL' }],
  ['(format csv)', csv],
  ['csv header', { ...csv, header: true }],
  ['(format csv, header off)', csv],
  ["(format csv, null '\\N', escape '\\')", { ...csv, null: '\\N', escape: '\\' }],
  ["(format csv, quote '!')", { ...csv, quote: '!', escape: '!' }],
  ['(format csv, force_quote *)', { ...csv, quoted: null }],
  ['csv force quote a, b', { ...csv, quoted: ['a', 'b'] }],
  ["(format csv, delimiter '9', quote '5')", { ...csv, delimiter: '9', quote: '5', escape: '5' }],
  ['(format binary)', { kind: 'binary' }],
  ['binary', { kind: 'binary' }],
]
for (const [options, format] of understood)
  test(`understood: ${options}`, () => assert.deepEqual(copyFormat(optionsOf(options)), format))

const others = [
  '(format parquet)',
  '(format text, format csv)',
  "(null '')",
  "(null 'x')",
  "(null '\\n')",
  "(null '\\\\')",
  "(null '\\N\\')",
  "(delimiter 'N')",
  "(delimiter 'ab')",
  "(delimiter '')",
  "(delimiter 'a')",
  "(delimiter '5')",
  "(delimiter 'ß')",
  '(delimiter 1)',
  "(format csv, delimiter '\"')",
  "(format csv, null 'a,b')",
  "(format csv, null 'a\"b')",
  "(format csv, quote 'ab')",
  "(format csv, escape '')",
  "(format csv, escape E'\\n')",
  '(header match)',
  '(header 2)',
  '(quote $$x$$)',
  '(force_quote *)',
  '(format binary, header)',
  '(freeze)',
  '(format csv, force_null (a))',
  "(default 'x')",
  '(on_error ignore)',
]
for (const options of others)
  test(`not understood: ${options}`, () => assert.equal(copyFormat(optionsOf(options)), null))
