import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { starterFolder } from '@sluice/policies'
import { checkPolicies, Compiler, describe, formatPolicies, readFolder, testPolicies } from '@sluice/policy'

const folder = fileURLToPath(starterFolder)
const compiler = await Compiler.open(null)
after(() => compiler[Symbol.asyncDispose]())

test('the starter policies have no findings, and are formatted', async () => {
  assert.equal(describe(await checkPolicies(folder, null, compiler)), '')
  assert.deepEqual(await formatPolicies(folder, { write: false }, compiler), [])
})

test('their tests and cases pass, in both engines alike, and leave no row out', async () => {
  const { passed, tests, cases, coverage } = await testPolicies(folder, {}, compiler)
  const failed = [
    ...tests
      .filter(({ outcome }) => outcome !== 'passed')
      .map(({ file, name, output }) => `${file} ${name} ${output}`),
    ...cases
      .filter(({ problems }) => problems.length > 0)
      .map(({ name, problems }) => `${name}: ${problems.join()}`),
  ]
  assert.deepEqual(failed, [])
  assert.equal(passed, true)
  assert.ok(tests.length > 40 && cases.length > 30, `${tests.length} tests, ${cases.length} cases`)
  assert.deepEqual(
    coverage.filter(({ percent }) => percent < 100),
    [],
  )
  const { files } = await readFolder(folder)
  const policies = Object.keys(files).filter((name) => !name.endsWith('_test.rego'))
  assert.deepEqual(coverage.map(({ file }) => file).toSorted(), policies.toSorted())
})

test('every rule is told in a test or a case by the name that callers read', async () => {
  const { files, cases } = await readFolder(folder)
  const told = [
    ...Object.entries(files).filter(([name]) => name.endsWith('_test.rego')),
    ...Object.entries(cases),
  ].map(([, text]) => text)
  const rules = Object.entries(files)
    .filter(([name]) => !name.endsWith('_test.rego'))
    .flatMap(([, text]) => [...text.matchAll(/"rule": "([^"]+)"/g)].map(([, rule = '']) => rule))
  assert.ok(rules.length >= 15, `${rules.length} rules`)
  const untold = rules.filter((rule) => !told.some((text) => text.includes(rule)))
  assert.deepEqual(untold, ['masks/clear'], 'that mask is told by its relation')
})
