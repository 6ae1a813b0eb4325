import {
  placeOf,
  refusal,
  stricterMask,
  type ColumnMaskRule,
  type MaskRule,
  type Obliged,
  type Pseudonyms,
  type Refusal,
  type Verdict,
} from '@sluice/core'
import type { Catalogue, CatalogueRelation } from './catalogue.ts'
import { ColumnMask, type HidingRule } from './column-mask.ts'
import { DerivedMask } from './derived-mask.ts'
import { withCopy } from './copy/oblige.ts'
import type { Expected, MaskPlan, Output, RelationName, Source, Statement } from './statement.ts'
import { misuse } from './misuse.ts'
import { closedWorldRule } from './walk/objection.ts'

/** The mask rules of one verdict against one picture of the target. */
interface Masks {
  /** Relation OID → column → what hides it. Only relations with something hidden. */
  readonly hidden: ReadonlyMap<number, ReadonlyMap<string, ColumnMask>>
  /** Relations that a rule names, hidden or deliberately clear. */
  readonly named: ReadonlySet<number>
  readonly columns: MaskPlan['columns']
  /** Relations with a rule that cannot be kept: nobody knows what should be hidden, or how. */
  readonly mistaken: ReadonlyMap<number, Refusal>
  /** `columns` of relations whose answers carry their own OIDs and that the policy vouches for. */
  readonly known: ReadonlySet<number>
  readonly pseudonyms: Pseudonyms | undefined
  readonly settled: WeakMap<Statement, Obliged<MaskPlan>>
}

/**
 * Compiles the verdicts' masks for the answer of one message, or refuses what they could not be kept in. What may be done
 * with a masked column besides showing it is said by its rule. `text`: what a COPY stands in, as latin1.
 */
export function oblige(
  statements: readonly Statement[],
  verdicts: readonly Verdict[],
  catalogue: Catalogue,
  pseudonyms?: Pseudonyms,
  text = '',
): Obliged<MaskPlan> {
  let plan = openPlan
  const answers: (readonly Expected[] | null)[] = statements.length > 1 ? statements.map(() => null) : []
  for (const [index, statement] of statements.entries()) {
    const rules = verdicts[index]?.mask ?? []
    const beyond = rules.find(isBeyond)
    if (beyond !== undefined) return { kind: 'refused', refusal: beyondRows(beyond) }
    if (!rules.some((rule) => 'relation' in rule && isHiding(rule))) continue
    const masks = masksOf(rules, catalogue, pseudonyms)
    const obliged = settled(statement, masks, catalogue)
    if (obliged.kind === 'refused') return obliged
    if (statements.length > 1) answers[index] = obliged.plan.answers[0] ?? null
    plan = joined(plan, obliged.plan)
  }
  if (statements.length > 1) plan = { ...plan, answers }
  return plan.guarded ? withCopy(plan, statements, text) : { kind: 'plan', plan }
}

/** Rows have no paths, and what the target gets is the statement that was judged: neither must pass as if it were hidden. */
function isBeyond(rule: MaskRule): boolean {
  return !('relation' in rule) && rule.method !== 'none' && ('path' in rule || rule.of !== undefined)
}

function beyondRows(mask: MaskRule): Refusal {
  const message = `The mask of ${placeOf(mask)} is not possible here: in a database columns are masked, and what detectors find in answers.`
  return refusal('policy_error', 'policy/mask_place', message)
}

/** A template is settled once, however often it is executed. */
function settled(statement: Statement, masks: Masks, catalogue: Catalogue): Obliged<MaskPlan> {
  let obliged = masks.settled.get(statement)
  if (obliged === undefined) {
    const refused = violation(statement, masks, catalogue)
    obliged =
      refused === undefined
        ? { kind: 'plan', plan: planOf(statement, masks, catalogue) }
        : { kind: 'refused', refusal: refused }
    masks.settled.set(statement, obliged)
  }
  return obliged
}

/** Nothing is masked and nothing is checked. */
export const openPlan: MaskPlan = {
  columns: new Map(),
  guarded: false,
  computed: true,
  answers: [],
  known: new Set(),
}

function joined(one: MaskPlan, other: MaskPlan): MaskPlan {
  if (one === openPlan) return other
  const columns = new Map(one.columns)
  for (const [oid, masks] of other.columns) {
    const merged = new Map(columns.get(oid))
    for (const [attnum, mask] of masks) {
      const before = merged.get(attnum)
      merged.set(attnum, before === undefined ? mask : stricterOf(before, mask))
    }
    columns.set(oid, merged)
  }
  return {
    columns,
    guarded: one.guarded || other.guarded,
    computed: one.computed || other.computed,
    answers: [],
    known: new Set([...one.known].filter((oid) => other.known.has(oid))),
  }
}

function stricterOf(one: ColumnMask, other: ColumnMask): ColumnMask {
  const rule = stricterMask(one.rule, other.rule)
  if (rule === one.rule) return one
  return rule === other.rule || !isHiding(rule) ? other : one.by(rule)
}

const plans = new WeakMap<Masks, Readonly<Record<string, MaskPlan>>>()

/** One plan per verdict, and for each statement on a masked table one: it is settled once. */
function planOf(statement: Statement, masks: Masks, catalogue: Catalogue): MaskPlan {
  let known = plans.get(masks)
  if (known === undefined) {
    const { columns } = masks
    const made = (guarded: boolean, computed: boolean): MaskPlan => ({
      columns,
      guarded,
      computed,
      answers: [],
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
  const plan = known[guarded ? (statement.computed ? 'computed' : 'plain') : 'open'] ?? openPlan
  const { outputs } = statement
  if (!guarded || outputs === null) return plan
  return { ...plan, answers: [outputs.map((output, at) => expectedOf(output, at + 1, masks, catalogue))] }
}

function expectedOf(
  { sources, from }: Output,
  position: number,
  masks: Masks,
  catalogue: Catalogue,
): Expected {
  const [source, ...others] = sources
  if (source !== undefined && others.length === 0) {
    const relation = find(source.relation, catalogue)
    const attribute = relation?.attnums.get(source.column)
    if (relation !== undefined && attribute !== undefined)
      return { kind: 'column', table: relation.oid, attribute }
  }
  const hiding = masksFrom(from ?? [], masks, catalogue)
  return hiding.length === 0
    ? { kind: 'clear' }
    : { kind: 'derived', mask: new DerivedMask(hiding, position) }
}

/** The masks of all columns that a value may tell of. */
function masksFrom(from: readonly Source[], masks: Masks, catalogue: Catalogue): readonly ColumnMask[] {
  const found = from.flatMap((source) => masksOn(source, masks, catalogue))
  return [...new Set(found)].toSorted((one, other) => (one.column < other.column ? -1 : 1))
}

function masksOn({ relation, column }: Source, masks: Masks, catalogue: Catalogue): readonly ColumnMask[] {
  const known = find(relation, catalogue)
  const hidden = known === undefined ? undefined : masks.hidden.get(known.oid)
  if (hidden === undefined) return []
  if (column === '*') return [...hidden.values()]
  const mask = hidden.get(column)
  return mask === undefined ? [] : [mask]
}

function violation(statement: Statement, masks: Masks, catalogue: Catalogue): Refusal | undefined {
  for (const relation of statement.touched) {
    const known = find(relation, catalogue)
    const mistake = known === undefined ? undefined : masks.mistaken.get(known.oid)
    if (mistake !== undefined) return mistake
  }
  for (const relation of statement.derived) {
    const known = find(relation, catalogue)
    if (known === undefined || !masks.named.has(known.oid))
      return closed(
        `${shown(relation)} may show masked data of another table and the policy does not name it`,
      )
  }
  if (showsInternals(statement) && statement.touched.some((relation) => isHidden(relation, masks, catalogue)))
    return closed(`${nameOfInternals(statement)} a table with masked columns is not possible`)
  for (const use of statement.uses) {
    for (const mask of masksOn(use, masks, catalogue)) {
      const refused = misuse(use.place, mask, statement.outputs !== null)
      if (refused !== undefined) return refused
    }
  }
  return undefined
}

/** What is copied in is no answer, and a plan tells of values. */
function showsInternals({ effect, explains }: Statement): boolean {
  return effect.kind === 'copy_in' || explains
}

function nameOfInternals({ explains }: Statement): string {
  return explains ? 'EXPLAIN of' : 'COPY into'
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
function masksOf(
  rules: readonly MaskRule[],
  catalogue: Catalogue,
  pseudonyms: Pseudonyms | undefined,
): Masks {
  const perCatalogue = compiled.get(catalogue) ?? new WeakMap<readonly MaskRule[], Masks>()
  compiled.set(catalogue, perCatalogue)
  const known = perCatalogue.get(rules)
  if (known !== undefined && known.pseudonyms === pseudonyms) return known
  const masks = compile(rules, catalogue, pseudonyms)
  perCatalogue.set(rules, masks)
  return masks
}

type Explicit = ReadonlyMap<number, ReadonlyMap<string, ColumnMaskRule>>

function compile(
  rules: readonly MaskRule[],
  catalogue: Catalogue,
  pseudonyms: Pseudonyms | undefined,
): Masks {
  const explicit = new Map<number, Map<string, ColumnMaskRule>>()
  const mistaken = new Map<number, Refusal>()
  const byName = Map.groupBy(catalogue.relations.values(), ({ name }) => `${name.schema}.${name.name}`)
  for (const rule of rules) {
    if (!('relation' in rule)) continue
    for (const known of byName.get(rule.relation) ?? []) {
      const columns = explicit.get(known.oid) ?? new Map<string, ColumnMaskRule>()
      explicit.set(known.oid, columns)
      if (rule.column !== '*' && !known.attnums.has(rule.column) && isHiding(rule))
        mistaken.set(known.oid, stale(rule.column, known))
      const before = columns.get(rule.column)
      columns.set(rule.column, before === undefined ? rule : stricterMask(before, rule))
    }
  }
  const hidden = hiddenColumns(explicit, catalogue, pseudonyms)
  for (const [oid, columns] of hidden)
    for (const { mistake } of columns.values()) if (mistake !== undefined) mistaken.set(oid, mistake)
  return {
    hidden,
    named: new Set(explicit.keys()),
    columns: new Map([...hidden].map(([oid, columns]) => [oid, numbered(columns, catalogue.byOid.get(oid))])),
    mistaken,
    known: new Set([...catalogue.plain, ...explicit.keys()]),
    pseudonyms,
    settled: new WeakMap(),
  }
}

function isHiding(rule: ColumnMaskRule): rule is HidingRule {
  return rule.method !== 'none'
}

function stale(column: string, { name }: CatalogueRelation): Refusal {
  return refusal(
    'policy_error',
    'policy/mask_column',
    `A mask names ${column}, which ${shown(name)} does not have.`,
  )
}

/** A rule of a table holds for its partitions and children too, and the other way round, unless they have their own. */
function hiddenColumns(
  explicit: Explicit,
  catalogue: Catalogue,
  pseudonyms: Pseudonyms | undefined,
): Masks['hidden'] {
  const found = new Map<number, Map<string, ColumnMask>>()
  for (const [oid, rules] of explicit) {
    for (const relation of family(oid, catalogue)) {
      const own = explicit.get(relation.oid)
      for (const [column, attribute] of relation.attributes) {
        const rule = own?.get(column) ?? own?.get('*') ?? rules.get(column) ?? rules.get('*')
        if (rule === undefined || !isHiding(rule)) continue
        const columns = found.get(relation.oid) ?? new Map<string, ColumnMask>()
        found.set(relation.oid, columns)
        const name = `${relation.name.schema}.${relation.name.name}.${column}`
        const mask = new ColumnMask(name, rule, attribute, catalogue.maskable, pseudonyms)
        const before = columns.get(column)
        columns.set(column, before === undefined ? mask : stricterOf(before, mask))
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
  columns: ReadonlyMap<string, ColumnMask>,
  relation: CatalogueRelation | undefined,
): ReadonlyMap<number, ColumnMask> {
  return new Map([...columns].map(([column, mask]) => [relation?.attnums.get(column) ?? 0, mask]))
}
