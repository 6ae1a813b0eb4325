import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { starterFolder } from '@sluice/policies'
import { Compiler } from './compiler.ts'
import { PolicyError } from './diagnostic.ts'
import { testPolicies, type TestReport } from './test.ts'
import { readFolder } from './folder.ts'
import { writtenFolder } from './written-folder.ts'

const compiler = await Compiler.open(null)
after(() => compiler[Symbol.asyncDispose]())

const policy = `package sluice.rules.a

allow contains {"rule": "a/allow"} if input.action.read_only

deny contains {"rule": "a/number"} if to_number(input.client.application) > 5
`
const tests = `package sluice.rules.a_test

import data.sluice.rules.a

test_allow if count(a.allow) == 1 with input.action.read_only as true

test_no_allow if count(a.allow) == 0 with input.action.read_only as false
`
const table = `cases:
  - name: reading
    expect: { effect: allow, rules: [a/allow] }
  - name: writing
    input: { action: { read_only: false } }
    expect: { effect: deny, rules: [sluice/no_allow] }
`

/** Requests around everything that the starter policies look at. */
const anyRequest = fc.record({
  subject: fc.record({
    groups: fc.subarray([
      'langchain',
      'dba',
      'pii-readers',
      'flag-writers',
      'vector-writers',
      'strangers',
      'ÿ',
    ]),
  }),
  target: fc.record({
    labels: fc.constantFrom({}, { purpose: 'vector-store' }, { purpose: '' }, { x: 'y' }),
  }),
  action: fc
    .record({
      name: fc.constantFrom(
        'select',
        'insert',
        'update',
        'delete',
        'ddl',
        'truncate',
        'explain',
        'copy_in',
        'transaction',
        'call',
      ),
      prepare: fc.boolean(),
      kind: fc.constantFrom(
        'select',
        'drop_table',
        'create_table',
        'create_extension',
        'grant',
        'x',
        'drop_',
      ),
      read_only: fc.boolean(),
      transaction: fc.constantFrom('none', 'clean', 'dirty'),
      has_where: fc.constantFrom(true, false, null),
      functions: fc.subarray(['lower', 'pg_advisory_xact_lock', 'pg_advisory_lock', 'pg_advisory_unlock']),
      objects: fc.subarray(['vector', 'dblink']),
      relations: fc.array(
        fc.record({
          schema: fc.constantFrom('public', 'pg_catalog', 'Ünïcode'),
          name: fc.constantFrom('customers', 'feature_flags', 'pg_class', 'odd "name"'),
          access: fc.constantFrom('read', 'insert', 'update', 'delete'),
          columns: fc.subarray(['id', 'ssn', '*']),
        }),
        { maxLength: 3 },
      ),
    })
    .map(({ name, prepare, ...rest }) => ({
      ...rest,
      prepare,
      name: prepare ? 'sql.prepare' : `sql.${name}`,
      of: prepare ? `sql.${name}` : null,
    })),
})

async function report(files: Readonly<Record<string, string>>, filter = ''): Promise<TestReport> {
  using folder = writtenFolder({ 'a.rego': policy, ...files })
  return await testPolicies(folder.path, { filter }, compiler)
}

test('tests and cases that pass, and what they covered', async () => {
  const {
    passed,
    tests: ran,
    cases,
    coverage,
  } = await report({ 'a_test.rego': tests, 'a.cases.yaml': table })
  assert.equal(passed, true)
  assert.deepEqual(
    ran.map(({ name, row, outcome }) => [name, row, outcome]),
    [
      ['test_allow', 5, 'passed'],
      ['test_no_allow', 7, 'passed'],
    ],
  )
  assert.deepEqual(cases, [
    { file: 'a.cases.yaml', row: 2, name: 'reading', problems: [] },
    { file: 'a.cases.yaml', row: 4, name: 'writing', problems: [] },
  ])
  const rules = coverage.find(({ file }) => file === 'a.rego')
  assert.ok(rules !== undefined && rules.percent < 100)
  assert.deepEqual(rules.missed, [[5, 5]])
  assert.ok(!coverage.some(({ file }) => file.startsWith('sluice/')), 'the library is not the folder’s own')
})

test('only the tests that are asked for', async () => {
  const { tests: ran } = await report({ 'a_test.rego': tests }, 'no_allow')
  assert.deepEqual(
    ran.map(({ name }) => name),
    ['test_no_allow'],
  )
})

test('a test that fails or throws fails the folder, and says where and what', async () => {
  const more = `
test_wrong if {
	print("seen", 42)
	count(a.allow) == 2 with input.action.read_only as true
}

test_thrown if to_number("x") == 1
`
  const { passed, tests: ran } = await report({ 'a_test.rego': tests + more })
  assert.equal(passed, false)
  const [wrong, thrown] = ran.slice(2)
  assert.deepEqual([wrong?.outcome, wrong?.row], ['failed', 9])
  assert.match(wrong?.output ?? '', /seen 42/)
  assert.deepEqual([thrown?.outcome, thrown?.row], ['errored', 14])
  assert.match(thrown?.output ?? '', /to_number/)
})

test('a case with another verdict fails the folder, and says how it differs', async () => {
  const { passed, cases } = await report({ 'a.cases.yaml': table.replace('effect: allow', 'effect: hold') })
  assert.equal(passed, false)
  assert.deepEqual(
    cases.map(({ problems }) => problems),
    [['effect: expected hold, got allow (a/allow)'], []],
  )
})

test('a case on which the two engines differ fails, whichever of them is expected', async () => {
  // OPA reads this as a number, the compiled module does not.
  for (const effect of ['allow', 'deny']) {
    const input = 'input: { client: { application: "1_000" } }'
    const odd = `cases:\n  - name: odd\n    ${input}\n    expect: { effect: ${effect} }\n`
    const { passed, cases } = await report({ 'a.cases.yaml': odd })
    assert.equal(passed, false)
    assert.match(
      cases[0]?.problems.join() ?? '',
      /the engines differ: OPA \{"effect":"deny".*compiled \{"effect":"allow"/,
    )
  }
})

test('a case that fails in both engines is the denial that it is in production', async () => {
  const conflict =
    'deny contains {"rule": x}\n\nx := 1 if input.action.kind == "odd"\n\nx := 2 if input.action.kind == "odd"\n'
  const { passed, cases } = await report({
    'b.rego': `package sluice.rules.b\n\n${conflict}`,
    'b.cases.yaml':
      'cases:\n  - name: both\n    input: { action: { kind: odd } }\n    expect: { effect: deny, rules: [policy/error] }\n',
  })
  assert.deepEqual(cases[0]?.problems, [])
  assert.equal(passed, true)
})

test('the starter policies judge any request alike in both engines', async () => {
  const folder = fileURLToPath(starterFolder)
  const sources = await readFolder(folder)
  const requests = fc.sample(anyRequest, { numRuns: 300, seed: 20_26 })
  const tables = requests.map((input, n) => ({ name: `${n}`, input, expect: { effect: 'deny' } }))
  using written = writtenFolder({
    ...sources.files,
    'data.json': JSON.stringify(sources.data),
    'any.cases.yaml': JSON.stringify({ cases: tables }),
  })
  const { cases } = await testPolicies(written.path, { filter: 'none' }, compiler)
  assert.equal(cases.length, requests.length)
  const differing = cases.filter(({ problems }) => problems.some((problem) => problem.includes('engines')))
  assert.deepEqual(differing, [])
  const denied = cases.filter(({ problems }) => problems.length === 0).length
  assert.ok(denied > 50 && denied < 290, `${denied} denied`)
})

test('what does not compile is thrown, with its place', async () => {
  await assert.rejects(
    report({ 'b.rego': 'package sluice.rules.b\n\ndeny contains x\n' }),
    (error: unknown) => {
      assert.ok(error instanceof PolicyError)
      assert.deepEqual([error.diagnostics[0]?.file, error.diagnostics[0]?.row], ['b.rego', 3])
      return true
    },
  )
})
