import type { ColumnUse, Output, RelationName, Source } from '../statement.ts'
import { keyOf } from './findings.ts'
import type { Column, Context, RangeEntry } from './scope.ts'

/** The columns of real relations that a value may tell of. */
export type Lineage = readonly Source[]

/** Rows as one value: every column of them may come out, and nothing tells which. */
export function wholeRows(entries: readonly RangeEntry[], cx: Context): Lineage {
  return union(
    entries.map(({ relations, columns }) => {
      for (const relation of relations) cx.found.touch(relation, 'read', ['*'])
      return relations.length > 0 ? relations.map(anyOf) : lineagesOf(columns, cx)
    }),
    cx,
  )
}

const anyColumns = new WeakMap<RelationName, Source>()

/** Any column of it. */
export function anyOf(relation: RelationName): Source {
  let any = anyColumns.get(relation)
  if (any === undefined) {
    any = { relation, column: '*' }
    anyColumns.set(relation, any)
  }
  return any
}

/** What stands for the columns of a relation that nobody has listed. */
export function unlistedColumns({ open, relations }: RangeEntry): readonly Column[] {
  return open ? relations.map((relation) => ({ name: '', sources: [anyOf(relation)] })) : []
}

export function computedColumn(name: string, from: Lineage): Column {
  return { name, sources: nothing, from }
}

const nothing: Lineage = []

export function lineageOf({ sources, from }: Output): Lineage {
  return from ?? sources
}

export function lineagesOf(columns: readonly Output[], cx: Context): Lineage {
  return union(columns.map(lineageOf), cx)
}

/** What a name means that may be any of these. */
export function oneOf(columns: readonly Column[], cx: Context): Output {
  const [column, ...others] = columns
  if (column !== undefined && others.length === 0) return column
  return columns.every(({ from }) => from === undefined)
    ? { sources: lineagesOf(columns, cx) }
    : { sources: nothing, from: lineagesOf(columns, cx) }
}

export function hasExpanded(columns: readonly Column[]): boolean {
  return columns.some(({ expanded }) => expanded === true)
}

/** Each source once. */
export function union(lineages: readonly Lineage[], cx: Context): Lineage {
  const filled = [...new Set(lineages)].filter(({ length }) => length > 0)
  const [only = nothing, ...others] = filled
  if (others.length === 0) return only
  for (const { length } of filled) cx.found.budget.spend(length)
  const all = [...new Set(filled.flat())]
  // So many are as good as all of their relations: what is remembered of a statement stays small.
  return all.length > sourcesMax ? [...new Set(all.map(({ relation }) => anyOf(relation)))] : all
}

const sourcesMax = 32

/** Whether each of `some` is among `all`, by itself or with its whole relation. */
export function covers(all: Lineage, some: Lineage, cx: Context): boolean {
  cx.found.budget.spend(all.length + some.length)
  const known = new Set(all.map(({ relation, column }) => `${keyOf(relation)}\0${column}`))
  return some.every(({ relation, column }) =>
    [column, '*'].some((each) => known.has(`${keyOf(relation)}\0${each}`)),
  )
}

/** Each of these is used at `place`. */
export function note(lineage: Lineage, place: ColumnUse['place'], cx: Context): void {
  cx.found.budget.spend(lineage.length)
  for (const { relation, column } of lineage) cx.found.use(relation, column, place)
}

/** What a computed column tells when it is used where a plain one would only be shown or compared. */
const placeOfComputed: { readonly [place: string]: ColumnUse['place'] } = {
  output: 'derived',
  equality: 'predicate',
  presence: 'predicate',
}

export function record<T extends Output>(
  columns: readonly T[],
  place: ColumnUse['place'],
  cx: Context,
): readonly T[] {
  cx.found.budget.spend(columns.length)
  for (const { sources, from } of columns)
    note(from ?? sources, from === undefined ? place : (placeOfComputed[place] ?? place), cx)
  return columns
}
