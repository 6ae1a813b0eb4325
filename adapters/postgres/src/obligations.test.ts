import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { ColumnMaskRule, MaskRule, Verdict } from '@sluice/core'
import { catalogueOf, type Catalogue } from './catalogue.ts'
import { oblige } from './obligations.ts'
import type { ColumnUse, Copied, Output, Statement } from './statement.ts'

const catalogue: Catalogue = catalogueOf({
  relations: [
    ['10', 'public', 'customers', 'p'],
    ['11', 'public', 'customers_old', 'r'],
    ['12', 'public', 'v', 'v'],
    ['13', 'public', 'orders', 'r'],
  ],
  columns: [
    ['10', '1', 'id', '23', 't'],
    ['10', '2', 'ssn', '25', 't'],
    ['10', '4', 'mood', '99999', 't'],
    ['10', '5', 'shape', '99999', 'f'],
    ['11', '1', 'id'],
    ['11', '3', 'ssn'],
    ['12', '1', 'x'],
    ['13', '1', 'id'],
  ],
  inherits: [['11', '10']],
  functions: [],
  operators: [],
  types: [],
  fields: [],
})
const customers = { schema: 'public', name: 'customers' }

function rule(column: string, method: MaskRule['method'], relation = 'public.customers'): ColumnMaskRule {
  return { relation, column, method, rule: 'test/mask' }
}

function verdict(...mask: readonly MaskRule[]): Verdict {
  const limits = { rows: null, bytes: null, timeout_ms: null }
  return { effect: 'allow', reasons: [], mask, limits, approval: null, labels: {} }
}

function statement(change: Partial<Statement> = {}): Statement {
  return {
    action: { name: 'sql.select', kind: 'select', read_only: true },
    uses: [],
    derived: [],
    namesakes: [],
    touched: [customers],
    computed: false,
    outputs: null,
    explains: false,
    effectFree: false,
    lingers: false,
    effect: { kind: 'none' },
    ...change,
  }
}

function use(column: string, place: ColumnUse['place']): Partial<Statement> {
  return { uses: [{ relation: customers, column, place }] }
}

function refused(change: Partial<Statement>, ...mask: readonly MaskRule[]): string | null {
  const obliged = oblige([statement(change)], [verdict(...mask)], catalogue)
  return obliged.kind === 'refused' ? obliged.refusal.rule : null
}

const masked = rule('ssn', 'last4')
const copied: Copied = { format: { kind: 'binary' }, table: { schema: '', name: 'customers', columns: [] } }
const cases: readonly (readonly [string, Partial<Statement>, string | null])[] = [
  ['shown as it is', use('ssn', 'output'), null],
  ['compared with a value', use('ssn', 'equality'), null],
  ['asked whether it has a value', use('ssn', 'presence'), null],
  ['all columns shown', use('*', 'output'), null],
  ['used in an expression', use('ssn', 'elsewhere'), 'test/mask'],
  ['all columns used in an expression', use('*', 'elsewhere'), 'test/mask'],
  ['another column used in an expression', use('id', 'elsewhere'), null],
  ['a view that nobody names', { derived: [{ schema: 'public', name: 'v' }] }, 'adapter/closed_world'],
  ['a name that may lead to a masked table', { namesakes: [customers] }, 'adapter/closed_world'],
  ['a name that may lead to another table', { namesakes: [{ schema: 'public', name: 'v' }] }, null],
  ['COPY of a table', { effect: { kind: 'copy_out', copied } }, null],
  [
    'COPY with options that nobody can read by',
    { effect: { kind: 'copy_out', copied: null } },
    'adapter/closed_world',
  ],
  [
    'COPY of a query that cannot be told apart',
    { effect: { kind: 'copy_out', copied: { ...copied, table: null } } },
    'adapter/closed_world',
  ],
  ['COPY from the client', { effect: { kind: 'copy_in' } }, 'adapter/closed_world'],
  ['EXPLAIN', { explains: true }, 'adapter/closed_world'],
  [
    'COPY of another table',
    { effect: { kind: 'copy_out', copied: null }, touched: [{ schema: 'public', name: 'orders' }] },
    null,
  ],
]
for (const [what, change, expected] of cases)
  test(`${what}: ${expected ?? 'admitted'}`, () => assert.equal(refused(change, masked), expected))

/** Where a column is used, and which choice of its rule lets it be. */
const choices: readonly (readonly [ColumnUse['place'], Partial<ColumnMaskRule> | null])[] = [
  ['derived', { derived: 'mask' }],
  ['predicate', { predicates: 'allow' }],
  ['moved', { moves: 'allow' }],
  ['elsewhere', null],
]
const everything: Partial<ColumnMaskRule> = { derived: 'mask', predicates: 'allow', moves: 'allow' }
for (const [place, choice] of choices)
  test(`used as ${place}: ${choice === null ? 'never' : `where the rule says ${Object.values(choice).join()}`}`, () => {
    const asked = { ...use('ssn', place), outputs: [] }
    assert.equal(refused(asked, masked), 'test/mask')
    assert.equal(refused({ ...use('*', place), outputs: [] }, masked), 'test/mask')
    assert.equal(refused(asked, { ...masked, ...everything }), choice === null ? 'test/mask' : null)
    const others = Object.entries(everything).filter(([name]) => choice === null || !(name in choice))
    assert.equal(refused(asked, { ...masked, ...Object.fromEntries(others) }), 'test/mask')
    assert.equal(refused({ ...use('id', place), outputs: [] }, masked), null)
  })

test('a rule may also refuse what is compared for equality', () => {
  assert.equal(refused(use('ssn', 'equality'), { ...masked, predicates: 'refuse' }), 'test/mask')
  assert.equal(refused(use('ssn', 'equality'), { ...masked, predicates: 'allow' }), null)
})

test('conditions are counted where the rule gives a budget for them, and nowhere else', () => {
  const counted = (change: Partial<Statement>, ...mask: readonly MaskRule[]): number => {
    const obliged = oblige([statement(change)], [verdict(...mask)], catalogue)
    return obliged.kind === 'refused' ? assert.fail(obliged.refusal.message) : obliged.plan.conditions
  }
  const budget = { ...masked, predicates: 'budget' } as const
  const uses = [...(use('ssn', 'predicate').uses ?? []), ...(use('ssn', 'equality').uses ?? [])]
  assert.equal(counted({ uses }, budget), 2)
  assert.equal(counted(use('*', 'predicate'), budget), 1)
  assert.equal(counted(use('ssn', 'output'), budget), 0)
  assert.equal(counted(use('id', 'predicate'), budget), 0)
  assert.equal(counted({ uses }, { ...masked, predicates: 'allow' }), 0)
  assert.equal(counted(use('ssn', 'equality'), budget, { ...masked, predicates: 'equality' }), 0)
  assert.equal(refused(use('ssn', 'predicate'), budget, { ...masked, predicates: 'equality' }), 'test/mask')
  assert.equal(counted(use('ssn', 'predicate'), budget, { ...masked, predicates: 'allow' }), 1)
})

test('an expression is masked only where the columns of the answer can be told one by one', () => {
  const lenient = { ...masked, derived: 'mask' } as const
  assert.equal(refused({ ...use('ssn', 'derived'), outputs: null }, lenient), 'test/mask')
})

test('of two rules for one column the one that lets less be done wins', () => {
  const asked = { ...use('ssn', 'derived'), outputs: [] }
  const lenient = { ...masked, derived: 'mask' } as const
  assert.equal(refused(asked, lenient, { ...rule('ssn', 'redact'), derived: 'mask' }), null)
  assert.equal(refused(asked, lenient, rule('ssn', 'redact')), 'test/mask')
  assert.equal(refused(asked, rule('ssn', 'stars'), lenient), 'test/mask')
})

test('the answer must have the columns that the statement says', () => {
  const [id, ssn] = ['id', 'ssn'].map((column) => ({ relation: customers, column }))
  assert.ok(id !== undefined && ssn !== undefined)
  const outputs: readonly Output[] = [
    { sources: [id] },
    { sources: [], from: [ssn, id] },
    { sources: [], from: [id] },
    { sources: [], from: [{ relation: customers, column: '*' }] },
  ]
  const lenient = { ...masked, derived: 'mask' } as const
  const obliged = oblige([statement({ outputs })], [verdict(lenient)], catalogue)
  const [answer] = obliged.kind === 'plan' ? obliged.plan.answers : []
  assert.deepEqual(
    answer?.map((each) => (each.kind === 'column' ? [each.table, each.attribute] : each.kind)),
    [[10, 1], 'derived', 'clear', 'derived'],
  )
})

test('without a mask nothing is checked', () => {
  for (const [, change] of cases) assert.equal(refused(change), null)
  for (const [, change] of cases) assert.equal(refused(change, rule('*', 'none')), null)
})

test('a named view may be used', () => {
  assert.equal(
    refused({ derived: [{ schema: 'public', name: 'v' }] }, masked, rule('*', 'none', 'public.v')),
    null,
  )
})

test('rows have no paths, and what the target gets is what was judged, so nothing passes', () => {
  for (const place of [{ path: '$.ssn' }, { detector: 'card', of: 'request' }] as const) {
    assert.equal(refused({}, { ...place, method: 'redact', rule: 'test/mask' }), 'policy/mask_place')
    assert.equal(refused({}, { ...place, method: 'none', rule: 'test/mask' }), null)
  }
})

test('a mask for a column that is not there refuses the table: nobody knows what to hide', () => {
  assert.equal(refused({}, rule('social_security', 'last4')), 'policy/mask_column')
})

test('partitions inherit the mask, by name and not by number', () => {
  const obliged = oblige([statement()], [verdict(masked)], catalogue)
  const columns = obliged.kind === 'plan' ? obliged.plan.columns : assert.fail()
  assert.equal(columns.get(10)?.get(2)?.rule.method, 'last4')
  assert.equal(columns.get(11)?.get(3)?.rule.method, 'last4')
})

test('a mask on a partition holds for rows read through its parent', () => {
  const obliged = oblige([statement()], [verdict(rule('ssn', 'stars', 'public.customers_old'))], catalogue)
  assert.equal(obliged.kind === 'plan' && obliged.plan.columns.get(10)?.get(2)?.rule.method, 'stars')
})

test('COPY of a masked table stands alone in its message, and the server is asked what it hands out', () => {
  const copy = statement({ effect: { kind: 'copy_out', copied } })
  const alone = oblige([copy], [verdict(masked)], catalogue)
  assert.equal(alone.kind === 'plan' && alone.plan.copy?.query.toString(), 'select * from only "customers"')
  const beside = oblige([copy, statement({})], [verdict(masked), verdict(masked)], catalogue)
  assert.equal(beside.kind, 'refused')
})

test('of two rules for one column the one that hides more wins; a column rule beats a star', () => {
  const two = oblige([statement()], [verdict(rule('ssn', 'last4'), rule('ssn', 'redact'))], catalogue)
  assert.equal(two.kind === 'plan' && two.plan.columns.get(10)?.get(2)?.rule.method, 'redact')
  const star = oblige([statement()], [verdict(rule('*', 'stars'), rule('id', 'none'))], catalogue)
  assert.equal(star.kind === 'plan' && star.plan.columns.get(10)?.has(1), false)
})

test('several statements of one message are masked by all of their verdicts', () => {
  const plain = statement({ touched: [{ schema: 'public', name: 'orders' }], computed: true })
  const obliged = oblige([plain, statement()], [verdict(), verdict(masked)], catalogue)
  assert.equal(obliged.kind === 'plan' && obliged.plan.guarded, true)
  const reversed = oblige([statement(), plain], [verdict(masked), verdict(rule('ssn', 'redact'))], catalogue)
  assert.equal(reversed.kind === 'plan' && reversed.plan.columns.get(10)?.get(2)?.rule.method, 'redact')
})

const unfit: readonly (readonly [string, MaskRule, Partial<Statement>, string | null])[] = [
  ['NULL for a column that has none', rule('id', 'null'), use('id', 'output'), 'test/mask'],
  ['NULL for it, behind a star', rule('id', 'null'), use('*', 'output'), 'test/mask'],
  ['NULL for it, and another is selected', rule('id', 'null'), use('ssn', 'output'), null],
  [
    'NULL for a column, and it is asked whether it has a value',
    rule('ssn', 'null'),
    use('ssn', 'presence'),
    'test/mask',
  ],
  ['NULL for it, and it is compared', rule('id', 'null'), use('id', 'equality'), null],
  ['a type without masks, NOT NULL', rule('mood', 'stars'), use('mood', 'output'), 'test/mask'],
  ['a type without masks', rule('shape', 'stars'), use('shape', 'output'), null],
  ['a constant', { ...rule('id', 'constant'), value: '7' }, use('id', 'output'), null],
  [
    'a constant of another type, whatever is selected',
    { ...rule('id', 'constant'), value: 'x' },
    use('ssn', 'output'),
    'policy/mask_method',
  ],
  ['groups', { ...rule('id', 'generalise'), to: '100' }, use('id', 'output'), null],
  [
    'groups of another type',
    { ...rule('id', 'generalise'), to: 'year' },
    use('id', 'output'),
    'policy/mask_method',
  ],
  ['a pseudonym without a key', rule('id', 'hash'), use('id', 'output'), 'policy/mask_method'],
]
for (const [what, mask, change, expected] of unfit)
  test(`${what}: ${expected ?? 'admitted'}`, () => assert.equal(refused(change, mask), expected))

test('a pseudonym needs the key of this gateway', () => {
  const keyed = { key: 'k1', digest: () => Buffer.alloc(32) }
  const of = (...args: Parameters<typeof oblige>): string => oblige(...args).kind
  const asked = [statement(use('id', 'output'))]
  const verdicts = [verdict(rule('id', 'hash'))]
  assert.equal(of(asked, verdicts, catalogue, keyed), 'plan')
  assert.equal(of(asked, verdicts, catalogue), 'refused')
  assert.equal(of(asked, verdicts, catalogue, keyed), 'plan')
})

test('rules of two verdicts that keep different groups keep none', () => {
  const groups = (to: string): Verdict => verdict({ ...rule('id', 'generalise'), to })
  const obliged = oblige([statement(), statement()], [groups('10'), groups('15')], catalogue)
  assert.equal(obliged.kind === 'plan' && obliged.plan.columns.get(10)?.get(1)?.rule.method, 'redact')
})
