import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { loadModule, parseSync } from 'libpg-query'
import { loadCatalogue, type Catalogue } from '../../adapters/postgres/src/catalogue.ts'
import { normalise } from '../../adapters/postgres/src/normalise.ts'
import { startBackend, WireClient, type Backend } from '../src/index.ts'

/**
 * Whatever an expression over a value of any type is taken to tell nothing by the way, it must not fail for one value and
 * pass for another: not by the functions in it, nor by what a server makes of their types beside other ones.
 */

/** Values of each type that may be told apart by nothing. Those at the ends of what a type can hold are left out. */
const types: readonly (readonly [type: string, values: readonly string[]])[] = [
  ['int2', ['0', '-7', '200', '32767']],
  ['int4', ['0', '-7', '200', '2147483647']],
  ['int8', ['0', '7', '200', '4000000000']],
  ['numeric', ['0', '-7.5', '5000000000', "'NaN'"]],
  ['float8', ['0', '-7.5', '5000000000', "'NaN'", "'Infinity'"]],
  ['float4', ['0', '-7.5', '200']],
  ['text', ["''", "'a'", "'é'", "'{}'", "'1'", "'a longer one'"]],
  ['varchar(20)', ["''", "'a'", "'é'"]],
  ['char(5)', ["''", "'a'", "'1'"]],
  ['name', ["''", "'a'", "'1'"]],
  ['json', ["'1'", "'[]'", `'{"a":1}'`, `'"x"'`, "'null'"]],
  ['jsonb', ["'1'", "'[]'", `'{"a":1}'`, `'"x"'`, "'null'"]],
  ['bytea', ["''", String.raw`'\xff'`, "'a'"]],
  ['bool', ['true', 'false']],
  ['date', ["'2000-01-01'", "'infinity'", "'0100-01-01 BC'"]],
  ['timestamp', ["'2000-01-01'", "'infinity'", "'0100-01-01 BC'"]],
  ['timestamptz', ["'2000-01-01'", "'infinity'", "'0100-01-01 BC'"]],
  ['interval', ["'1 day'", "'178000000 years'", "'-178000000 years'"]],
  ['time', ["'0:0'", "'24:00'"]],
  ['inet', ["'1.1.1.1/8'", "'::1'"]],
  ['text[]', ["'{}'", "'{a}'", "'{a,b}'", "'{{a,b},{c,d}}'"]],
  ['int4[]', ["'{}'", "'{1}'", "'{1,2}'", "'{{1,2},{3,4}}'"]],
  ['money', ["'0'", "'92233720368547758.07'"]],
  ['varbit', ["B''", "B'111'"]],
  ['int4range', ["'empty'", "'[1,2)'", "'(,)'"]],
  ['"char"', ["''", "'a'"]],
]
const functions =
  `any_value array_agg array_length ascii avg bit_length bpchar cardinality ceil char_length concat concat_ws count date_part
  date_trunc first_value floor initcap json_agg json_build_array json_build_object json_object_agg jsonb_agg
  jsonb_build_array jsonb_build_object lag last_value lead left length lower max md5 min name nth_value octet_length reverse
  right round row_to_json sign stddev string_agg substr substring sum text to_char to_json to_jsonb trunc upper var_pop
  "varchar"`.split(/\s+/)
const constants = ['1', "'day'", "'9V99999'"]
const casts = ['text', 'varchar(1)', 'char(1)', 'name', '"char"']
const others = [
  'v[1]',
  "v -> 'a'",
  'v ->> 0',
  "v #>> '{a}'",
  'v || v',
  ...["'a'", "'{1}'", "'{{1,2}}'", "'{{a,b}}'"].map((constant) => `v || ${constant}`),
  'array[v]',
  'array[v, v]',
  'array(select v)',
  '(array[1])[v]',
  '(array[1])[1:v]',
  'row(v)',
  'extract(epoch from v)',
  'coalesce(v, v)',
]
/** What may stand beside a value, and give it another type. */
const beside = ['1::oid', '1::float4', "'a'::name", "'{a,b}'::text[]"]

function expressions(): readonly string[] {
  return [
    'v',
    ...functions.flatMap((name) => {
      const over = /^(?:first_value|lag|last_value|lead|nth_value)$/.test(name) ? ' over ()' : ''
      const called = constants.flatMap((constant) => [`v, ${constant}`, `${constant}, v`])
      return ['v', ...called, 'v, 1, 1'].map((args) => `${name}(${args})${over}`)
    }),
    ...casts.flatMap((type) => [`v::${type}`, `upper(v::${type})`]),
    ...others,
  ]
}

const joined = ['v', 'max(v)', 'sum(v)', 'sum(length(v))', 'sum(ascii(v))', 'count(v)', 'avg(v)', 'length(v)']

suite('values of every type', () => {
  let backend: Backend
  let client: WireClient
  let catalogue: Catalogue

  before(async () => {
    await loadModule()
    backend = await startBackend()
    client = await WireClient.login(backend.login('postgres'))
    for (const [at, [type, values]] of types.entries())
      for (const [which, value] of values.entries()) {
        const name = `t${String(at)}_${String(which)}`
        const made = await client.query(
          `create table ${name} (v ${type}); insert into ${name} select ${value}`,
        )
        assert.deepEqual(made.errors, [], `${type} ${value}`)
      }
    catalogue = await loadCatalogue(async (sql) =>
      (await client.query(sql)).rows.map((row) => row.map((cell) => cell ?? '')),
    )
  })
  after(async () => {
    client?.close()
    await backend?.close()
  })

  /** It is taken to tell nothing but by what it gives. */
  function isQuiet(sql: string): boolean {
    const scope = { searchPaths: [['public']], tempTables: new Set<string>(), schemas: ['public'] }
    const { statements, objection } = normalise(parseSync(sql), scope, catalogue)
    const isTold = statements.some(({ uses }) =>
      uses.some(({ place }) => place === 'predicate' || place === 'elsewhere'),
    )
    return objection === null && !isTold
  }

  /** How many statements were asked; `form` says where the expression stands. */
  async function compared(
    all: readonly string[],
    form: (expression: string, table: string) => string,
  ): Promise<number> {
    let asked = 0
    for (const [at, [type, values]] of types.entries())
      for (const expression of all) {
        if (!isQuiet(form(expression, `t${String(at)}_0`))) continue
        asked++
        const outcomes = new Set<string>()
        for (const which of values.keys()) {
          const { errors } = await client.query(form(expression, `t${String(at)}_${String(which)}`))
          outcomes.add(errors[0]?.code ?? 'passed')
        }
        assert.equal(outcomes.size, 1, `${form(expression, 't')} of ${type}: ${[...outcomes].join(' ')}`)
      }
    return asked
  }

  test('what is quiet fails for all of them or for none', async () => {
    const asked = await compared(expressions(), (expression, table) => `select ${expression} from ${table}`)
    assert.ok(asked > 1_000, String(asked))
  })

  test('nor does what is made of it beside values of other types', async () => {
    for (const other of beside) {
      const forms: readonly ((expression: string, table: string) => string)[] = [
        (expression, table) => `select ${expression} from ${table} union all select ${other}`,
        (expression, table) => `select case when true then ${expression} else ${other} end from ${table}`,
        (expression, table) => `select array[${expression}, ${other}] from ${table}`,
      ]
      for (const form of forms) assert.ok((await compared(joined, form)) > 30, other)
    }
  })
})
