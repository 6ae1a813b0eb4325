import type { KnownNames } from '../catalogue.ts'
import { functions } from '../functions.ts'
import type { ColumnUse, NameScope, Output, RelationName, Source } from '../statement.ts'
import { keyOf, type Findings } from './findings.ts'
import { closed, unknownColumn, unknownEntry } from './objection.ts'

/** What the walk of one statement works with. */
export interface Context {
  readonly catalogue: KnownNames
  readonly names: NameScope
  readonly found: Findings
  /** Relations that earlier statements create and the catalogue does not know: by name, not by column. */
  readonly created: Map<string, RelationName>
  /** Keys of relations that earlier statements drop or alter: the catalogue's columns may not be all that they have. */
  readonly reshaped: ReadonlySet<string>
  /** An earlier statement of the message renames: the catalogue's columns may be other ones by now. */
  readonly moved: boolean
}

/** A column that can be named, and what it is. */
export interface Column extends Output {
  readonly name: string
  /**
   * `*` brings it in, by the catalogue. By the time that the server reads the statement there may be others: it stands at
   * another place, or nowhere.
   */
  readonly expanded?: true
}

/** The columns of real relations that a value may tell of. */
export type Lineage = readonly Source[]

/** One item of a FROM list, by the name under which its columns can be reached. */
export interface RangeEntry {
  readonly name: string
  /** The schemas that may qualify `name`; none once it has an alias. */
  readonly schemas: readonly string[]
  /** In the order of `*`. */
  readonly columns: readonly Column[]
  /** By name, with the system columns that `*` leaves out. */
  readonly index: ReadonlyMap<string, Column>
  /** The real relations whose rows a reference to the whole entry would use; none for a query's rows. */
  readonly relations: readonly RelationName[]
  /** It may have further columns (a temporary table): a name that nothing else explains may be one of them. */
  readonly open: boolean
  /** Reached by its name alone: no part of `*`, and no unqualified name leads there (EXCLUDED, OLD, NEW). */
  readonly special: boolean
}

/** The columns of a query, a join or a FROM item, in order. */
export interface Columns {
  readonly columns: readonly Column[]
  /** There may be more of them, at unknown positions. */
  readonly open: boolean
}

/** The names visible at one level of a query; `parent` is the query around it. */
export interface Scope {
  readonly entries: readonly RangeEntry[]
  readonly parent: Scope | null
  readonly ctes: CteScope | null
}
/** A name of WITH; `null` while its query is not analysed and must not be referred to. */
export interface CteScope {
  readonly name: string
  readonly columns: Columns | null
  readonly parent: CteScope | null
}

export function scopeOf(entries: readonly RangeEntry[], parent: Scope | null, ctes: CteScope | null): Scope {
  return { entries, parent, ctes }
}

/** An entry whose columns are computed or handed on by a query. */
export function entryOf(name: string, { columns, open }: Columns, special = false): RangeEntry {
  const index = new Map(columns.map((column) => [column.name, column]))
  return { name, schemas: [], columns, index, relations: [], open, special }
}

/**
 * A column reference of one to three names, resolved as the server resolves it. Without a `place` the caller
 * records the use later: the column is only handed on. `location` is where it is written (`Objection.location`).
 */
export function reference(
  names: readonly string[],
  place: ColumnUse['place'] | null,
  scope: Scope,
  cx: Context,
  location = 0,
): readonly Column[] {
  const columns = resolve(names, location, scope, cx)
  for (const { sources } of columns)
    for (const { relation, column } of sources) cx.found.name(relation, column)
  return place === null ? columns : record(columns, place, cx)
}

function resolve(names: readonly string[], location: number, scope: Scope, cx: Context): readonly Column[] {
  const [first = '', second = '', third = ''] = names
  if (names.length === 1) return unqualified(first, location, scope, cx)
  if (names.length === 2)
    return qualified(entriesNamed(first, null, location, scope, cx), first, second, location, cx)
  if (names.length === 3)
    return qualified(entriesNamed(second, first, location, scope, cx), second, third, location, cx)
  return closed('A column reference of more than three names')
}

/**
 * The innermost level that has the column wins; else the name may be an alias and mean its whole row. That a table has the
 * column now does not make it so: it may be gone when the server reads the statement.
 */
function unqualified(name: string, location: number, scope: Scope, cx: Context): readonly Column[] {
  const { columns, open, stays } = visible(name, scope, cx)
  if (stays) return columns
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    const entries = level.entries.filter((entry) => entry.name === name)
    if (entries.length === 0) continue
    return [...columns, computedColumn(name, wholeRows(entries, cx))]
  }
  return columns.length > 0 || open ? columns : unknownColumn(`"${name}"`, location)
}

/** The columns that an unqualified name may mean: of the levels up to one that will have it, and of open entries before. */
export function visible(
  name: string,
  scope: Scope,
  cx: Context,
): Columns & {
  /** One of them is known to exist. */
  readonly certain: boolean
  /** It exists whatever becomes of the tables. */
  readonly stays: boolean
} {
  const possible: Column[] = []
  let open = false
  let certain = false
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    const { columns, maybe, open: openHere } = visibleHere(name, level, cx)
    open ||= openHere
    certain ||= columns.length > 0
    possible.push(...columns, ...maybe)
    if (level.entries.some((entry) => keeps(entry, name)))
      return { columns: possible, open, certain, stays: true }
  }
  return { columns: possible, open, certain, stays: false }
}

/** The text of the statement gives it that column. */
function keeps({ relations, special, index }: RangeEntry, name: string): boolean {
  const column = index.get(name)
  return relations.length === 0 && !special && column !== undefined && column.expanded !== true
}

/** The same at one level; `maybe` are columns of relations whose columns are not known. */
export function visibleHere(
  name: string,
  { entries }: Scope,
  cx: Context,
): Columns & { readonly maybe: readonly Column[] } {
  cx.found.budget.spend(entries.length + 1)
  const columns: Column[] = []
  const maybe: Column[] = []
  let open = false
  for (const entry of entries) {
    if (entry.special) continue
    const column = entry.index.get(name)
    if (column !== undefined) columns.push(column)
    else if (entry.open) maybe.push(...unlisted(entry, name, cx))
    open ||= entry.open
  }
  return { columns, maybe, open }
}

/** A column that an open entry may have although nobody listed it; of a function's or query's, like those listed. */
function unlisted(
  { relations: [relation], columns }: RangeEntry,
  column: string,
  cx: Context,
): readonly Column[] {
  if (relation !== undefined) return [{ name: column, sources: [{ relation, column }] }]
  return [computedColumn(column, lineagesOf(columns, cx))]
}

/** `alias.name`. What is no column would be called as a function of the whole row, so it is refused. */
function qualified(
  entries: readonly RangeEntry[],
  alias: string,
  name: string,
  location: number,
  cx: Context,
): readonly Column[] {
  const columns: Column[] = []
  for (const { index } of entries) {
    const column = index.get(name)
    if (column !== undefined) columns.push(column)
  }
  if (columns.length > 0) return columns
  if (!entries.some((entry) => entry.open)) return unknownColumn(`${alias}.${name}`, location)
  if (cx.catalogue.functions.has(name)) return closed('A function called as if it were a column')
  const called = functions.has(name) ? [computedColumn(name, wholeRows(entries, cx))] : []
  return [...called, ...entries.flatMap((entry) => unlisted(entry, name, cx))]
}

/** The entries that `alias` names at the nearest level that has any. */
export function entriesNamed(
  alias: string,
  schema: string | null,
  location: number,
  scope: Scope,
  cx: Context,
): readonly RangeEntry[] {
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    cx.found.budget.spend(level.entries.length + 1)
    const entries = level.entries.filter(
      (entry) => entry.name === alias && (schema === null || entry.schemas.includes(schema)),
    )
    if (entries.length > 0) return entries
  }
  return unknownEntry(alias, location)
}

/** Some level has an entry of that name. */
export function isEntry(alias: string, scope: Scope): boolean {
  for (let level: Scope | null = scope; level !== null; level = level.parent)
    if (level.entries.some((entry) => entry.name === alias)) return true
  return false
}

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

export function record(
  columns: readonly Column[],
  place: ColumnUse['place'],
  cx: Context,
): readonly Column[] {
  cx.found.budget.spend(columns.length)
  for (const { sources, from } of columns)
    note(from ?? sources, from === undefined ? place : (placeOfComputed[place] ?? place), cx)
  return columns
}
