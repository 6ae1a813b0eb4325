import type { CatalogueRelation, Installed } from '../catalogue.ts'
import { takesRows } from '../functions.ts'
import type { ColumnUse } from '../statement.ts'
import { placeOf, rowsOf } from './call.ts'
import { keyOf } from './findings.ts'
import { callable, isVouched } from './function.ts'
import { computedColumn, doubtfulColumn, lineagesOf, note, record, union, wholeRows } from './lineage.ts'
import { closed, unknownColumn, unknownEntry, unreachableEntry } from './objection.ts'
import { candidates } from './path.ts'
import type { Column, Columns, Context, RangeEntry, Scope } from './scope.ts'

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
  const meant = [...columns]
  for (let level: Scope | null = stays ? null : scope; level !== null; level = level.parent) {
    const entries = level.entries.filter((entry) => entry.name === name)
    if (entries.length === 0) continue
    meant.push(computedColumn(name, wholeRows(entries, cx)))
    break
  }
  if (meant.length === 0 && !open) return unknownColumn(`"${name}"`, location)
  const [now, ...later] = meant
  return now === undefined ? meant : [now, ...later.map((column) => doubtfulColumn(column, 'name'))]
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

/**
 * `alias.name`. What is no column is called as a function of the whole row, so it is refused; what is one now may be gone
 * when the server reads the statement, and is taken for both.
 */
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
  if (columns.length > 0 && entries.some((entry) => keeps(entry, name))) return columns
  const called = calledOf(entries, alias, name, cx)
  if (columns.length > 0) return [...columns, ...called.map((column) => doubtfulColumn(column, 'call'))]
  if (!entries.some((entry) => entry.open)) return unknownColumn(`${alias}.${name}`, location)
  if (cx.catalogue.functions.has(name)) return closed('A function called as if it were a column')
  return [...called, ...entries.flatMap((entry) => unlisted(entry, name, cx))]
}

/** What `alias.name` is where it calls the function of that name on the row. One of the database's own must be vouched for. */
function calledOf(
  entries: readonly RangeEntry[],
  alias: string,
  name: string,
  cx: Context,
): readonly Column[] {
  const own = cx.catalogue.functions.get(name)
  if (!takesRows.has(name) && own === undefined) return []
  const rows = wholeRows(entries, cx)
  const takers = candidates(own, cx).filter((each) => mayTake(each, entries, cx))
  if (!takers.every(isVouched)) closed(`${alias}.${name}, which may come to call the function ${name},`)
  if (takers.every(({ trusted }) => trusted)) return [computedColumn(name, rows)]
  const called = callable([name], cx)
  cx.found.functions.add(called.name)
  note(rows, placeOf(called), cx)
  return [computedColumn(name, union([rows, rowsOf(called, cx)], cx))]
}

/** Given a row of one of them and nothing else. */
function mayTake({ ofRows = [] }: Installed, entries: readonly RangeEntry[], cx: Context): boolean {
  const isOf = (relation: CatalogueRelation | undefined): boolean =>
    relation === undefined ||
    ofRows.includes(relation.oid) ||
    relation.parents.some((oid) => isOf(cx.catalogue.byOid.get(oid)))
  if (ofRows.length === 0) return false
  // Rows of a query are of no table; those of EXCLUDED are, and it is not said of which.
  const rowsOfTables = entries.flatMap(({ relations, special }) =>
    relations.length === 0 && special
      ? [undefined]
      : relations.map((name) => cx.catalogue.relations.get(keyOf(name))),
  )
  return ofRows.includes(0) || rowsOfTables.some(isOf)
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
  const hidden = hiddenEntry(alias, schema, scope, cx)
  return hidden === undefined ? unknownEntry(alias, location) : unreachableEntry(alias, hidden.name, location)
}

/** The table of that name, by another name in the query; or what has that name and is of another schema. */
function hiddenEntry(
  table: string,
  schema: string | null,
  scope: Scope,
  cx: Context,
): RangeEntry | undefined {
  const path = cx.names.searchPaths.flat()
  const isMeant = ({ name, relations: [relation], special }: RangeEntry): boolean => {
    if (special) return false
    if (name === table) return true
    if (relation?.name !== table) return false
    return schema === null ? path.includes(relation.schema) : relation.schema === schema
  }
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    const entry = level.entries.find(isMeant)
    if (entry !== undefined) return entry
  }
  return undefined
}

/** Some level has an entry of that name. */
export function isEntry(alias: string, scope: Scope): boolean {
  for (let level: Scope | null = scope; level !== null; level = level.parent)
    if (level.entries.some((entry) => entry.name === alias)) return true
  return false
}
