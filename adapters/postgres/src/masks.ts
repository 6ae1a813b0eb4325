import {
  refusal,
  stricterMask,
  type ColumnMaskRule,
  type MaskRule,
  type Obliged,
  type Pseudonyms,
  type Refusal,
} from '@sluice/core'
import type { Catalogue, CatalogueRelation } from './catalogue.ts'
import { ColumnMask, type HidingRule } from './column-mask.ts'
import { familyOf } from './relation-family.ts'
import type { MaskPlan, RelationName, Statement } from './statement.ts'

/** The mask rules of one verdict against one picture of the target. */
export interface Masks {
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

const compiled = new WeakMap<Catalogue, WeakMap<readonly MaskRule[], Masks>>()

/** Cached decisions hand out the same frozen rules again and again. */
export function masksOf(
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

export function isHiding(rule: ColumnMaskRule): rule is HidingRule {
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
    for (const relation of familyOf(oid, catalogue)) {
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

function numbered(
  columns: ReadonlyMap<string, ColumnMask>,
  relation: CatalogueRelation | undefined,
): ReadonlyMap<number, ColumnMask> {
  return new Map([...columns].map(([column, mask]) => [relation?.attnums.get(column) ?? 0, mask]))
}

export function stricterOf(one: ColumnMask, other: ColumnMask): ColumnMask {
  const rule = stricterMask(one.rule, other.rule)
  if (rule === one.rule) return one
  return rule === other.rule || !isHiding(rule) ? other : one.by(rule)
}

export function shown({ schema, name }: RelationName): string {
  return schema === 'public' ? name : `${schema}.${name}`
}
