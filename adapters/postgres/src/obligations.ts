import {
  refusal,
  type MaskMethod,
  type MaskRule,
  type Obliged,
  type Refusal,
  type Verdict,
} from '@sluice/core'
import type { Catalogue, CatalogueRelation } from './catalogue.ts'
import type { ColumnMask, ColumnUse, MaskPlan, RelationName, Statement } from './statement.ts'
import { closedWorldRule } from './walk/objection.ts'

/** Of two rules for one column the one that hides more wins. Two that keep different parts would keep both. */
const strictness: readonly MaskMethod[] = ['none', 'email', 'last4', 'stars', 'redact', 'null']

/** The mask rules of one verdict against one picture of the target. */
interface Masks {
  /** Relation OID → column → what hides it. Only relations with something hidden. */
  readonly hidden: ReadonlyMap<
    number,
    ReadonlyMap<string, { readonly method: ColumnMask['method']; readonly rule: string }>
  >
  /** Relations that a rule names, hidden or deliberately clear. */
  readonly named: ReadonlySet<number>
  readonly columns: MaskPlan['columns']
  /** Relations with a rule for a column that they do not have: nobody knows what should be hidden. */
  readonly stale: ReadonlyMap<number, string>
  /** `columns` of relations whose answers carry their own OIDs and that the policy vouches for. */
  readonly known: ReadonlySet<number>
}

/**
 * Compiles the verdicts' masks for the answer of one message, or refuses what they could not be kept in: a masked
 * column may only come out as it is or be compared for equality with a value.
 */
export function oblige(
  statements: readonly Statement[],
  verdicts: readonly Verdict[],
  catalogue: Catalogue,
): Obliged<MaskPlan> {
  let plan = openPlan
  for (const [index, statement] of statements.entries()) {
    const rules = verdicts[index]?.mask ?? []
    if (rules.every(({ method }) => method === 'none')) continue
    const masks = masksOf(rules, catalogue)
    const refused = violation(statement, masks, catalogue)
    if (refused !== undefined) return { kind: 'refused', refusal: refused }
    plan = joined(plan, planOf(statement, masks, catalogue))
  }
  return { kind: 'plan', plan }
}

/** Nothing is masked and nothing is checked. */
export const openPlan: MaskPlan = { columns: new Map(), guarded: false, computed: true, known: new Set() }

function joined(one: MaskPlan, other: MaskPlan): MaskPlan {
  if (one === openPlan) return other
  const columns = new Map(one.columns)
  for (const [oid, masks] of other.columns) {
    const merged = new Map(columns.get(oid))
    for (const [attnum, mask] of masks) {
      const before = merged.get(attnum)
      merged.set(attnum, before === undefined || hidesMore(mask.method, before.method) ? mask : before)
    }
    columns.set(oid, merged)
  }
  return {
    columns,
    guarded: one.guarded || other.guarded,
    computed: one.computed || other.computed,
    known: new Set([...one.known].filter((oid) => other.known.has(oid))),
  }
}

const plans = new WeakMap<Masks, Readonly<Record<string, MaskPlan>>>()

/** One plan per verdict and kind of statement: the hot path makes none. */
function planOf(statement: Statement, masks: Masks, catalogue: Catalogue): MaskPlan {
  let known = plans.get(masks)
  if (known === undefined) {
    const { columns } = masks
    const made = (guarded: boolean, computed: boolean): MaskPlan => ({
      columns,
      guarded,
      computed,
      known: masks.known,
    })
    known = {
      open: made(false, true),
      plain: made(true, false),
      computed: made(true, true),
    }
    plans.set(masks, known)
  }
  const guarded = statement.touched.some((relation) => isHidden(relation, masks, catalogue))
  return known[guarded ? (statement.computed ? 'computed' : 'plain') : 'open'] ?? openPlan
}

function violation(statement: Statement, masks: Masks, catalogue: Catalogue): Refusal | undefined {
  for (const relation of statement.touched) {
    const known = find(relation, catalogue)
    const column = known === undefined ? undefined : masks.stale.get(known.oid)
    if (column !== undefined)
      return refusal(
        'policy_error',
        'policy/mask_column',
        `A mask names ${column}, which ${shown(relation)} does not have.`,
      )
  }
  for (const relation of statement.derived) {
    const known = find(relation, catalogue)
    if (known === undefined || !masks.named.has(known.oid))
      return closed(
        `${shown(relation)} may show masked data of another table and the policy does not name it`,
      )
  }
  for (const relation of statement.wholeRows)
    if (isHidden(relation, masks, catalogue))
      return closed(`${shown(relation)} has masked columns: name the columns you need instead of a whole row`)
  if (showsInternals(statement) && statement.touched.some((relation) => isHidden(relation, masks, catalogue)))
    return closed(`${nameOfInternals(statement)} a table with masked columns is not possible`)
  for (const use of statement.uses) {
    const refused = use.place === 'elsewhere' ? usedMasked(use, masks, catalogue) : undefined
    if (refused !== undefined) return refused
  }
  return undefined
}

/** COPY has no column descriptions to mask by, and a plan tells of values. */
function showsInternals({ effect, explains }: Statement): boolean {
  return effect.kind === 'copy_in' || effect.kind === 'copy_out' || explains
}

function nameOfInternals({ explains }: Statement): string {
  return explains ? 'EXPLAIN of' : 'COPY of'
}

function usedMasked(use: ColumnUse, masks: Masks, catalogue: Catalogue): Refusal | undefined {
  const relation = find(use.relation, catalogue)
  const hidden = relation === undefined ? undefined : masks.hidden.get(relation.oid)
  if (hidden === undefined) return undefined
  const [column, mask] = use.column === '*' ? ([...hidden][0] ?? []) : [use.column, hidden.get(use.column)]
  if (mask === undefined || column === undefined) return undefined
  return refusal(
    'denied',
    mask.rule,
    `Column ${column} of ${shown(use.relation)} is masked: it can be selected as it is or compared with = to a value, nothing else`,
  )
}

function closed(why: string): Refusal {
  return refusal('denied', closedWorldRule, why)
}

function shown({ schema, name }: RelationName): string {
  return schema === 'public' ? name : `${schema}.${name}`
}

function find({ schema, name }: RelationName, catalogue: Catalogue): CatalogueRelation | undefined {
  return catalogue.relations.get(`${schema}\0${name}`)
}

function isHidden(relation: RelationName, masks: Masks, catalogue: Catalogue): boolean {
  const known = find(relation, catalogue)
  return known !== undefined && masks.hidden.has(known.oid)
}

const compiled = new WeakMap<Catalogue, WeakMap<readonly MaskRule[], Masks>>()

/** Cached decisions hand out the same frozen rules again and again. */
function masksOf(rules: readonly MaskRule[], catalogue: Catalogue): Masks {
  const perCatalogue = compiled.get(catalogue) ?? new WeakMap<readonly MaskRule[], Masks>()
  compiled.set(catalogue, perCatalogue)
  const known = perCatalogue.get(rules)
  if (known !== undefined) return known
  const masks = compile(rules, catalogue)
  perCatalogue.set(rules, masks)
  return masks
}

type Found = { readonly method: MaskMethod; readonly rule: string }

function compile(rules: readonly MaskRule[], catalogue: Catalogue): Masks {
  const explicit = new Map<number, Map<string, Found>>()
  const stale = new Map<number, string>()
  const byName = Map.groupBy(catalogue.relations.values(), ({ name }) => `${name.schema}.${name.name}`)
  for (const { relation, column, method, rule } of rules) {
    for (const known of byName.get(relation) ?? []) {
      const columns = explicit.get(known.oid) ?? new Map<string, Found>()
      explicit.set(known.oid, columns)
      if (column !== '*' && !known.attnums.has(column) && method !== 'none') stale.set(known.oid, column)
      const before = columns.get(column)
      if (before === undefined || hidesMore(method, before.method)) columns.set(column, { method, rule })
    }
  }
  const hidden = hiddenColumns(explicit, catalogue)
  return {
    hidden,
    named: new Set(explicit.keys()),
    columns: new Map([...hidden].map(([oid, columns]) => [oid, numbered(columns, catalogue.byOid.get(oid))])),
    stale,
    known: new Set([...catalogue.plain, ...explicit.keys()]),
  }
}

function hidesMore(method: MaskMethod, than: MaskMethod): boolean {
  return strictness.indexOf(method) > strictness.indexOf(than)
}

/** A rule of a table holds for its partitions and children too, and the other way round, unless they have their own. */
function hiddenColumns(
  explicit: ReadonlyMap<number, ReadonlyMap<string, Found>>,
  catalogue: Catalogue,
): Masks['hidden'] {
  const found = new Map<number, Map<string, { method: ColumnMask['method']; rule: string }>>()
  for (const [oid, rules] of explicit) {
    for (const relation of family(oid, catalogue)) {
      const own = explicit.get(relation.oid)
      for (const column of relation.attnums.keys()) {
        const rule = own?.get(column) ?? own?.get('*') ?? rules.get(column) ?? rules.get('*')
        if (rule === undefined || rule.method === 'none') continue
        const columns =
          found.get(relation.oid) ?? new Map<string, { method: ColumnMask['method']; rule: string }>()
        found.set(relation.oid, columns)
        const before = columns.get(column)
        if (before === undefined || hidesMore(rule.method, before.method))
          columns.set(column, { method: rule.method, rule: rule.rule })
      }
    }
  }
  return found
}

function family(oid: number, catalogue: Catalogue): readonly CatalogueRelation[] {
  const seen = new Map<number, CatalogueRelation>()
  const open = [oid]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const relation = catalogue.byOid.get(next)
    if (relation === undefined || seen.has(next)) continue
    seen.set(next, relation)
    open.push(...relation.parents, ...relation.children)
  }
  return [...seen.values()]
}

function numbered(
  columns: ReadonlyMap<string, { readonly method: ColumnMask['method'] }>,
  relation: CatalogueRelation | undefined,
): ReadonlyMap<number, ColumnMask> {
  return new Map(
    [...columns].map(([column, { method }]): [number, ColumnMask] => [
      relation?.attnums.get(column) ?? 0,
      { column: `${relation?.name.schema ?? ''}.${relation?.name.name ?? ''}.${column}`, method },
    ]),
  )
}
