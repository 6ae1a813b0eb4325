import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Compiler } from './compiler.ts'
import { openEvaluator } from './evaluate.ts'
import { trapping } from './trapping-module.ts'

const cache = mkdtempSync(join(tmpdir(), 'sluice-evaluate-'))
after(() => rmSync(cache, { recursive: true }))
await using compiler = await Compiler.open(cache)

const { wasm } = await compiler.build({
  files: {
    'a.rego': `package sluice.rules.a

allow contains {"rule": "a/allow", "message": $"Grüße {input.subject.id} – {data.answer}"}

deny contains {"rule": "a/drop"} if input.action.kind == "drop"

deny contains {"rule": "a/deny"} if _conflict == 1

_conflict := 1 if input.action.kind == "conflict"

_conflict := 2 if input.action.kind == "conflict"

mask contains "nonsense" if input.action.kind == "text for a mask"

allow contains 42 if input.action.kind == "number for a reason"

allow contains {"rule": 42} if input.action.kind == "number for a rule"

allow contains {"rule": "a", "until": "friday"} if input.action.kind == "unknown key of a reason"

mask contains {"relation": "a.b", "column": "c", "method": "rot13", "rule": "m"} if input.action.kind == "unknown mask"

limit contains {"rows": 1e400} if input.action.kind == "limit beyond numbers"

limit contains {"rows": -1} if input.action.kind == "negative limit"

limit contains {"rows": 0.5} if input.action.kind == "broken limit"

limit contains {"colour": 1} if input.action.kind == "unknown limit"

allow contains {"rule": $"a/{count(numbers.range(1, 20000000))}"} if input.action.kind == "memory"

allow contains {"rule": $"a/{n}", "message": input.client.application} if {
	input.action.kind == "wide"
	some n in numbers.range(1, 600)
}

deny contains {"rule": "a/regex"} if {
	input.action.kind == "regex"
	regex.match("^(a+)+$|(a|aa)+b|(.*)*x", concat("", [input.client.application, "!"]))
}

deny contains {"rule": "a/glob"} if {
	input.action.kind == "glob"
	glob.match("*a*a*a*a*a*a*a*a*a*a*a*b", [], input.client.application)
}
`,
  },
  data: { answer: '42 €' },
})
const module = await WebAssembly.compile(wasm)
const evaluator = await openEvaluator(module, JSON.stringify({ answer: '42 €' }))

function document(kind: string, application = ''): string {
  return JSON.stringify({
    version: 1,
    subject: { id: 'Zoë 🔒' },
    action: { kind },
    client: { application },
  })
}

async function judgesAsEver(): Promise<void> {
  assert.equal((await evaluator.evaluate(document('select'))).verdict.effect, 'allow')
}

test('text beyond ASCII passes through input, data and policy', async () => {
  const { verdict, fault } = await evaluator.evaluate(document('select'))
  assert.equal(fault, null)
  assert.deepEqual(verdict.reasons, [{ rule: 'a/allow', message: 'Grüße Zoë 🔒 – 42 €', remedy: '' }])
})

const faulty: readonly (readonly [kind: string, rule: string, fault: RegExp | null])[] = [
  ['conflict', 'policy/error', /conflict/],
  ['memory', 'policy/error', /malloc|memory/i],
  ['wide', 'policy/verdict_too_large', null],
  ['text for a mask', 'policy/malformed', null],
  ['number for a reason', 'policy/malformed', null],
  ['number for a rule', 'policy/malformed', null],
  ['unknown key of a reason', 'policy/malformed', null],
  ['unknown mask', 'policy/malformed', null],
  ['limit beyond numbers', 'policy/malformed', null],
  ['negative limit', 'policy/malformed', null],
  ['broken limit', 'policy/malformed', null],
  ['unknown limit', 'policy/obligation', null],
]
for (const [kind, rule, expected] of faulty)
  test(`${kind}: a denial, and the next request is judged as ever`, async () => {
    const { verdict, fault } = await evaluator.evaluate(document(kind, 'x'.repeat(2_000)))
    assert.equal(verdict.effect, 'deny')
    assert.equal(verdict.reasons[0]?.rule, rule)
    if (expected === null) assert.equal(fault, null)
    else assert.match(fault ?? '', expected)
    await judgesAsEver()
  })

test('input that cannot be read is a denial, also where a rule allows without looking', async () => {
  const cut = document('drop').slice(0, -1)
  for (const text of ['', ' ', '{', cut, 'null', 'false', '0', '""', '[]', '{}', '{"version":"1"}']) {
    const { verdict } = await evaluator.evaluate(text)
    assert.deepEqual([verdict.effect, verdict.reasons[0]?.rule], ['deny', 'policy/input'], text)
  }
})

test('half a character never hides a request from a deny', async () => {
  for (const id of ['\ud800', '\udc00x', 'a\ud83d', '\u0000', '\uffff', '\u2028']) {
    const text = JSON.stringify({ version: 1, subject: { id }, action: { kind: 'drop' } })
    assert.equal((await evaluator.evaluate(text)).verdict.effect, 'deny', JSON.stringify(id))
  }
  await judgesAsEver()
})

test('of two equal keys the last one counts, as in JSON.parse', async () => {
  const twice = (first: string, last: string): string =>
    `{"version":1,"action":{"kind":"${first}"},"action":{"kind":"${last}"}}`
  assert.equal((await evaluator.evaluate(twice('select', 'drop'))).verdict.effect, 'deny')
  assert.equal((await evaluator.evaluate(twice('drop', 'select'))).verdict.effect, 'allow')
})

test('deep input is judged or denied, and never hides a request from a deny', async () => {
  for (const depth of [100, 5_000, 20_000, 500_000]) {
    const deep = JSON.stringify({ version: 1, subject: { id: 'x' }, action: { kind: 'drop' } }).replace(
      '"x"',
      `${'['.repeat(depth)}${']'.repeat(depth)}`,
    )
    assert.equal((await evaluator.evaluate(deep)).verdict.effect, 'deny', `${depth} levels`)
    await judgesAsEver()
  }
})

test('input above the memory that a policy may have is a denial', async () => {
  const { verdict, fault } = await evaluator.evaluate(document('drop', 'x'.repeat(40_000_000)))
  assert.equal(verdict.reasons[0]?.rule, 'policy/error')
  assert.match(fault ?? '', /memory/i)
  await judgesAsEver()
})

test('patterns that make other engines backtrack take time in proportion to the text', async () => {
  const application = 'a'.repeat(20_000)
  for (const kind of ['regex', 'glob']) {
    const from = performance.now()
    const { verdict } = await evaluator.evaluate(document(kind, application))
    assert.equal(verdict.effect, 'allow', kind)
    assert.ok(performance.now() - from < 5_000, `${kind} took ${performance.now() - from} ms`)
  }
})

test('a trap in the module is a denial', async () => {
  const broken = await openEvaluator(await WebAssembly.compile(trapping(wasm, 'opa_eval')), '{}')
  for (let round = 0; round < 2; round++) {
    const { verdict, fault } = await broken.evaluate(document('select'))
    assert.deepEqual([verdict.effect, verdict.reasons[0]?.rule], ['deny', 'policy/error'])
    assert.equal(fault, 'unreachable')
  }
})

test('data that does not fit, or that cannot be read, rejects at the start', async () => {
  await assert.rejects(openEvaluator(module, JSON.stringify({ answer: 'x'.repeat(40_000_000) })))
  // The library throws plain text here.
  const refused = (data: string): Promise<boolean> =>
    openEvaluator(module, data).then(
      () => false,
      () => true,
    )
  for (const data of ['', '{', '{"a":}']) assert.ok(await refused(data), JSON.stringify(data))
})

test('a module of something else rejects at the start', async () => {
  const empty = await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))
  await assert.rejects(openEvaluator(empty, '{}'))
})
