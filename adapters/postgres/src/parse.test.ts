import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { parse, parseHere, ParserThread, type Parsed } from './parse.ts'
import { sqlLimits } from './limits.ts'

const thread = new ParserThread()
// Its start is no part of what the deadlines below are about.
before(() => outcome(`select 1 ${' '.repeat(sqlLimits.statementInlineBytesMax)}`))
after(() => thread.close())

function outcome(text: string): Promise<Parsed> | Parsed {
  return parse(text, Buffer.byteLength(text), thread)
}

function state(parsed: Parsed): string | undefined {
  return parsed.kind === 'refused' ? (parsed.refusal.native ?? parsed.refusal.code) : 'tree'
}

test('an empty text is no statement, not an error', () => {
  assert.deepEqual(parseHere(''), { kind: 'tree', tree: { stmts: [] } })
  assert.equal(state(parseHere(' -- nothing\n;;')), 'tree')
})

test('a syntax error has the words of the server', () => {
  const parsed = parseHere('selec 1')
  assert.equal(parsed.kind === 'refused' && parsed.refusal.message, 'syntax error at or near "selec"')
  assert.equal(state(parsed), '42601')
})

const hostile: readonly (readonly [string, string, string])[] = [
  ['parentheses', `select ${'('.repeat(20_000)}1`, '54001'],
  ['a long chain', `select ${'1+'.repeat(10_000)}1`, '54001'],
  ['a long list', `select * from t where a in (${'1,'.repeat(100_000)}1)`, '54001'],
  ['nested queries', `${'select * from ('.repeat(2_000)}select 1${') a'.repeat(2_000)}`, '54001'],
  ['too many bytes', `select '${'x'.repeat(sqlLimits.statementBytesMax)}'`, 'too_large'],
]
for (const [name, text, expected] of hostile)
  test(`${name} is refused in bounded time, and the next statement is parsed`, async () => {
    const started = performance.now()
    assert.equal(state(await outcome(text)), expected)
    assert.ok(performance.now() - started < 2 * sqlLimits.statementParseMs)
    assert.equal(state(await outcome('select 1')), 'tree')
  })

test('a large honest statement is parsed in its thread', async () => {
  const text = `insert into t values ${Array.from({ length: 1_000 }, (_, i) => `(${i}, 'value ${i}')`).join(',')}`
  assert.ok(text.length > sqlLimits.statementInlineBytesMax)
  assert.equal(state(await outcome(text)), 'tree')
})

test('what its thread takes to start is not counted against the first statement', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const young = new ParserThread()
  const parsed = young.parse(`select 1 ${' '.repeat(sqlLimits.statementInlineBytesMax)}`)
  context.mock.timers.tick(sqlLimits.statementParseMs + 1)
  assert.equal(state(await parsed), 'tree')
  await young.close()
})

test('the secrets of a statement are found where it is parsed', async () => {
  for (const blanks of [1, sqlLimits.statementInlineBytesMax]) {
    const parsed = await outcome(`alter role a password${' '.repeat(blanks)}'hunter2'`)
    assert.ok(parsed.kind === 'tree')
    assert.match(parsed.secrets?.text ?? '', /^alter role a password +'\[redacted\]'$/)
    assert.deepEqual(parsed.secrets?.values, ['hunter2'])
  }
})

test('large statements queue up, but not without bound', async () => {
  const text = `select 1 ${' '.repeat(sqlLimits.statementInlineBytesMax)}`
  const all = await Promise.all(
    Array.from({ length: sqlLimits.statementsWaitingMax + 5 }, async () => outcome(text)),
  )
  assert.equal(all.filter((parsed) => state(parsed) === 'too_many').length, 5)
})
