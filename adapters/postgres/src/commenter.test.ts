import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { claimsOfApplication, runOf, withoutComment } from './commenter.ts'
import { parseHere } from './parse.ts'

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03'

test('a trailing comment is taken off and read', () => {
  const { text, claims } = withoutComment(`select 1 /*traceparent='${trace}',run_id='run%2D7'*/ `)
  assert.equal(text, 'select 1 ')
  assert.deepEqual(runOf(claims, { id: null, trace_id: null }), {
    id: 'run-7',
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    parent: { span_id: 'b7ad6b7169203331', sampled: true },
  })
})

test('a trace that was not sampled says so, and stays that of what has none of its own', () => {
  const claims = new Map([['traceparent', trace.replace(/03$/, '02')]])
  const before = runOf(claims, { id: null, trace_id: null })
  assert.deepEqual(before.parent, { span_id: 'b7ad6b7169203331', sampled: false })
  assert.deepEqual(runOf(new Map([['run_id', 'r2']]), before), { ...before, id: 'r2' })
})

for (const wrong of [
  trace.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)),
  trace.replace('b7ad6b7169203331', '0'.repeat(16)),
  trace.replace(/^00/, 'ff'),
  `${trace}-00`,
])
  test(`no trace: ${wrong}`, () => {
    const none = { id: null, trace_id: null }
    assert.deepEqual(runOf(new Map([['traceparent', wrong]]), none), none)
  })

test('a semicolon behind the comment changes nothing', () => {
  const { text, claims } = withoutComment("select 1 /*run_id='7'*/;")
  assert.deepEqual([text, claims.get('run_id')], ['select 1 ', '7'])
})

const notComments = [
  "select '/*a='; drop table t; --*/",
  "select 1 /*a='b;c'*/",
  "select 1 /*a='b'",
  'select 1 /*a=b*/',
  'select 1 /* an ordinary comment */',
  "select 1 /*a='*/*/",
  "select 1 /*a='b\nc'*/",
  "select 1 /*a='b'*/\u00a0",
  "select 1 /*a='b'*/x",
]
for (const text of notComments)
  test(`left alone: ${JSON.stringify(text)}`, () => assert.equal(withoutComment(text).text, text))

test('what is taken off never changes what the server would parse', () => {
  const piece = fc.constantFrom(
    "'",
    '"',
    '/*',
    '*/',
    '--',
    '\n',
    ' ',
    'select 1',
    'a',
    '=',
    ',',
    "a='b'",
    '$$',
    ';',
    '\\',
    "E'",
  )
  const tail = fc.constantFrom("/*a='b'*/", "/*a='b'*/;", "/*a='b',c='d'*/ ", "/*a='*/", "'/*a='b'*/", '*/')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), tail, (pieces, end) => {
      const whole = pieces.join('') + end
      const { text } = withoutComment(whole)
      if (text !== whole) assert.equal(shape(text), shape(whole))
    }),
    { numRuns: 20_000 },
  )
})

function shape(text: string): string {
  const parsed = parseHere(text)
  if (parsed.kind === 'refused') return 'no statement'
  const { stmts } = parsed.tree as { readonly stmts: unknown }
  return JSON.stringify(stmts, (key, value: unknown) => (key === 'stmt_len' ? undefined : value))
}

test('an id that does not look like one is none', () => {
  const before = { id: 'kept', trace_id: null }
  assert.deepEqual(runOf(new Map([['run_id', 'a b']]), before), before)
  assert.deepEqual(runOf(new Map([['traceparent', 'zz']]), before), before)
})

test('an application name may carry ids', () => {
  const claims = claimsOfApplication(`agent run_id=r1;traceparent=${trace}`)
  assert.deepEqual(runOf(claims, { id: null, trace_id: null }).id, 'r1')
  assert.equal(claimsOfApplication('psql').size, 0)
})
