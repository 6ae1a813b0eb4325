import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Compiler, type Sources } from './compiler.ts'
import { PolicyError } from './diagnostic.ts'

const cache = mkdtempSync(join(tmpdir(), 'sluice-compiler-'))
const compiler = await Compiler.open(cache)
after(async () => {
  await compiler[Symbol.asyncDispose]()
  rmSync(cache, { recursive: true })
})

function sources(text: string, data: Sources['data'] = {}): Sources {
  return { files: { 'a.rego': `package sluice.rules.a\n${text}` }, data }
}

async function problems(text: string, data: Sources['data'] = {}): Promise<readonly string[]> {
  return compiler.check(sources(text, data)).then(
    () => [],
    (error: unknown) => {
      assert.ok(error instanceof PolicyError)
      return error.diagnostics.map(({ file, row, col, message }) => `${file}:${row}:${col} ${message}`)
    },
  )
}

/** What the library itself reads of every input. */
const library = ['action.prepare', 'approvals', 'version']

/** What a bundle with this rule can read of `input`. */
const reads: readonly (readonly [text: string, paths: readonly string[]])[] = [
  ['allow contains {"rule": "a"}', []],
  ['allow contains {"rule": "a"} if input.session.id == "x"', ['session.id']],
  ['allow contains {"rule": "a"} if { x := input.session; x.id == "x" }', ['session']],
  ['allow contains {"rule": "a"} if { some r in input.grants; r.id == input.run.id }', ['grants', 'run.id']],
  ['allow contains {"rule": $"{input.target.name}"}', ['target.name']],
  ['allow contains {"rule": "a"} if _named(input.client)\n_named(c) if c.ip == "x"', ['client']],
  ['allow contains {"rule": "a"} if object.get(input.session, "id", "") == "x"', ['session']],
  ['allow contains {"rule": "a"} if { not input.run.id; input.target["name"] }', ['run.id', 'target.name']],
  ['allow contains {"rule": "a"} if { every g in input.subject.groups { g == "x" } }', ['subject.groups']],
  ['allow contains {"rule": "a"} if { r := {k: v | some k, v in input.time}; r.hour }', ['time']],
  ['_h contains {"rule": input.client.ip}\nallow contains x if some x in _h', ['client.ip']],
  ['import input.subject as s\nallow contains {"rule": "a"} if s.id == "x"', ['subject.id']],
  ['_r[input.run.id] := input.session.id\nallow contains {"rule": "a"} if _r.x', ['run.id', 'session.id']],
  [
    '_e := 1 if { input.run.id } else := input.client.ip\nallow contains {"rule": "a"} if _e',
    ['client.ip', 'run.id'],
  ],
  ['allow contains {"rule": "a"} if input.grants[input.run.id].role', ['grants', 'run.id']],
  [
    'allow contains {"rule": "a"} if { input.action.segments[0] == "x"; "7" in input.action.query.id }',
    ['action.query.id', 'action.segments'],
  ],
  [
    'deny contains {"rule": "a"} if { some op in input.action.graphql; op.type == "mutation"; "x" in op.fields }',
    ['action.graphql'],
  ],
  [
    'deny contains {"rule": "a"} if { some part in input.action.parts; endswith(part.filename, ".exe") }',
    ['action.parts'],
  ],
  [
    'deny contains {"rule": "a"} if { input.action.body.amount > 100; input.action.headers["x-a"] == "b" }',
    ['action.body.amount', 'action.headers.x-a'],
  ],
]

for (const [text, paths] of reads)
  test(`reads of ${text.split('\n').at(-1) ?? ''}`, async () => {
    const { reads: found } = await compiler.build(sources(text))
    assert.deepEqual(
      found.map((path) => path.join('.')),
      [...library, ...paths].sort(),
    )
  })

const wholeDocument = [
  'allow contains {"rule": "a"} if { some k; input[k] == "x" }',
  'allow contains {"rule": "a"} if { x := input; x.action.kind == "y" }',
  'allow contains {"rule": "a"} if { walk(input, [_, "x"]) }',
  'allow contains {"rule": "a"} if count(input) > 3',
  'allow contains {"rule": "a"} if { some x in input; x == 1 }',
  'allow contains {"rule": "a"} if object.get(input, ["action", "kind"], "") == "x"',
  'allow contains {"rule": "a"} if _q with input as {"run": input.session}\n_q if input.run.id == "x"',
  'allow contains {"rule": "a"} if _f(input)\n_f(x) if x.action.kind == "x"',
]

for (const text of wholeDocument)
  test(`everything is read by ${text}`, async () => {
    assert.deepEqual((await compiler.build(sources(text))).reads, [[]])
  })

/** What must not compile, and where it is wrong. */
const refused: readonly (readonly [text: string, problem: RegExp])[] = [
  ['allow contains {"rule": "a"} if http.send({"url": "x"})', /^a\.rego:2:33 undefined function http\.send/],
  ['x := 1\n\nallow contains {"rule": sprintf("%v", [x])}', /^a\.rego:4:25 undefined function sprintf/],
  ['allow contains {"rule": "a"} if time.now_ns() > 1', /^a\.rego:2:33 undefined function time\.now_ns/],
  ['allow contains {"rule": "a"} if opa.runtime().x', /^a\.rego:2:33 undefined function opa\.runtime/],
  ['deny contains {"rule": "a"} if input.acton.kind == "x"', /^a\.rego:2:32 undefined ref: input\.acton/],
  [
    'deny contains {"rule": "a"} if input.action.knd == "x"',
    /^a\.rego:2:32 undefined ref: input\.action\.knd/,
  ],
  [
    'deny contains {"rule": "a"} if input.action.segment[0] == "x"',
    /^a\.rego:2:32 undefined ref: input\.action\.segment/,
  ],
  [
    'deny contains {"rule": "a"} if input.action.graphql[_].feilds[_] == "x"',
    /^a\.rego:2:32 undefined ref: input\.action\.graphql/,
  ],
  ['deny contains {"rule": "a"} if x', /^a\.rego:2:32 var x is unsafe/],
  ['deny contains {"rule": "a"', /^a\.rego:2:.* parse|unexpected/],
  ['import data.b\ndeny contains {"rule": "a"}', /^a\.rego:2:1 import data\.b unused/],
  ['deny if input.action.kind == "x"', /^a\.rego:2:1 `deny` must be a set/],
  ['default allow := true', /^a\.rego:2:1 `allow` must be a set/],
  ['mask.ssn contains "x"', /^a\.rego:2:1 `mask` must be a set/],
  ['hold[x] := 1 if x := 2', /^a\.rego:2:1 `hold` must be a set/],
  ['limit(x) := x', /^a\.rego:2:1 `limit` must be a set/],
]

for (const [text, problem] of refused)
  test(`refused: ${text.replaceAll('\n', ' ')}`, async () => {
    const [first = 'nothing was wrong'] = await problems(text)
    assert.match(first, problem)
  })

test('a package that nothing would read is refused', async () => {
  for (const name of ['sluice.rule.a', 'sluice.rules.a.b', 'sluice.decision', 'sluice', 'sluice.rules']) {
    const broken: Sources = { files: { 'x.rego': `package ${name}\ndeny contains {"rule": "a"}` }, data: {} }
    await assert.rejects(compiler.check(broken), /x\.rego:1:1: package .* is not read by the decision/)
  }
})

test('a rule and a document of one name are refused', async () => {
  const files = { 'x.rego': 'package roles\nreader := true' }
  await assert.rejects(
    compiler.check({ files, data: { roles: { reader: [] } } }),
    /x\.rego:2:1: conflicting rule/,
  )
})

test('the errors of all files are told at once', async () => {
  const files = { 'a.rego': 'package a\nx := ', 'b.rego': 'package b\ny := }' }
  await assert.rejects(compiler.check({ files, data: {} }), /a\.rego:2:[^]*b\.rego:2:/)
})

test('a compiler that dies of its input says so, and takes no other with it', async () => {
  const deep = `x := ${'['.repeat(200_000)}${']'.repeat(200_000)}`
  await using victim = await Compiler.open(cache)
  await assert.rejects(victim.check(sources(deep)), PolicyError)
  await compiler.check(sources('allow contains {"rule": "a"}'))
})

test('a damaged copy of the compiler is not used', async () => {
  const [copy = ''] = readdirSync(cache)
  truncateSync(join(cache, copy), 1_000_000)
  await using again = await Compiler.open(cache)
  await again.check(sources('allow contains {"rule": "a"}'))
})

test('equal sources give equal modules', async () => {
  const text = 'allow contains {"rule": "a"} if input.subject.groups[_] == "x"'
  const [first, second] = [await compiler.build(sources(text)), await compiler.build(sources(text))]
  assert.deepEqual(first.wasm, second.wasm)
})
