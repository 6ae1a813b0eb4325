import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { loadPolicy } from '@open-policy-agent/opa-wasm'
import { language } from './capabilities.ts'
import { Compiler } from './compiler.ts'
import { openEvaluator } from './evaluate.ts'
import { neutralInput } from './neutral-input.ts'
import { verdictOf } from './verdict.ts'

/**
 * For each built-in a call with a value, sorted where only OPA sorts: sets and objects have no order of their own.
 * `x` is what the compiler cannot know, so that it computes nothing itself.
 */
const calls: Readonly<Record<string, readonly string[]>> = {
  abs: ['abs(x.n - 9)'],
  and: ['x.s & {1, 2, 9}'],
  'array.concat': ['array.concat(x.l, [4])'],
  'array.flatten': ['array.flatten([x.l, [[1]]])'],
  'array.reverse': ['array.reverse(x.l)'],
  'array.slice': ['array.slice(x.l, 1, 2)', 'array.slice(x.l, -1, 99)'],
  'base64.decode': ['base64.decode(base64.encode(x.t))'],
  'base64.encode': ['base64.encode(x.u)'],
  'base64.is_valid': ['base64.is_valid(x.t)'],
  'base64url.decode': ['base64url.decode(base64url.encode(x.t))'],
  'base64url.encode': ['base64url.encode("??>>~~")'],
  'bits.and': ['bits.and(x.n, 6)'],
  'bits.lsh': ['bits.lsh(x.n, 2)'],
  'bits.negate': ['bits.negate(x.n)'],
  'bits.or': ['bits.or(x.n, 4)'],
  'bits.rsh': ['bits.rsh(x.n, 1)'],
  'bits.xor': ['bits.xor(x.n, 6)'],
  ceil: ['ceil(x.f)'],
  concat: ['concat("-", [x.t, x.u])', 'concat(",", {x.t})'],
  contains: ['contains(x.t, "el")'],
  count: ['count(x.l)', 'count(x.t)', 'count(x.u)', 'count(x.o)'],
  div: ['x.n / 2', 'x.n / 3'],
  endswith: ['endswith(x.t, "lo")'],
  equal: ['x.n == 3'],
  floor: ['floor(x.f)'],
  format_int: ['format_int(x.n * 10, 16)'],
  'glob.match': [
    'glob.match("*.example.com", ["."], "api.example.com")',
    'glob.match("*.example.com", ["."], "a.b.example.com")',
    'glob.match("{a,h}*", [], x.t)',
  ],
  'graph.reachable': ['sort(graph.reachable({"a": ["b"], "b": ["c"], "d": []}, {lower("A")}))'],
  gt: ['x.n > 2'],
  gte: ['x.n >= 3'],
  indexof: ['indexof(x.t, "l")', 'indexof(x.t, "none")', 'indexof(x.u, "€")'],
  'internal.member_2': ['3 in x.l'],
  'internal.member_3': ['0, 1 in x.l'],
  'internal.template_string': ['$"{x.n} {x.t} {x.l} {x.s} {x.o.a.c} {input.run.id == "none"} {[1 | false]}"'],
  intersection: ['intersection({x.s, {1}})'],
  is_array: ['is_array(x.l)'],
  is_boolean: ['is_boolean(x.b)'],
  is_null: ['is_null(x.z)'],
  is_number: ['is_number(x.n)'],
  is_object: ['is_object(x.o)'],
  is_set: ['is_set(x.s)'],
  is_string: ['is_string(x.t)'],
  'json.filter': ['json.filter(x.o, ["a/b"])'],
  'json.marshal': ['json.marshal([x.u, x.o.a.c, x.f, x.z])'],
  'json.remove': ['json.remove(x.o, ["a/b"])'],
  'json.unmarshal': ['json.unmarshal(x.j)'],
  lower: ['lower("ÄBC")'],
  lt: ['x.n < 4'],
  lte: ['x.n <= 3'],
  max: ['max(x.l)'],
  min: ['min(x.s)'],
  minus: ['x.n - 5', 'x.s - {1}'],
  mul: ['x.n * 1.5'],
  neq: ['x.n != 4'],
  'net.cidr_contains': [
    'net.cidr_contains("10.0.0.0/8", x.ip)',
    'net.cidr_contains("2001:db8::/32", "2001:db8::1")',
  ],
  'net.cidr_intersects': ['net.cidr_intersects("10.0.0.0/8", $"{x.ip}/16")'],
  'numbers.range': ['numbers.range(x.n, 1)'],
  'object.filter': ['object.filter(x.o, {"a"})'],
  'object.get': ['object.get(x.o, ["a", "b"], 0)', 'object.get(x.o, "none", x.n)'],
  'object.keys': ['sort(object.keys(x.o))'],
  'object.remove': ['object.remove(x.o, {"a"})'],
  'object.union': ['object.union(x.o, {"a": {"d": 1}})'],
  'object.union_n': ['object.union_n([x.o, {"a": 1}])'],
  or: ['sort(x.s | {7})'],
  plus: ['x.n + 0.5'],
  product: ['product(x.l)'],
  'regex.find_all_string_submatch_n': ['regex.find_all_string_submatch_n("(l)(.)", x.t, -1)'],
  'regex.is_valid': ['regex.is_valid("(")', 'regex.is_valid("a+")'],
  'regex.match': ['regex.match(`^h\\w+$`, x.t)', 'regex.match("^[é€]+$", x.u)'],
  rem: ['x.n % 2'],
  replace: ['replace(x.t, "l", "L")'],
  round: ['round(x.f)'],
  sort: ['sort(["b", x.t, "a"])', 'sort(x.s)'],
  split: ['split(x.t, "l")'],
  startswith: ['startswith(x.t, "he")'],
  'strings.replace_n': ['strings.replace_n({"l": "1", "o": "0"}, x.t)'],
  'strings.reverse': ['strings.reverse(x.t)', 'strings.reverse(x.u)'],
  substring: ['substring(x.t, 1, 2)', 'substring(x.u, 1, -1)'],
  sum: ['sum(x.l)'],
  to_number: ['to_number("12.5")', 'to_number(x.b)'],
  trim: ['trim(x.t, "ho")'],
  trim_left: ['trim_left(x.t, "h")'],
  trim_prefix: ['trim_prefix(x.t, "he")'],
  trim_right: ['trim_right(x.t, "o")'],
  trim_space: ['trim_space(" \t a ")'],
  trim_suffix: ['trim_suffix(x.t, "lo")'],
  type_name: ['type_name(x.s)', 'type_name(x.z)'],
  union: ['union({x.s, {8}})'],
  upper: ['upper("äbc")'],
  walk: ['sort([path | walk(x.o, [path, _])])'],
}

const syntax = ['eq', 'assign', 'print', 'internal.print']
const { builtins } = await language()

await using compiler = await Compiler.open(null)

/** `x` depends on the input, and the input is the same for all. */
const rules = Object.values(calls)
  .flat()
  .map(
    (call, n) =>
      `allow contains {"rule": "${n}", "message": json.marshal(value)} if {\n\tvalue := ${call}\n}\n`,
  )
const sources = {
  files: {
    'a.rego': `package sluice.rules.a

x := {
	"n": input.version * 3, "f": input.version * 2.5, "t": concat("", ["hel", "lo"]), "u": "é€",
	"l": [1, 2, 3], "s": {1, 2, 3}, "o": {"a": {"b": 1, "c": [2]}, "d": null}, "b": input.version == 1,
	"z": null, "j": "{\\"a\\": [1, 2.5, \\"é\\"]}", "ip": "10.1.2.3",
}

${rules.join('\n')}`,
  },
  data: {},
}
const built = await compiler.build(sources)
const [reference] = await compiler.evaluate(sources, [neutralInput])
const module = await WebAssembly.compile(built.wasm)

/** The library with its own tests, which the sources say nothing of and bundles leave out. */
const libraryFolder = new URL('../../../policies/lib/', import.meta.url)
const libraryTests = Object.fromEntries(
  readdirSync(libraryFolder)
    .filter((name) => name.endsWith('_test.rego'))
    .map((name) => [name, readFileSync(new URL(name, libraryFolder), 'utf8')]),
)
const tested = await compiler.test({ files: libraryTests, data: {} }, { coverage: true })
const unformatted = await compiler.format({ ...libraryTests, ...(await language()).library })

test('each built-in that policies may call has a call here', () => {
  assert.deepEqual(
    builtins.filter((name) => !syntax.includes(name)).toSorted(),
    Object.keys(calls).toSorted(),
  )
})

/** What a compiled policy exports to be asked which built-ins it expects of its host. */
interface Exports {
  readonly builtins: () => number
  readonly opa_json_dump: (at: number) => number
}

test('none of them is answered outside the module', async () => {
  const { wasmInstance, mem } = await loadPolicy(module, { initial: 5 })
  const { exports } = wasmInstance as unknown as { readonly exports: Exports }
  const { builtins: needed, opa_json_dump: dump } = exports
  const text = new Uint8Array(mem.buffer).subarray(dump(needed()))
  assert.equal(new TextDecoder().decode(text.subarray(0, text.indexOf(0))), '{}')
})

test('each gives what it gives in OPA', async () => {
  const evaluator = await openEvaluator(module, '{}')
  const { verdict } = await evaluator.evaluate(JSON.stringify(neutralInput))
  const texts = Object.values(calls).flat()
  const told = ({ reasons }: typeof verdict): Readonly<Record<string, unknown>> =>
    Object.fromEntries(reasons.map(({ rule, message }) => [texts[Number(rule)] ?? rule, JSON.parse(message)]))
  const expected = told(verdictOf(reference?.value))
  assert.deepEqual(told(verdict), expected)
  assert.deepEqual(
    texts.filter((text) => !(text in expected)),
    [],
  )
})

test('the library passes its own tests, which leave no row out, and is formatted', () => {
  const failed = tested.tests.filter(({ outcome }) => outcome !== 'passed')
  assert.deepEqual(failed, [])
  assert.ok(tested.tests.length > 20)
  assert.deepEqual(
    tested.coverage.map(({ file, percent }) => [file, percent]),
    [
      ['sluice/decision.rego', 100],
      ['sluice/sql.rego', 100],
    ],
  )
  assert.deepEqual(unformatted, {})
})

test('what decides besides a policy folder is in the digest', async () => {
  const lang = await language()
  assert.equal(lang, await language())
  assert.match(lang.digest, /^[0-9a-f]{64}$/)
  assert.match(lang.compiler, /^[0-9a-f]{64}$/)
  assert.deepEqual(Object.keys(lang.library), ['sluice/decision.rego', 'sluice/sql.rego'])
  for (const text of Object.values(lang.library)) assert.match(text, /^# METADATA/)
})
