import {
  placeOf,
  refusal,
  type MaskRule,
  type Obliged,
  type Pseudonyms,
  type Refusal,
  type Verdict,
} from '@sluice/core'
import type { Catalogue, CatalogueRelation } from './catalogue.ts'
import type { ColumnMask } from './column-mask.ts'
import { DerivedMask } from './derived-mask.ts'
import { withCopy } from './copy/oblige.ts'
import type { Expected, MaskPlan, Output, RelationName, Source, Statement } from './statement.ts'
import { isHiding, masksOf, shown, stricterOf, type Masks } from './masks.ts'
import { isCounted, misuse } from './misuse.ts'
import { closedWorldRule } from './walk/objection.ts'

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
  conditions: 0,
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
    conditions: one.conditions + other.conditions,
  }
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
      conditions: 0,
    })
    known = {
      open: made(false, true),
      plain: made(true, false),
      computed: made(true, true),
    }
    plans.set(masks, known)
  }
  const guarded = statement.touched.some((relation) => isHidden(relation, masks, catalogue))
  const conditions = conditionsOf(statement, masks, catalogue)
  const shared = known[guarded ? (statement.computed ? 'computed' : 'plain') : 'open'] ?? openPlan
  const plan = conditions === 0 ? shared : { ...shared, conditions }
  const { outputs } = statement
  if (!guarded || outputs === null) return plan
  return { ...plan, answers: [outputs.map((output, at) => expectedOf(output, at + 1, masks, catalogue))] }
}

function conditionsOf({ uses }: Statement, masks: Masks, catalogue: Catalogue): number {
  const asked = uses.flatMap((use) =>
    masksOn(use, masks, catalogue).filter((mask) => isCounted(use.place, mask)),
  )
  return asked.length
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
  for (const relation of statement.namesakes)
    if (isHidden(relation, masks, catalogue))
      return closed(
        `A name without its schema may come to mean ${relation.schema}.${relation.name}, which has masked columns: write the schema before it`,
      )
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
      const refused = misuse(use, mask, statement.outputs !== null)
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

function find({ schema, name }: RelationName, catalogue: Catalogue): CatalogueRelation | undefined {
  return catalogue.relations.get(`${schema}\0${name}`)
}

function isHidden(relation: RelationName, masks: Masks, catalogue: Catalogue): boolean {
  const known = find(relation, catalogue)
  return known !== undefined && masks.hidden.has(known.oid)
}
