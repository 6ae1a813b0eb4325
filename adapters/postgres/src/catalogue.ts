import { createHash } from 'node:crypto'
import type { Attribute, KnownTypes } from './column-mask.ts'
import type { RelationName } from './statement.ts'
import { keyOf } from './walk/findings.ts'
import type { Column } from './walk/scope.ts'
import { Estimates, estimatesQuery } from './estimates.ts'
import { allowedExtensions } from './functions.ts'
import type { OwnFunction } from './own-functions.ts'
import { constructs, madeOf, plainTypes } from './own-types.ts'
import { runsCode } from './runs-code.ts'
import { isSystemRelation, showsStatements } from './system-relations.ts'
import { ownElement, valueTypes } from './types.ts'
import { sqlLimits } from './limits.ts'

/**
 * `pg_class.relkind` as far as it matters: `table` keeps its own rows (partitioned ones included), `derived` shows
 * another relation's rows (view, materialised view, foreign table).
 */
export type RelationKind = 'table' | 'derived' | 'sequence'

export interface CatalogueRelation {
  readonly oid: number
  readonly name: RelationName
  readonly kind: RelationKind
  /** Reading it may run functions of anybody's: of a policy of its rows, a type of a column, its access method, an index. */
  readonly runsCode: boolean
  readonly columns: readonly Column[]
  /** By name, system columns included. */
  readonly index: ReadonlyMap<string, Column>
  readonly attnums: ReadonlyMap<string, number>
  readonly attributes: ReadonlyMap<string, Attribute>
  /** Relations whose rows include this one's (inheritance, partitioning), and the other way round. */
  readonly parents: readonly number[]
  readonly children: readonly number[]
}

/** What is installed under one unqualified name, outside pg_catalog and information_schema. */
export interface Installed {
  readonly schema: string
  /** It belongs to an extension whose functions, operators and types are all harmless, or is proven to be so. */
  readonly trusted: boolean
  /** What its operator says that it does. */
  readonly own?: OwnFunction
  /** OIDs of the tables of which it takes a row, where it may be given nothing else; 0 for any table. */
  readonly ofRows?: readonly number[]
}

/** What a statement is analysed with: it is asked by name alone, so that another thread can ask too. */
export interface KnownNames {
  readonly relations: Pick<ReadonlyMap<string, CatalogueRelation>, 'get' | 'has'>
  readonly byOid: Pick<ReadonlyMap<number, CatalogueRelation>, 'get'>
  readonly functions: Pick<ReadonlyMap<string, readonly Installed[]>, 'get' | 'has'>
  readonly operators: Pick<ReadonlyMap<string, readonly Installed[]>, 'get'>
  readonly types: Pick<ReadonlyMap<string, readonly Installed[]>, 'get'>
  /** Names of fields of composite types that no function and no type has, so that `(value).name` calls and casts nothing. */
  readonly fields: Pick<ReadonlySet<string>, 'has'>
}

/**
 * A consistent picture of a target's names. Immutable but for its estimates; a refresh makes a new one, or keeps this
 * if nothing changed.
 */
export interface Catalogue extends KnownNames {
  /** SHA-256 over everything that it was read from. */
  readonly digest: string
  readonly relations: ReadonlyMap<string, CatalogueRelation>
  readonly byOid: ReadonlyMap<number, CatalogueRelation>
  readonly functions: ReadonlyMap<string, readonly Installed[]>
  readonly operators: ReadonlyMap<string, readonly Installed[]>
  readonly types: ReadonlyMap<string, readonly Installed[]>
  readonly fields: ReadonlySet<string>
  /** OIDs of what `types` lists, their arrays included, whose values are read without running anybody's code. */
  readonly readable: ReadonlySet<number>
  /** Of what `types` lists: those of which a mask can make another value, their arrays included. */
  readonly maskable: KnownTypes
  /** OIDs of relations whose answers carry their own columns: plain tables and the listed system relations. */
  readonly plain: ReadonlySet<number>
  readonly estimates: Estimates
}

/** The rows of the queries below, as text. */
export interface CatalogueRows {
  readonly relations: readonly (readonly string[])[]
  readonly columns: readonly (readonly string[])[]
  readonly inherits: readonly (readonly string[])[]
  readonly functions: readonly (readonly string[])[]
  readonly operators: readonly (readonly string[])[]
  readonly types: readonly (readonly string[])[]
  readonly fields: readonly (readonly string[])[]
}

const foreign = `n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'`
const ours = `n.nspname !~ '^pg_(toast|temp)'`
const extensionOf = (catalogue: string, object: string): string =>
  `left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.${catalogue}'::pg_catalog.regclass ` +
  `and d.objid = ${object}.oid and d.objsubid = 0 and d.deptype = 'e' ` +
  `left join pg_catalog.pg_extension e on e.oid = d.refobjid`

/** What a type is in an answer, and whether it admits NULL: a domain is its base type there. */
const baseTypes =
  `with recursive base (oid, type, required) as (` +
  `select oid, oid, false from pg_catalog.pg_type where typtype <> 'd' union all ` +
  `select d.oid, b.type, b.required or d.typnotnull from pg_catalog.pg_type d ` +
  `join base b on b.oid = d.typbasetype where d.typtype = 'd') `

/** An operator runs the very code of the server’s own operator of that name, though on other types. */
const runsServers = (operator: string): string =>
  `exists (select from pg_catalog.pg_proc f join pg_catalog.pg_language l on l.oid = f.prolang and l.lanname = 'internal' ` +
  `join pg_catalog.pg_proc g on g.prosrc = f.prosrc and g.prolang = f.prolang ` +
  `join pg_catalog.pg_operator s on s.oprcode = g.oid and s.oprname = ${operator}.oprname ` +
  `and s.oprnamespace = 'pg_catalog'::pg_catalog.regnamespace where f.oid = ${operator}.oprcode)`

/** And so do those that the planner may put in its place: its negator, its commutator and what an order or a hash of its own runs. */
const isAlike =
  `${runsServers('o')} and not exists (select from pg_catalog.pg_operator p where p.oid in (o.oprnegate, o.oprcom) ` +
  `and not ${runsServers('p')}) ` +
  `and not exists (select from pg_catalog.pg_amop m join pg_catalog.pg_opfamily y on y.oid = m.amopfamily ` +
  `where m.amopopr = o.oid and y.opfnamespace <> 'pg_catalog'::pg_catalog.regnamespace) ` +
  `and not exists (select from pg_catalog.pg_proc f where f.oid in (o.oprrest, o.oprjoin) ` +
  `and f.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace)`

/** See `Installed.ofRows`: what a row of any table may become, by a cast of somebody's own too, is a 0. */
const takesRowsOf =
  `coalesce(pg_catalog.string_agg(distinct (select case when t.typtype = 'c' ` +
  `and t.oid not in (select c.reloftype from pg_catalog.pg_class c) then t.typrelid::text else '0' end ` +
  `from pg_catalog.pg_type t left join pg_catalog.pg_type b on b.oid = t.typbasetype ` +
  `where t.oid = p.proargtypes[0] and p.pronargs - p.pronargdefaults <= 1 ` +
  `and (t.typtype in ('c', 'p') or b.typtype in ('c', 'd') ` +
  `or t.oid in (select k.casttarget from pg_catalog.pg_cast k join pg_catalog.pg_type s ` +
  `on s.oid = k.castsource and s.typtype = 'c' where k.castcontext = 'i'))), ' '), '')`

/** Constant texts: what the gateway itself asks of a target, on a connection of its own. */
export const catalogueQueries: { readonly [K in keyof CatalogueRows]: string } = {
  relations:
    `select c.oid, n.nspname, c.relname, c.relkind, ${runsCode} from pg_catalog.pg_class c ` +
    `join pg_catalog.pg_namespace n on n.oid = c.relnamespace ` +
    `where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and ${ours} order by c.oid`,
  columns:
    baseTypes +
    `select a.attrelid, a.attnum, a.attname, coalesce(b.type, 0), a.attnotnull or coalesce(b.required, false) ` +
    `from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid ` +
    `join pg_catalog.pg_namespace n on n.oid = c.relnamespace left join base b on b.oid = a.atttypid ` +
    `where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and a.attnum > 0 and not a.attisdropped and ${ours} ` +
    `order by a.attrelid, a.attnum limit ${String(sqlLimits.catalogueRowsMax + 1)}`,
  inherits: `select inhrelid, inhparent from pg_catalog.pg_inherits order by inhrelid, inhseqno`,
  functions:
    `select n.nspname, p.proname, coalesce(e.extname, ''), ${constructs}, ${takesRowsOf} from pg_catalog.pg_proc p ` +
    `join pg_catalog.pg_namespace n on n.oid = p.pronamespace ${extensionOf('pg_proc', 'p')} ` +
    `where ${foreign} group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
  operators:
    `select distinct n.nspname, o.oprname, coalesce(e.extname, ''), ${isAlike} from pg_catalog.pg_operator o ` +
    `join pg_catalog.pg_namespace n on n.oid = o.oprnamespace ${extensionOf('pg_operator', 'o')} ` +
    `where ${foreign} order by 1, 2, 3, 4`,
  types:
    `select n.nspname, t.typname, coalesce(e.extname, ''), t.typtype, t.oid, t.typarray, ${madeOf} from pg_catalog.pg_type t ` +
    `join pg_catalog.pg_namespace n on n.oid = t.typnamespace ${extensionOf('pg_type', 't')} ` +
    `where ${foreign} and t.typelem = 0 order by 1, 2`,
  fields:
    `select distinct a.attname from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid ` +
    `where c.relkind = 'c' and a.attnum > 0 and not a.attisdropped ` +
    `and not exists (select from pg_catalog.pg_proc p where p.proname = a.attname) ` +
    `and not exists (select from pg_catalog.pg_type t where t.typname = a.attname) order by 1`,
}

/**
 * Reads a target's names. `query` answers one statement with its rows as text. With the `previous` picture an
 * unchanged one is returned as it is, so that everything analysed with it stays valid.
 */
export async function loadCatalogue(
  query: (sql: string) => Promise<string[][]>,
  previous?: Catalogue,
  own: readonly OwnFunction[] = [],
): Promise<Catalogue> {
  const rows: CatalogueRows = {
    relations: await query(catalogueQueries.relations),
    columns: await query(catalogueQueries.columns),
    inherits: await query(catalogueQueries.inherits),
    functions: await query(catalogueQueries.functions),
    operators: await query(catalogueQueries.operators),
    types: await query(catalogueQueries.types),
    fields: await query(catalogueQueries.fields),
  }
  if (rows.columns.length > sqlLimits.catalogueRowsMax) {
    throw new Error(`the catalogue has more than ${String(sqlLimits.catalogueRowsMax)} columns`)
  }
  const hash = digestOf(rows, own)
  const catalogue = previous?.digest === hash ? previous : catalogueOf(rows, own, hash)
  catalogue.estimates.replace(await query(estimatesQuery))
  return catalogue
}

function digestOf(rows: CatalogueRows, own: readonly OwnFunction[]): string {
  const hash = createHash('sha256').update(JSON.stringify(own))
  for (const [name, list] of Object.entries(rows)) {
    hash.update(name)
    for (const row of list) hash.update(JSON.stringify(row))
  }
  return hash.digest('hex')
}

/** Pure half of `loadCatalogue`. */
export function catalogueOf(
  rows: CatalogueRows,
  own: readonly OwnFunction[] = [],
  digest: string = digestOf(rows, own),
): Catalogue {
  const columns = Map.groupBy(rows.columns, ([oid = '']) => oid)
  const parents = Map.groupBy(rows.inherits, ([child = '']) => child)
  const children = Map.groupBy(rows.inherits, ([, parent = '']) => parent)
  const plain = plainTypes(
    rows.types.map(([, , extension = '', , oid = '', array = '', parts = '?']) => ({
      extension,
      oid,
      array,
      parts,
    })),
  )
  const list = rows.relations.map(
    ([oid = '', schema = '', name = '', relkind = '', code = 'f']): CatalogueRelation => {
      const relation = { schema, name }
      const own = columns.get(oid) ?? []
      const named = own.map(([, , column = '']) => columnOf(relation, column))
      return {
        oid: Number(oid),
        name: relation,
        kind: kindOf(relkind),
        runsCode: code !== 'f',
        columns: named,
        index: new Map([...systemColumns(relation), ...named].map((column) => [column.name, column])),
        attnums: new Map(own.map(([, attnum = '', column = '']) => [column, Number(attnum)])),
        attributes: new Map(
          own.map(([, , column = '', type = '0', notNull = 'f']) => [
            column,
            { type: Number(type), notNull: notNull === 't' },
          ]),
        ),
        parents: (parents.get(oid) ?? []).map(([, parent = '']) => Number(parent)),
        children: (children.get(oid) ?? []).map(([child = '']) => Number(child)),
      }
    },
  )
  return {
    digest,
    relations: new Map(list.map((relation) => [keyOf(relation.name), relation])),
    byOid: new Map(list.map((relation) => [relation.oid, relation])),
    functions: vouched(
      installed(
        rows.functions,
        ([, , , range = '']) => plain.has(range),
        ([, , , , tables = '']) => (tables === '' ? {} : { ofRows: tables.split(' ').map(Number) }),
      ),
      own,
    ),
    operators: installed(rows.operators, ([, , , alike]) => alike === 't'),
    types: installed(rows.types, ([, , , , oid = '']) => plain.has(oid)),
    fields: new Set(rows.fields.flat()),
    readable: readableTypes(rows.types, plain),
    maskable: maskableTypes(rows.types),
    plain: new Set(list.filter(isPlain).map((relation) => relation.oid)),
    estimates: new Estimates(),
  }
}

function kindOf(relkind: string): RelationKind {
  if (relkind === 'r' || relkind === 'p') return 'table'
  return relkind === 'S' ? 'sequence' : 'derived'
}

function columnOf(relation: RelationName, column: string): Column {
  return { name: column, sources: [{ relation, column }] }
}

function systemColumns(relation: RelationName): readonly Column[] {
  return ['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid'].map((name) => columnOf(relation, name))
}

function isPlain(relation: CatalogueRelation): boolean {
  return isSystemRelation(relation.name) || !isDerived(relation)
}

/** Shows what another name may protect: view, foreign table, partition or inheritance child, texts of statements. */
export function isDerived(relation: CatalogueRelation): boolean {
  if (relation.name.schema === 'pg_catalog' || relation.name.schema === 'information_schema')
    return showsStatements(relation.name)
  return relation.kind === 'derived' || relation.parents.length > 0
}

function readableTypes(rows: CatalogueRows['types'], plain: ReadonlySet<string>): ReadonlySet<number> {
  const readable = rows.filter(([, , , , oid = '']) => plain.has(oid))
  return new Set(readable.flatMap(([, , , , oid = '0', array = '0']) => [Number(oid), Number(array)]))
}

function maskableTypes(rows: CatalogueRows['types']): KnownTypes {
  return new Map(
    rows.flatMap(([, name = '', extension = '', typtype = '', oid = '0', array = '0']) => {
      const element = ownElement(extension, name, typtype)
      return element === undefined ? [] : valueTypes(element, Number(oid), Number(array))
    }),
  )
}

/** Of functions that the database does not have nobody speaks. */
function vouched(found: Catalogue['functions'], own: readonly OwnFunction[]): Catalogue['functions'] {
  if (own.length === 0) return found
  const named = Map.groupBy(own, ({ name }) => name)
  return new Map(
    [...found].map(([name, list]) => {
      const spoken = named.get(name) ?? []
      return [
        name,
        list.map((entry) => {
          const said = spoken.find(({ schema }) => schema === entry.schema)
          return said === undefined ? entry : { ...entry, own: said }
        }),
      ]
    }),
  )
}

/** `isProven`: of a row, that it is harmless whatever extension it belongs to; `more`: what else it says. */
function installed(
  rows: readonly (readonly string[])[],
  isProven: (row: readonly string[]) => boolean,
  more: (row: readonly string[]) => Pick<Installed, 'ofRows'> = () => ({}),
): Catalogue['functions'] {
  const byName = Map.groupBy(rows, ([, name = '']) => name)
  return new Map(
    [...byName].map(([name, list]) => [
      name,
      list.map((row) => {
        const [schema = '', , extension = ''] = row
        return { schema, trusted: allowedExtensions.has(extension) || isProven(row), ...more(row) }
      }),
    ]),
  )
}
