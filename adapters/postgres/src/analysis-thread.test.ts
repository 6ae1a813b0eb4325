import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { AnalysisThread } from './analysis-thread.ts'
import { catalogueOf } from './catalogue.ts'
import { sqlLimits } from './limits.ts'
import { isLong, meaningOf, recordedOfRefused } from './meaning.ts'
import type { Analysis, NameScope } from './statement.ts'

const catalogue = catalogueOf({
  relations: [
    ['1000', 'public', 'customers', 'r'],
    ['1001', 'public', 'people', 'p'],
    ['1002', 'public', 'people_north', 'r'],
    ['1003', 'app', 'customers', 'v'],
    ['1004', 'pg_catalog', 'pg_class', 'r'],
  ],
  columns: ['1000', '1001', '1002', '1003'].flatMap((oid) => [
    [oid, '1', 'id', '23'],
    [oid, '2', 'ssn', '25'],
    [oid, '3', 'mood', '20000'],
  ]),
  inherits: [['1002', '1001']],
  functions: [
    ['public', 'evil', ''],
    ['app', 'lower', ''],
  ],
  operators: [
    ['public', '%%%', ''],
    ['app', '=', ''],
  ],
  types: [
    ['public', 'mood', '', 'e', '20000', '20001', ''],
    ['public', 'opaque', '', 'd', '20006', '20007', '?'],
  ],
  fields: [['street']],
})
const inPublic: NameScope = { searchPaths: [['public']], tempTables: new Set(), schemas: ['public'] }
const inBoth: NameScope = {
  ...inPublic,
  searchPaths: [['app', 'public'], ['public']],
  tempTables: new Set(['draft']),
  created: [{ schema: 'public', name: 'fresh' }],
}
const padding = ' '.repeat(sqlLimits.statementInlineBytesMax)

const thread = new AnalysisThread()
const analysed = (text: string, names = inPublic): Promise<Analysis> =>
  thread.analyse(text, names, catalogue, 'somebody')
const state = ({ objection }: Analysis): string | null =>
  objection === null ? null : (objection.native ?? objection.code)

// Its start is no part of what the deadlines below are about.
before(() => analysed('select 1'))
after(() => thread.close())

/** One for each part of the picture that is asked, known and unknown, and for each kind of answer. */
const texts = [
  '',
  'select id, ssn from customers where id = 1 and mood = $1',
  'select * from people order by ssn',
  'select lower(ssn), count(*) from customers group by 1',
  'select evil(id) from customers',
  'select id %%% 1 from customers',
  `select 'sad'::mood, 'x'::opaque`,
  'select (c).street from customers c',
  'select ssn.upper from customers',
  'select * from nowhere',
  'select nothing from customers',
  'select * from draft, fresh',
  'insert into customers (id, ssn) select id, ssn from people returning ssn',
  'update customers set ssn = null',
  'with d as (delete from people where id = 1 returning *) select * from d',
  'create table other (id int); select * from other',
  'create type lower as enum ()',
  'declare c cursor for select ssn from customers',
  'prepare p as select ssn from customers where id = $1',
  `execute p('a secret')`,
  'fetch 3 from c',
  'set search_path to public',
  `alter role a password 'hunter2'`,
  'copy customers to stdout',
  'begin; select 1; commit',
  'selec 1',
  'do $$ begin end $$',
  'select \xff',
]
const driverStatements = JSON.parse(
  readFileSync(new URL('../../../test/contract/driver-statements.json', import.meta.url), 'utf8'),
) as readonly { readonly statements: readonly string[] }[]

suite('an analysis in the thread', () => {
  test('is the one that it would be here, and as immutable', async () => {
    const drivers = driverStatements.flatMap(({ statements }) => statements)
    assert.ok(drivers.length > 20)
    for (const text of [...texts, ...drivers])
      for (const names of [inPublic, inBoth]) {
        const here = meaningOf(text, names, catalogue)
        const { refused: _, ...there } = await analysed(text, names)
        assert.deepEqual(there, here, text)
        for (const { action } of there.statements) assert.ok(Object.isFrozen(action['relations']), text)
      }
  })

  test('says what is recorded should it be refused', async () => {
    for (const text of [`execute p('a secret')`, `alter role a password 'hunter2'`, 'select 1']) {
      const long = text + padding
      assert.ok(isLong(long) && !isLong(text))
      const there = recordedOfRefused(long, await analysed(long))
      const here = recordedOfRefused(text, meaningOf(text, inPublic, catalogue))
      assert.equal(there, here === undefined ? undefined : here + padding)
    }
  })
})

const hostile: readonly (readonly [string, string, string | null])[] = [
  ['parentheses', `select ${'('.repeat(20_000)}1`, '54001'],
  ['a long chain', `select ${'1+'.repeat(10_000)}1`, '54001'],
  ['a long list', `select * from t where a in (${'1,'.repeat(100_000)}1)`, '54001'],
  ['nested queries', `${'select * from ('.repeat(2_000)}select 1${') a'.repeat(2_000)}`, '54001'],
  ['too many bytes', `select '${'x'.repeat(sqlLimits.statementBytesMax)}'`, 'too_large'],
  ['many names', `select ${Array.from({ length: 5_000 }, (_, i) => `f${i}(1)`).join()}`, 'denied'],
]
for (const [name, text, expected] of hostile)
  test(`${name} is refused in bounded time, and the next statement is analysed`, async () => {
    const started = performance.now()
    assert.equal(state(await analysed(text)), expected)
    assert.ok(performance.now() - started < 2 * sqlLimits.statementParseMs)
    assert.equal(state(await analysed('select 1')), null)
  })

test('what its thread takes to start is not counted against the first statement', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const young = new AnalysisThread()
  const analysis = young.analyse(`select 1`, inPublic, catalogue, 'somebody')
  context.mock.timers.tick(sqlLimits.statementParseMs + 1)
  assert.equal(state(await analysis), null)
  await young.close()
})

test('a thread that waits for an answer too long is ended, and the next statement is analysed', async () => {
  const silent = {
    ...catalogue,
    relations: {
      has: () => false,
      get: () => {
        const until = performance.now() + sqlLimits.statementParseMs + 100
        while (performance.now() < until);
        return undefined
      },
    },
  }
  const own = new AnalysisThread()
  await own.analyse('select 1', inPublic, catalogue, 'somebody')
  const long = `select '${'x'.repeat(sqlLimits.statementInlineBytesMax)}' from a, b`
  // While this thread is held up, the answer may come in the very turn in which the time is over.
  let analysis = await own.analyse(long, inPublic, silent, 'somebody')
  for (let again = 0; again < 20 && state(analysis) !== '54001'; again++)
    analysis = await own.analyse(long, inPublic, silent, 'somebody')
  assert.equal(state(analysis), '54001')
  assert.equal(recordedOfRefused(long, analysis), '[redacted]', 'nobody has read it to its end')
  assert.equal(state(await own.analyse('select 1', inPublic, catalogue, 'somebody')), null)
  await own.close()
})

test('a thread that fails just when its time is over takes nobody with it', async () => {
  const own = new AnalysisThread()
  await own.analyse('select 1', inPublic, catalogue, 'somebody')
  const failing = own.analyse('select id from customers', null as never, catalogue, 'somebody')
  // The deadline passes before anybody hears of the failure.
  setImmediate(() => {
    const until = performance.now() + sqlLimits.statementParseMs + 100
    while (performance.now() < until);
  })
  assert.equal(state(await failing), '54001')
  assert.equal(state(await own.analyse('select 1', inPublic, catalogue, 'somebody')), null)
  await own.close()
})

test('large statements queue up, but not without bound', async () => {
  const all = await Promise.all(
    Array.from({ length: sqlLimits.statementsWaitingMax + 6 }, () => analysed(`select 1 ${padding}`)),
  )
  assert.equal(all.filter((analysis) => state(analysis) === 'too_many').length, 5)
})

test('one who sends many makes nobody else wait behind all of them, nor be refused', async () => {
  const many = Array.from({ length: sqlLimits.statementsWaitingMax + 1 }, () =>
    analysed(`select 1 ${padding}`),
  )
  let answered = 0
  for (const one of many.slice(0, -1)) void one.then(() => answered++)
  const other = await thread.analyse(`select 2 ${padding}`, inPublic, catalogue, 'somebody else')
  assert.equal(state(other), null)
  assert.ok(answered <= 2, String(answered))
  assert.equal(state(await (many.at(-1) ?? assert.fail())), 'too_many', 'the last of many gives way')
  await Promise.all(many)
})
