import type { KnownNames } from '../catalogue.ts'
import type { NameScope, Output, RelationName } from '../statement.ts'
import type { Findings } from './findings.ts'

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
