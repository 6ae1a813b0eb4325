import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { maskable } from '../../adapters/postgres/src/types.ts'
import { replacementOf, type Format, type MaskRequest } from '../../engine/masking/src/index.ts'
import { maskInPlace } from '../../engine/masking/src/methods.ts'
import { message, startBackend, WireClient, type Backend } from '../src/index.ts'
import { typeValues, type TypeValues } from './type-values.ts'

/**
 * Masks against the server itself: what they make of a value must be a value of its type, in both formats the same,
 * and nothing of the original where the method promises that.
 */

const seed = Number(process.env['SLUICE_MASK_SEED'] ?? 20_251)
const count = Number(process.env['SLUICE_MASK_CASES'] ?? 40)
const { parse, bind, describe, execute, sync } = message
const formats = ['text', 'binary'] as const
const pseudonyms = {
  key: 'k1',
  digest: (purpose: string, value: string): Buffer =>
    createHmac('sha256', 'a key').update(`${purpose}\0${value}`).digest(),
}

const days = fc
  .date({ min: new Date('0001-02-01T00:00:00Z'), max: new Date('9999-11-30T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().replace('T', ' ').replace('Z', '+00'))

interface Answer {
  readonly type: number
  readonly values: readonly Buffer[]
}

interface Question {
  readonly values: readonly (Buffer | string)[]
  readonly format: Format
}

suite('masks against PostgreSQL', { concurrency: 1 }, () => {
  let backend: Backend
  let client: WireClient

  before(async () => {
    backend = await startBackend()
    // What a text shows of an instant depends on it; what a mask makes of one must not.
    const parameters = { TimeZone: 'Asia/Kathmandu' }
    client = await WireClient.login({ ...backend.login('postgres'), parameters })
  })
  after(async () => {
    client?.close()
    await backend?.close()
  })

  /** One statement executed once for each question; every answer is one value. */
  async function ask(
    sql: string,
    types: readonly number[],
    results: Format,
    questions: readonly Question[],
  ): Promise<Answer> {
    const answer = await client.ask(
      parse('', sql, types),
      ...questions.flatMap(({ values, format }) => {
        const codes = { formats: [code(format)], results: [code(results)] }
        return [bind({ values, ...codes }), describe('P'), execute()]
      }),
      sync,
    )
    const [error] = answer.errors
    assert.equal(error, undefined, `${error?.message} ${error?.rest}\nin: ${sql}`)
    const values = answer.rows.map(([cell]) => Buffer.from(cell ?? assert.fail('NULL'), 'latin1'))
    assert.equal(values.length, questions.length)
    return { type: answer.columns[0]?.type ?? 0, values }
  }

  /** The values as the server sends them; as arrays with NULLs, several dimensions, other bounds, and empty ones. */
  async function originals(each: TypeValues, array: boolean, results: Format): Promise<Answer> {
    const sampled = fc.sample(each.values, { seed, numRuns: count })
    const values = [...sampled, ...sampled.slice(0, 5)]
    const one = `(${each.expression ?? 'v'})::${each.type}`
    const other = one.replace(/\bv\b/, 'w')
    const several =
      `case length(v) % 4 when 0 then array[]::${each.type}[] ` +
      `when 1 then array_fill(${one}, array[2], array[0]) || ${other} ` +
      `else array[array[${one}, null], array[${other}, ${one}]] end`
    return ask(
      `select ${array ? several : one} from (select $1::text as v, $2::text as w) q`,
      [],
      results,
      values.map((value, index) => ({
        values: [value, values[values.length - 1 - index] ?? ''],
        format: 'text',
      })),
    )
  }

  /** What the server reads in these bytes. */
  async function read(type: number, format: Format, values: readonly Buffer[]): Promise<readonly string[]> {
    const questions = values.map((value) => ({ values: [value], format }))
    const answer = await ask('select cast($1 as text)', [type], 'text', questions)
    return answer.values.map(String)
  }

  function masked(
    type: number,
    request: MaskRequest,
    format: Format,
    values: readonly Buffer[],
  ): { readonly method: string; readonly values: readonly Buffer[] } {
    const found = replacementOf(maskable.get(type) ?? assert.fail(`${type}`), request, format, pseudonyms)
    if (found.kind === 'invalid') assert.fail(found.why)
    const replaced = values.map((value) => {
      if (found.kind === 'fixed') return found.bytes
      const copy = Buffer.from(value)
      if (found.kind === 'computed') return found.replace(copy)
      maskInPlace(found.how, copy, 0, copy.length)
      assert.equal(copy.length, value.length)
      return copy
    })
    return { method: found.method, values: replaced }
  }

  const requests = (each: TypeValues): readonly MaskRequest[] => [
    ...(['redact', 'partial', 'hash', 'last4', 'email', 'stars', 'generalise'] as const).map((method) => ({
      method,
    })),
    ...each.groups.map((to) => ({ method: 'generalise' as const, to })),
    { method: 'constant', value: each.constant },
  ]

  for (const each of typeValues)
    for (const array of [false, true])
      test(`${each.type}${array ? '[]' : ''}`, async () => {
        const text = await originals(each, array, 'text')
        const binary = await originals(each, array, 'binary')
        const known = { text: text.values, binary: binary.values }
        const before = await read(text.type, 'text', text.values)
        for (const request of requests(each)) {
          const what = JSON.stringify(request)
          const shown: Record<Format, readonly string[]> = { text: [], binary: [] }
          let method = ''
          for (const format of formats) {
            const replaced = masked(text.type, request, format, known[format])
            method = replaced.method
            shown[format] = await read(text.type, format, replaced.values)
          }
          assert.deepEqual(shown.binary, shown.text, what)
          if (!array && method === 'redact') assert.equal(new Set(shown.text).size, 1, what)
          if (!array && method === 'constant')
            assert.deepEqual(new Set(shown.text), new Set([each.shown ?? each.constant]), what)
          if (method.startsWith('hash')) pseudonymous(before, shown.text)
        }
      })

  /** Equal values have one pseudonym, which is none of them. */
  function pseudonymous(values: readonly string[], shown: readonly string[]): void {
    const known = new Map<string, string>()
    for (const [index, value] of values.entries()) {
      const pseudonym = shown[index] ?? ''
      if (!/^(\[.*\]=)?[{},NUL]*$/.test(value)) assert.notEqual(pseudonym, value)
      assert.equal(known.get(value) ?? pseudonym, pseudonym)
      known.set(value, pseudonym)
    }
    assert.ok(new Set(known.values()).size > known.size / 2, 'few pseudonyms for many values')
  }

  const oracles: readonly (readonly [type: string, values: fc.Arbitrary<string>, to: string, sql: string])[] =
    [
      ...['month', 'year', 'decade'].flatMap((to) => [
        ['date', days, to, `date_trunc('${to}', $1::date::timestamp)::date`] as const,
        ['timestamp', days, to, `date_trunc('${to}', $1::timestamp)`] as const,
        ['timestamptz', days, to, `date_trunc('${to}', $1::timestamptz, 'UTC')`] as const,
      ]),
      ['timestamptz', days, 'hour', `date_trunc('hour', $1::timestamptz, 'UTC')`],
      ['timestamp', days, 'day', `date_trunc('day', $1::timestamp)`],
      ['int4', fc.integer({ min: -1e6, max: 1e6 }).map(String), '250', 'floor($1::int4 / 250.0) * 250'],
      [
        'numeric',
        fc.integer().map((value) => String(value / 1000)),
        '0.25',
        'round(floor($1::numeric / 0.25) * 0.25, 2)',
      ],
      ['inet', fc.ipV4(), '20,64', 'network(set_masklen($1::inet, 20))'],
      [
        'inet',
        fc.ipV6().filter((text) => !text.includes('%')),
        '24,64',
        'network(set_masklen($1::inet, 64))',
      ],
    ]
  for (const [type, values, to, sql] of oracles)
    test(`${type} to ${to} is what the server calculates`, async () => {
      const samples = fc.sample(values, { seed, numRuns: count })
      const questions = samples.map((value) => ({ values: [value], format: 'text' as const }))
      const expected = await ask(`select cast((${sql})::${type} as text)`, [25], 'text', questions)
      const known = await ask(`select cast($1 as ${type})`, [25], 'binary', questions)
      const replaced = masked(known.type, { method: 'generalise', to }, 'binary', known.values)
      assert.deepEqual(await read(known.type, 'binary', replaced.values), expected.values.map(String))
    })
})

function code(format: Format): number {
  return format === 'text' ? 0 : 1
}
