/** What is asked of a server to know `CatalogueRelation.runsCode`; `c` is the row of pg_class. */

/** An index or a partition key whose order somebody else wrote: the planner may go by it, whatever operator is asked for. */
const ordersByCode =
  `exists (select from pg_catalog.pg_opclass o where o.opcnamespace <> 'pg_catalog'::pg_catalog.regnamespace ` +
  `and (exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and o.oid = any (i.indclass)) ` +
  `or exists (select from pg_catalog.pg_partitioned_table p where p.partrelid = c.oid and o.oid = any (p.partclass))))`

/**
 * An index, a condition, statistics or a partition key of it call a function that the server does not bring: the planner
 * calculates beforehand what is constant in them, whatever is asked of the table.
 */
const plansByCode =
  `c.oid in (select coalesce(i.indrelid, k.conrelid, s.stxrelid, d.objid) from pg_catalog.pg_depend d ` +
  `left join pg_catalog.pg_index i on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and i.indexrelid = d.objid ` +
  `left join pg_catalog.pg_constraint k on d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and k.oid = d.objid ` +
  `left join pg_catalog.pg_statistic_ext s on d.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass and s.oid = d.objid ` +
  `where d.refclassid in ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass) ` +
  `and d.classid in ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_constraint'::pg_catalog.regclass, ` +
  `'pg_catalog.pg_statistic_ext'::pg_catalog.regclass))`

/** The server's own tables, and what has no rows of its own, are kept as 0 or as a heap (2). */
export const runsCode: string =
  `c.relrowsecurity or c.relam not in (0, 2) or ${ordersByCode} or ${plansByCode} ` +
  `or exists (select from pg_catalog.pg_attribute a ` +
  `join pg_catalog.pg_type t on t.oid = a.atttypid where a.attrelid = c.oid and a.attnum > 0 ` +
  `and not a.attisdropped and t.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace)`
