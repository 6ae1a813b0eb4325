import type { ColumnUse, Doubt, Output, RelationName, Source } from '../statement.ts'
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
export function oneOf(columns: readonly Output[], cx: Context): Output {
  const [column, ...others] = columns
  if (column !== undefined && others.length === 0) return column
  return columns.every(({ from }) => from === undefined)
    ? { sources: lineagesOf(columns, cx) }
    : { sources: nothing, from: lineagesOf(columns, cx) }
}

const doubted = new WeakMap<Source, Map<Doubt, Source>>()
const certainOf = new WeakMap<Source, Source>()

/** What may come to be meant, but is not now. */
export function doubtful(lineage: Lineage, doubt: Doubt): Lineage {
  return lineage.map((source) => {
    if (source.doubt !== undefined) return source
    const known = doubted.get(source) ?? new Map<Doubt, Source>()
    doubted.set(source, known)
    const made = known.get(doubt) ?? { ...source, doubt }
    known.set(doubt, made)
    certainOf.set(made, source)
    return made
  })
}

export function doubtfulColumn<T extends Output>(column: T, doubt: Doubt): T {
  const { sources, from } = column
  return from === undefined
    ? { ...column, sources: doubtful(sources, doubt) }
    : { ...column, sources: doubtful(sources, doubt), from: doubtful(from, doubt) }
}

/** What stands at a place that by then may be any of these columns' own, and is that of `now`. */
export function anyPlace(columns: readonly Output[], cx: Context): (now: Output) => Output {
  if (columns.length === 1) return (now) => now
  const any = oneOf(
    columns.map((column) => doubtfulColumn(column, 'place')),
    cx,
  )
  return (now) => oneOf([now, any], cx)
}

export function hasExpanded(columns: readonly Column[]): boolean {
  return columns.some(({ expanded }) => expanded === true)
}

/** Each source once, and without a doubt where there is none. */
export function union(lineages: readonly Lineage[], cx: Context): Lineage {
  const filled = [...new Set(lineages)].filter(({ length }) => length > 0)
  const [only = nothing, ...others] = filled
  if (others.length === 0) return only
  for (const { length } of filled) cx.found.budget.spend(length)
  const set = new Set(filled.flat())
  const all = [...set].filter((source) => {
    const certain = certainOf.get(source)
    return certain === undefined || !set.has(certain)
  })
  if (all.length <= sourcesMax) return all
  // So many are as good as all of their relations: what is remembered of a statement stays small.
  const now = all.filter(({ doubt }) => doubt === undefined)
  const later = all.flatMap(({ relation, doubt }) =>
    doubt === undefined ? [] : doubtful([anyOf(relation)], doubt),
  )
  const fewer = now.length > sourcesMax ? now.map(({ relation }) => anyOf(relation)) : now
  return [...new Set([...fewer, ...later])]
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
  for (const source of lineage) cx.found.use(source, place)
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
