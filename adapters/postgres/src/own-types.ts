import { allowedExtensions } from './functions.ts'
import { types } from './types.ts'

/**
 * Types of the database's own that the catalogue proves plain: what reads, writes, compares and casts their values is the
 * server's own code, so that naming one runs nothing of anybody's. An enumeration, a composite type of plain types, a domain
 * without conditions over one, and a range over one whose order is the server's, and none of them with a cast or an order of somebody's own.
 */

/** One row of the query: how the type is made, and of what. */
export interface OwnType {
  readonly extension: string
  readonly oid: string
  /** Of its array; `0` for none. */
  readonly array: string
  /** See `madeOf`. */
  readonly parts: string
}

/** Instead of parts: nobody knows what its values run. */
const opaque = '?'

const server = `'pg_catalog'::pg_catalog.regnamespace`

/** A type as a part: by name where it is the server's own, else by OID. No name of the server's begins with a digit. */
const part = (oid: string): string =>
  `(select case when x.typnamespace = ${server} then x.typname::text else x.oid::text end ` +
  `from pg_catalog.pg_type x where x.oid = ${oid})`

const isServers = (table: string, column: string, oid: string): string =>
  `exists (select from pg_catalog.${table} x where x.oid = ${oid} and x.${column} = ${server})`

/** A cast or an order of somebody's own; a range comes with functions that the server itself makes and none may replace. */
const code =
  `(exists (select from pg_catalog.pg_cast k join pg_catalog.pg_proc f on f.oid = k.castfunc ` +
  `where f.pronamespace <> ${server} and not exists (select from pg_catalog.pg_depend d ` +
  `where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = f.oid and d.deptype = 'i' ` +
  `and d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass) and (k.castsource in (t.oid, t.typarray) or k.casttarget in (t.oid, t.typarray))) ` +
  `or exists (select from pg_catalog.pg_opclass o where o.opcintype in (t.oid, t.typarray)))`

const composite =
  `(select pg_catalog.string_agg(${part('a.atttypid')}, ' ') from pg_catalog.pg_attribute a ` +
  `join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind = 'c' ` +
  `where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)`

const domain =
  `(select ${part('t.typbasetype')} where not exists (select from pg_catalog.pg_constraint k ` +
  `where k.contypid = t.oid and k.contype = 'c'))`

const range =
  `(select ${part('r.rngsubtype')} from pg_catalog.pg_range r where r.rngtypid = t.oid and r.rngcanonical = 0 ` +
  `and (r.rngsubdiff = 0 or ${isServers('pg_proc', 'pronamespace', 'r.rngsubdiff')}) ` +
  `and ${isServers('pg_opclass', 'opcnamespace', 'r.rngsubopc')})`

/** The range that it belongs to. */
const multirange =
  `(select pg_catalog.string_agg(i.refobjid::text, ' ') from pg_catalog.pg_depend i where i.classid = 'pg_catalog.pg_type'::pg_catalog.regclass ` +
  `and i.objid = t.oid and i.refclassid = i.classid and i.deptype = 'i')`

/** Text of SQL over `pg_type t`: the types that its values are made of, with blanks between them, or `opaque`. */
export const madeOf: string =
  `case when ${code} then '${opaque}' else coalesce(case t.typtype when 'e' then '' when 'c' then ${composite} ` +
  `when 'd' then ${domain} when 'r' then ${range} when 'm' then ${multirange} end, '${opaque}') end`

/** Text of SQL over `pg_proc p`: the range or multirange that it puts together with the server's own code, or the empty text. */
export const constructs: string =
  `case when p.prosrc ~ '^(range_constructor[23]|multirange_constructor[012])$' and p.prolang = ` +
  `(select l.oid from pg_catalog.pg_language l where l.lanname = 'internal') then p.prorettype::text else '' end`

/** OIDs of the plain ones, without their arrays. */
export function plainTypes(own: readonly OwnType[]): ReadonlySet<string> {
  const byOid = new Map(own.flatMap((type) => [type.oid, type.array].map((oid) => [oid, type] as const)))
  const known = new Map<OwnType, boolean>()
  const isPlain = (type: OwnType): boolean => {
    const settled = known.get(type)
    if (settled !== undefined) return settled
    // Of a circle, which no server makes, nothing is proven.
    known.set(type, false)
    const plain =
      allowedExtensions.has(type.extension) || (type.parts !== opaque && partsOf(type).every(isPart))
    known.set(type, plain)
    return plain
  }
  const isPart = (name: string): boolean => {
    if (!/^\d/.test(name)) return types.has(name.replace(/^_/, ''))
    const type = byOid.get(name)
    return type !== undefined && isPlain(type)
  }
  return new Set(own.filter(isPlain).map(({ oid }) => oid))
}

function partsOf({ parts }: OwnType): readonly string[] {
  return parts.split(' ').filter((name) => name !== '')
}
