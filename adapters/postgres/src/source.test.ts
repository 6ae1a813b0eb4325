import { test } from 'node:test'
import assert from 'node:assert/strict'
import { limits } from '@sluice/core'
import { catalogueOf } from './catalogue.ts'
import { emptyStatement } from './judged.ts'
import { shownOf } from './source.ts'

const catalogue = catalogueOf({
  relations: [
    ['10', 'public', 'customers', 'r'],
    ['11', 'public', 'vip', 'r'],
    ['12', 'public', 'orders', 'r'],
    ['13', 'public', 'cards', 'v'],
  ],
  columns: [],
  inherits: [['11', '10']],
  functions: [],
  operators: [],
  types: [],
  fields: [],
})
catalogue.estimates.replace([['public', 'customers', '3000']])

/** `value`: of a Bind's only parameter, in text format. */
function shown(texts: readonly string[], touched: readonly string[], value?: string) {
  const source = {
    texts: texts.map((text) => Buffer.from(text).toString('latin1')),
    bound: value === undefined ? null : { types: [], bytes: boundTo(value) },
    searchPaths: [],
  }
  const statement = { ...emptyStatement, touched: touched.map((name) => ({ schema: 'public', name })) }
  const bytes = shownOf({ source, statements: [statement], catalogue })
  return JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>
}

function boundTo(value: string): Buffer {
  const length = Buffer.byteLength(value)
  return Buffer.from([0, 0, 0, 1, 0, 0, 0, length, ...Buffer.from(value)])
}

test('people are given the texts, the values, the places of literals and the estimates', () => {
  assert.deepEqual(shown(["delete from customers where name = 'é'"], ['customers'], '7'), {
    statement: "delete from customers where name = 'é'",
    parameters: ['7'],
    literals: [[35, 39]],
    related: ['public.customers', 'public.vip'],
    estimates: { 'public.customers': 3000 },
  })
})

test('what EXECUTE stands for is shown with its own literals', () => {
  const { stands_for: stands, literals } = shown(['execute p(1)', "delete from orders where id = '1'"], [])
  assert.deepEqual(stands, ["delete from orders where id = '1'"])
  assert.deepEqual(literals, [
    [10, 11],
    [30, 33],
  ])
})

const families: readonly (readonly [readonly string[], readonly string[] | null])[] = [
  [[], []],
  [['orders'], ['public.orders']],
  [['vip'], ['public.vip', 'public.customers']],
  [['orders', 'cards'], null],
  [['orders', 'unknown'], null],
]

for (const [touched, related] of families)
  test(`a value beside ${touched.join(' and ') || 'nothing'} may be of ${related?.join(', ') ?? 'anything'}`, () => {
    assert.deepEqual(shown(['x'], touched)['related'], related)
  })

test('the places of very many literals do not make a request too large to be shown', () => {
  const text = `select ${Array.from({ length: 9_000 }, () => '1').join(', ')}`
  const bytes = JSON.stringify(shown([text], [])).length
  assert.ok(bytes <= limits.approvalShownBytesMax, String(bytes))
  assert.deepEqual(shown([text], [])['literals'], [null])
})
