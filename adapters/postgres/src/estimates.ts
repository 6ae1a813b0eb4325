import type { RelationName } from './statement.ts'
import { keyOf } from './walk/findings.ts'

/** A constant text like those of the catalogue. Without statistics a relation has -1. */
export const estimatesQuery: string =
  `select n.nspname, c.relname, c.reltuples from pg_catalog.pg_class c ` +
  `join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'm', 'f') ` +
  `and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'`

/**
 * How many rows the target's own statistics say that its relations have, as of the last read. They change all the
 * time and are no part of what names mean, so a picture of these outlives them.
 */
export class Estimates {
  #rows: ReadonlyMap<string, number> = new Map()

  replace(rows: readonly (readonly string[])[]): void {
    this.#rows = new Map(
      rows
        .map(([schema = '', name = '', count = '-1']) => [keyOf({ schema, name }), Number(count)] as const)
        .filter(([, count]) => count >= 0),
    )
  }

  /** `null`: nobody has counted. */
  of(relation: RelationName): number | null {
    return this.#rows.get(keyOf(relation)) ?? null
  }
}
