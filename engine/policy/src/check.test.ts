import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkPolicies, formatPolicies } from './check.ts'
import { Compiler } from './compiler.ts'
import { describe, PolicyError } from './diagnostic.ts'
import { writtenFolder } from './written-folder.ts'

const compiler = await Compiler.open(null)
after(() => compiler[Symbol.asyncDispose]())

const good = 'package sluice.rules.a\n\nallow contains {"rule": "a"} if input.action.read_only\n'
const goodTest = `package sluice.rules.a_test

import data.sluice.rules.a

test_allow if count(a.allow) == 1 with input.action.read_only as true
`

async function findings(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  using folder = writtenFolder(files)
  return describe(await checkPolicies(folder.path, null, compiler)).split('\n')
}

test('a good folder has no findings', async () => {
  assert.deepEqual(await findings({ 'a.rego': good, 'a_test.rego': goodTest, 'a.cases.yaml': 'cases: []' }), [
    '',
  ])
})

test('a built-in that cannot be evaluated is found where it is called', async () => {
  const [found] = await findings({
    'deep/a.rego':
      'package sluice.rules.a\n\ndeny contains {"rule": "a"} if {\n\thttp.send({"url": "x"})\n}\n',
  })
  assert.equal(found, 'deep/a.rego:4:2: undefined function http.send')
})

test('a mistyped field, an unused import, and a set that is none are found in all files at once', async () => {
  const found = await findings({
    'a.rego': 'package sluice.rules.a\n\ndeny contains {"rule": "a"} if input.action.knd == "x"\n',
    'b.rego': 'package sluice.rules.b\n\nimport data.access\n\ndeny contains {"rule": "a"}\n',
  })
  assert.ok(
    found.includes('a.rego:3:32: undefined ref: input.action.knd, did you mean kind?'),
    found.join('\n'),
  )
  assert.ok(found.includes('b.rego:3:1: import data.access unused'), found.join('\n'))
  const [set] = await findings({ 'a.rego': 'package sluice.rules.a\n\ndeny if input.action.read_only\n' })
  assert.match(set ?? '', /^a\.rego:3:1: `deny` must be a set/)
})

test('tests and tables are checked too', async () => {
  const [inTest] = await findings({ 'a.rego': good, 'a_test.rego': goodTest.replace('a.allow', 'missing') })
  assert.match(inTest ?? '', /^a_test\.rego:\d+:\d+: /)
  const table = 'cases:\n  - name: x\n    expect: { effect: permit }\n'
  const [inTable] = await findings({ 'a.rego': good, 'a.cases.yaml': table })
  assert.equal(inTable, 'a.cases.yaml:2:1: `effect` is allow, deny or hold')
})

test('an unusable folder is a finding', async () => {
  assert.match((await findings({ 'data.json': '[]', 'a.rego': good }))[0] ?? '', /^data\.json: it must hold/)
})

test('files are formatted as OPA formats them, on request only', async () => {
  const loose = 'package sluice.rules.a\nallow   contains {"rule":"a"}  if  input.action.read_only\n'
  using folder = writtenFolder({ 'a.rego': loose, 'b.rego': good.replace('rules.a', 'rules.b') })
  const text = (): string => readFileSync(join(folder.path, 'a.rego'), 'utf8')
  assert.deepEqual(await formatPolicies(folder.path, { write: false }, compiler), ['a.rego'])
  assert.equal(text(), loose)
  assert.deepEqual(await formatPolicies(folder.path, { write: true }, compiler), ['a.rego'])
  assert.equal(text(), good)
  assert.deepEqual(await formatPolicies(folder.path, { write: true }, compiler), [])
})

test('nothing is written while a file cannot be parsed', async () => {
  const loose = 'package   a\n'
  using folder = writtenFolder({ 'a.rego': loose, 'b.rego': 'package b\n\nx := \n' })
  await assert.rejects(formatPolicies(folder.path, { write: true }, compiler), (error: unknown) => {
    assert.ok(error instanceof PolicyError)
    assert.equal(error.diagnostics[0]?.file, 'b.rego')
    assert.ok(error.diagnostics[0].row > 0)
    return true
  })
  assert.equal(readFileSync(join(folder.path, 'a.rego'), 'utf8'), loose)
})
