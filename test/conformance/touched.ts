import type { Action } from '@sluice/core'
import type { Transcript } from '../src/index.ts'

/**
 * The relations that a query names, by the server's own analysis: EXPLAIN plans it and runs nothing, and what it planned
 * it has locked. Views and rules are expanded there and children of tables are looked up, which is what an action leaves
 * to the names that stand above them.
 */
export interface Touched {
  /** E.g. `public.orders`; `pg_temp` for the session's own. */
  readonly name: string
  readonly written: boolean
  /** Itself, what it is a child or a partition of, and the views and rules that show it. */
  readonly above: readonly string[]
  /** Its partitions among what was touched: planning reads the bounds of one where its parent has them, and none of its rows. */
  readonly partitions: readonly string[]
}

/** What EXPLAIN takes. FETCH and EXECUTE are judged as what they run: EXPLAIN does not take the one and takes the other. */
const queries = new Set(['sql.select', 'sql.insert', 'sql.update', 'sql.delete', 'sql.merge', 'sql.explain'])

export function isQuery(actions: readonly Action[]): boolean {
  const [action, ...more] = actions
  return action !== undefined && more.length === 0 && queries.has(action.name)
}

const nameOf = (relation: string, schema: string): string =>
  `CASE WHEN ${schema}.nspname LIKE 'pg\\_temp\\_%' THEN 'pg_temp' ELSE ${schema}.nspname END || '.' || ${relation}.relname`

/** The server's own relations have smaller ids: this query touches some of them itself. */
const held = `
  WITH RECURSIVE
    held AS (
      SELECT l.relation AS id, bool_or(l.mode NOT IN ('AccessShareLock', 'RowShareLock')) AS written
      FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
      WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.relation >= 16384
        AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND c.relnamespace <> 'information_schema'::pg_catalog.regnamespace
      GROUP BY l.relation),
    shows AS (
      SELECT inhrelid AS below, inhparent AS above FROM pg_catalog.pg_inherits
      UNION
      SELECT d.refobjid, r.ev_class FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
      WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass),
    climbed AS (
      SELECT id, id AS above FROM held
      UNION SELECT c.id, s.above FROM climbed c JOIN shows s ON s.below = c.above),
    parted AS (
      SELECT i.inhparent AS id, i.inhrelid AS below FROM pg_catalog.pg_inherits i
      JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
      UNION SELECT p.id, i.inhrelid FROM parted p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.below)
  SELECT ${nameOf('c', 'n')}, held.written,
    (SELECT pg_catalog.json_agg(${nameOf('a', 'm')}) FROM climbed
       JOIN pg_catalog.pg_class a ON a.oid = climbed.above
       JOIN pg_catalog.pg_namespace m ON m.oid = a.relnamespace WHERE climbed.id = held.id),
    (SELECT pg_catalog.json_agg(${nameOf('a', 'm')}) FROM parted JOIN held AS also ON also.id = parted.below
       JOIN pg_catalog.pg_class a ON a.oid = parted.below
       JOIN pg_catalog.pg_namespace m ON m.oid = a.relnamespace WHERE parted.id = held.id)
  FROM held JOIN pg_catalog.pg_class c ON c.oid = held.id JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`

/** They are named by arguments of functions, of which a plan tells nothing. */
const sequences = `
  SELECT ${nameOf('c', 'n')} FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'S'`

export interface Analysis {
  readonly touched: readonly Touched[]
  /** All that there are. */
  readonly sequences: ReadonlySet<string>
}

/** `null`: the server does not plan it. Nothing of it is left; the session must be in no transaction. */
export async function touchedBy(
  statement: string,
  [action]: readonly Action[],
  query: (sql: string) => Promise<Transcript>,
): Promise<Analysis | null> {
  await query('BEGIN')
  try {
    const plan = await query(isExplain(action) ? statement : `EXPLAIN ${statement}`)
    if (plan.errors.length > 0 || plan.closed) return null
    const { rows } = await query(held)
    const touched = rows.map(([name, written, above, partitions]) => ({
      name: name ?? '',
      written: written === 't',
      above: JSON.parse(above ?? '[]') as readonly string[],
      partitions: JSON.parse(partitions ?? '[]') as readonly string[],
    }))
    const named = await query(sequences)
    return { touched, sequences: new Set(named.rows.map(([name]) => name ?? '')) }
  } finally {
    await query('ROLLBACK')
  }
}

interface Named {
  readonly schema: string
  readonly name: string
  readonly access: string
}

/** Where the action says otherwise than the server: nothing that it touches or writes may be missing, nor anything added. */
export function misnamed(
  [action]: readonly Action[],
  { touched, sequences: known }: Analysis,
): readonly string[] {
  const relations = (action?.['relations'] ?? []) as unknown as readonly Named[]
  const of = (wanted: readonly Named[]): ReadonlySet<string> =>
    new Set(wanted.map(({ schema, name }) => `${schema}.${name}`))
  const named = of(relations)
  const written = of(relations.filter(({ access }) => access !== 'read'))
  const found = new Set(touched.map(({ name }) => name))
  const changed = isExplain(action) ? [] : touched.filter((each) => each.written)
  return [
    ...touched
      .filter(({ above }) => !above.some((name) => named.has(name)))
      .filter((each) => each.written || !each.partitions.some((name) => named.has(name)))
      .map(({ name }) => `the server touches ${name}, which it does not name`),
    ...changed
      .filter(({ above }) => !above.some((name) => written.has(name)))
      .map(({ name }) => `the server writes ${name}, which it takes for read`),
    ...changed
      .filter(() => action?.read_only === true)
      .map(({ name }) => `read_only, but the server writes ${name}`),
    // EXPLAIN names what its statement would make.
    ...[...(isExplain(action) ? [] : named)]
      .filter((name) => !found.has(name) && !known.has(name) && !isSystem(name) && !isShadowed(name, named))
      .map((name) => `names ${name}, which the server does not touch`),
    ...[...written]
      .filter((name) => touched.some((each) => each.name === name && !each.written))
      .map((name) => `writes ${name}, which the server only reads`),
  ]
}

/** Without ANALYZE: with it, the action is that of what runs. */
function isExplain(action: Action | undefined): boolean {
  return action?.name === 'sql.explain'
}

function isSystem(name: string): boolean {
  return /^(pg_catalog|information_schema)\./.test(name)
}

/** A temporary table may be gone by the time of the statement: then the name leads to the one of the same name behind it. */
function isShadowed(name: string, named: ReadonlySet<string>): boolean {
  return named.has(`pg_temp.${name.slice(name.indexOf('.') + 1)}`)
}
