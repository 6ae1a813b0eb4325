import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { Compiler } from './compiler.ts'
import { PolicyError } from './diagnostic.ts'
import { evaluatePolicy } from './eval.ts'
import { neutralInput } from './neutral-input.ts'
import { writtenFolder } from './written-folder.ts'

const compiler = await Compiler.open(null)
after(() => compiler[Symbol.asyncDispose]())

const policy = `package sluice.rules.a

allow contains {"rule": "a/allow", "message": $"Hello, {data.name}."} if input.action.kind == "select"

allow contains {"rule": x} if input.action.kind == "fail"

x := 1 if input.action.kind == "fail"

x := 2 if input.action.kind == "fail"
`

test('a document is judged as a gateway would judge it, with what the policy reads of it', async () => {
  using folder = writtenFolder({ 'a.rego': policy, 'data.json': '{"name":"Zoë"}' })
  using cache = writtenFolder({})
  const { verdict, revision, fault, read } = await evaluatePolicy(
    folder.path,
    neutralInput,
    cache.path,
    compiler,
  )
  assert.equal(verdict.effect, 'allow')
  assert.deepEqual(verdict.reasons, [{ rule: 'a/allow', message: 'Hello, Zoë.', remedy: '' }])
  assert.match(revision, /^[0-9a-f]{32}$/)
  assert.equal(fault, null)
  assert.deepEqual(JSON.parse(read), {
    version: 1,
    action: { kind: 'select', prepare: false },
    approvals: [],
  })

  const failing = { ...neutralInput, action: { ...neutralInput.action, kind: 'fail' } }
  const failed = await evaluatePolicy(folder.path, failing, cache.path, compiler)
  assert.equal(failed.verdict.reasons[0]?.rule, 'policy/error')
  assert.match(failed.fault ?? '', /conflict/, 'its author reads why')
})

test('allow-all is two lines', async () => {
  using folder = writtenFolder({
    'all.rego': 'package sluice.rules.all\n\nallow contains {"rule": "all"} if true\n',
  })
  const { verdict } = await evaluatePolicy(folder.path, neutralInput, null, compiler)
  assert.equal(verdict.effect, 'allow')
  assert.deepEqual(verdict.mask, [])
  assert.deepEqual(verdict.reasons, [{ rule: 'all', message: '', remedy: '' }])
})

test('a folder that cannot be used is refused', async () => {
  using folder = writtenFolder({ 'a.rego': 'package sluice.rules.a\n\ndeny := true\n' })
  await assert.rejects(evaluatePolicy(folder.path, neutralInput, null, compiler), PolicyError)
})
