import { test } from 'node:test'
import assert from 'node:assert/strict'
import { denial, type Verdict } from '@sluice/core'
import { differences, readCases } from './cases.ts'
import { PolicyError } from './diagnostic.ts'
import { neutralInput } from './neutral-input.ts'

const table = `given:
  subject: { groups: [langchain], claims: { team: data } }
cases:
  - name: first
    expect: { effect: allow }

  - name: second
    input:
      subject: { groups: [], claims: { level: 3 } }
      action: { name: sql.delete, has_where: null }
    expect: { effect: deny, rules: [a/b], mask: { public.t.c: stars }, limits: { rows: 1 }, approvers: [dba] }
`

test('what is given is laid over a neutral request, and a case over that', () => {
  const [first, second] = readCases('a.cases.yaml', table)
  assert.equal(first?.name, 'first')
  assert.equal(first.row, 4)
  assert.deepEqual(first.input, {
    ...neutralInput,
    subject: { ...neutralInput.subject, groups: ['langchain'], claims: { team: 'data' } },
  })
  assert.equal(second?.row, 7)
  assert.deepEqual(second.input.subject.groups, [])
  assert.deepEqual(second.input.subject.claims, { team: 'data', level: 3 })
  assert.deepEqual(second.input.action, { ...neutralInput.action, name: 'sql.delete', has_where: null })
})

test('names that every object inherits are names like others', () => {
  const [only] = readCases(
    'a.cases.yaml',
    `given: { subject: { claims: { toString: 1, constructor: { a: 1 } } } }
cases:
  - name: x
    input: { subject: { claims: { __proto__: { admin: true }, valueOf: 2 } } }
    expect: { effect: deny }
`,
  )
  assert.equal(
    JSON.stringify(only?.input.subject.claims),
    '{"toString":1,"constructor":{"a":1},"__proto__":{"admin":true},"valueOf":2}',
  )
})

const one = (lines: string): string => `cases:\n  - name: x\n    ${lines}\n`

const broken: readonly (readonly [text: string, row: number, problem: RegExp])[] = [
  ['cases: [', 1, /./],
  ['- 1', 0, /a table has `cases`/],
  ['cases: 3', 0, /a table has `cases`/],
  ['', 0, /a table has `cases`/],
  ['cases: []\nwhen: {}', 0, /unknown key `when`: there are given, cases/],
  ['cases: []\ncases: []', 2, /unique/i],
  ['cases:\n  - 3', 2, /a case has a `name`/],
  ['cases:\n  - expect: { effect: deny }', 2, /a case has a `name`/],
  [one('input: 3\n    expect: { effect: deny }'), 2, /a case has a `name`, an `input`/],
  [one('inputs: {}\n    expect: { effect: deny }'), 2, /unknown key `inputs`/],
  [one('expect: deny'), 2, /says what to `expect`/],
  [one('expect: {}'), 2, /`effect` is allow, deny or hold/],
  [one('expect: { effect: permit }'), 2, /`effect` is allow, deny or hold/],
  [one('expect: { effect: deny, rule: a }'), 2, /unknown key `rule`/],
  [one('expect: { effect: deny, rules: a }'), 2, /`rules` and `approvers` are lists/],
  [one('expect: { effect: hold, approvers: [1] }'), 2, /`rules` and `approvers` are lists/],
  [one('expect: { effect: allow, mask: [] }'), 2, /`mask` and `limits` are maps/],
  [`${one('expect: { effect: allow }')}  - name: y\n`, 4, /says what to `expect`/],
]
for (const [text, row, problem] of broken)
  test(`refused: ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => readCases('a.cases.yaml', text),
      (error: unknown) => {
        assert.ok(error instanceof PolicyError)
        const [found] = error.diagnostics
        assert.equal(found?.file, 'a.cases.yaml')
        assert.equal(found.row, row)
        assert.match(found.message, problem)
        return true
      },
    )
  })

const verdict: Verdict = {
  effect: 'hold',
  reasons: [
    { rule: 'a/b', message: '', remedy: '' },
    { rule: 'c/d', message: '', remedy: '' },
  ],
  mask: [{ relation: 'public.t', column: 'c', method: 'stars', rule: 'm' }],
  limits: { rows: 10, bytes: null, timeout_ms: null },
  approval: { approvers: ['dba', 'leads'], quorum: 1, expires_s: 1, hold_s: 0, scope: 'once' },
  labels: {},
}

test('a verdict that is as expected differs in nothing', () => {
  assert.deepEqual(differences({ effect: 'hold' }, verdict), [])
  const whole = {
    effect: 'hold',
    rules: ['c/d', 'a/b'],
    mask: { 'public.t.c': 'stars' },
    limits: { rows: 10, bytes: null },
    approvers: ['leads', 'dba'],
  } as const
  assert.deepEqual(differences(whole, verdict), [])
})

const different: readonly (readonly [expect: Parameters<typeof differences>[0], found: string])[] = [
  [{ effect: 'allow' }, 'effect: expected allow, got hold (a/b, c/d)'],
  [{ effect: 'hold', rules: ['a/b', 'x/y'] }, 'rules: expected x/y, got a/b, c/d'],
  [{ effect: 'hold', mask: {} }, 'mask: expected [], got [["public.t.c","stars"]]'],
  [{ effect: 'hold', limits: { rows: 11 } }, 'limits.rows: expected 11, got 10'],
  [{ effect: 'hold', limits: { bytes: 0 } }, 'limits.bytes: expected 0, got null'],
  [{ effect: 'hold', approvers: ['dba'] }, 'approvers: expected ["dba"], got ["dba","leads"]'],
]
for (const [expect, found] of different)
  test(`different: ${found}`, () => assert.deepEqual(differences(expect, verdict), [found]))

test('a denial has no approvers', () => {
  assert.equal(differences({ effect: 'deny', approvers: ['dba'] }, denial('a/b', '')).length, 1)
})
