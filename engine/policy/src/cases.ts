import { isNode, LineCounter, parseDocument } from 'yaml'
import { placeOf, type PolicyInput, type Verdict } from '@sluice/core'
import { finding, PolicyError, type Diagnostic } from './diagnostic.ts'
import { neutralInput } from './neutral-input.ts'

/** One line of a table: a request, and what must become of it. */
export interface Case {
  readonly file: string
  readonly row: number
  readonly name: string
  readonly input: PolicyInput
  readonly expect: Expectation
}

export interface Expectation {
  readonly effect: Verdict['effect']
  /** Rules that must be among the reasons. */
  readonly rules?: readonly string[]
  /** All masks, as `schema.relation.column` → method. */
  readonly mask?: Readonly<Record<string, string>>
  readonly limits?: Partial<Verdict['limits']>
  readonly approvers?: readonly string[]
}

const tableKeys = ['given', 'cases']
const caseKeys = ['name', 'input', 'expect']
const expectationKeys = ['effect', 'rules', 'mask', 'limits', 'approvers']

/**
 * Reads a `*.cases.yaml` table: `given` is laid over a neutral request, the `input` of each case over that. Objects
 * are merged, everything else is replaced. Throws `PolicyError`.
 *
 * ```yaml
 * given: { subject: { groups: [langchain] } }
 * cases:
 *   - name: DROP TABLE
 *     input: { action: { name: sql.ddl, kind: drop_table } }
 *     expect: { effect: deny, rules: [destructive/drop] }
 * ```
 */
export function readCases(file: string, text: string): readonly Case[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const found: Diagnostic[] = document.errors.map(({ message, pos }) => {
    const { line, col } = lines.linePos(pos[0])
    return { file, row: line, col, code: 'yaml', message }
  })
  if (found.length > 0) throw new PolicyError(found)
  const table: unknown = document.toJS()
  const problem = (row: number, message: string): PolicyError =>
    new PolicyError([{ ...finding('cases', file, message), row, col: row === 0 ? 0 : 1 }])
  if (!isObject(table) || !Array.isArray(table['cases']))
    throw problem(0, 'a table has `cases`, and maybe `given`')
  rejectUnknown(table, tableKeys, (message) => problem(0, message))
  const given = table['given'] ?? {}
  return table['cases'].map((value: unknown, index): Case => {
    const node = document.getIn(['cases', index], true)
    const at = isNode(node) ? (node.range?.[0] ?? 0) : 0
    const row = lines.linePos(at).line
    if (!isObject(value) || typeof value['name'] !== 'string' || !isObject(value['input'] ?? {}))
      throw problem(row, 'a case has a `name`, an `input` and an `expect`')
    rejectUnknown(value, caseKeys, (message) => problem(row, message))
    return {
      file,
      row,
      name: value['name'],
      input: merged(merged(neutralInput, given), value['input'] ?? {}) as PolicyInput,
      expect: expectationOf(value['expect'], (message) => problem(row, message)),
    }
  })
}

function expectationOf(value: unknown, problem: (message: string) => PolicyError): Expectation {
  if (!isObject(value)) throw problem('a case says what to `expect`')
  rejectUnknown(value, expectationKeys, problem)
  const { effect, rules, mask, limits, approvers } = value
  if (effect !== 'allow' && effect !== 'deny' && effect !== 'hold')
    throw problem('`effect` is allow, deny or hold')
  if (![rules, approvers].every((list) => list === undefined || isTexts(list)))
    throw problem('`rules` and `approvers` are lists of names')
  if (![mask, limits].every((map) => map === undefined || isObject(map)))
    throw problem('`mask` and `limits` are maps')
  return value as unknown as Expectation
}

/** What differs between a verdict and what was expected; empty when nothing does. */
export function differences(expect: Expectation, verdict: Verdict): readonly string[] {
  const found: string[] = []
  const compare = (what: string, wanted: unknown, got: unknown): void => {
    const [a, b] = [JSON.stringify(wanted), JSON.stringify(got)]
    if (a !== b) found.push(`${what}: expected ${a}, got ${b}`)
  }
  const given = verdict.reasons.map(({ rule }) => rule)
  if (verdict.effect !== expect.effect)
    found.push(`effect: expected ${expect.effect}, got ${verdict.effect} (${given.join(', ')})`)
  for (const rule of expect.rules ?? [])
    if (!given.includes(rule)) found.push(`rules: expected ${rule}, got ${given.join(', ')}`)
  if (expect.mask !== undefined) {
    const masks = verdict.mask.map((mask) => [placeOf(mask), mask.method])
    compare('mask', Object.entries(expect.mask).sort(byFirst), masks.sort(byFirst))
  }
  for (const [name, wanted] of Object.entries(expect.limits ?? {}))
    compare(`limits.${name}`, wanted, Object.entries(verdict.limits).find(([key]) => key === name)?.[1])
  if (expect.approvers !== undefined)
    compare('approvers', expect.approvers.toSorted(), verdict.approval?.approvers ?? [])
  return found
}

type Fields = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function rejectUnknown(
  value: Fields,
  known: readonly string[],
  problem: (message: string) => PolicyError,
): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key))
  if (unknown !== undefined) throw problem(`unknown key \`${unknown}\`: there are ${known.join(', ')}`)
}

function merged(below: unknown, above: unknown): unknown {
  if (!isObject(below) || !isObject(above)) return above
  const keys = new Set([...Object.keys(below), ...Object.keys(above)])
  return Object.fromEntries(
    [...keys].map((key) => [
      key,
      Object.hasOwn(above, key) ? merged(own(below, key), above[key]) : below[key],
    ]),
  )
}

function own(value: Fields, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined
}

function byFirst([a = '']: readonly string[], [b = '']: readonly string[]): number {
  return a < b ? -1 : a > b ? 1 : 0
}
