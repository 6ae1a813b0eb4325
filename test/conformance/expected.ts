/** A statement that is answered otherwise through the gateway, and why that is right, or known and not right yet. */
export interface Expected {
  readonly test: string
  /** How the statement begins. */
  readonly statement: string
  readonly reason: string
  /** It depends on chance: no entry that nothing needs when it does not happen. */
  readonly sometimes?: true
}

const place =
  'Temporary schemas are numbered by the place of a session among those of its server, where the gateway has some of its own.'

const inlined =
  'The view calls a function in SQL, which the server plans as a part of the query: what it reads is not in the name of the view.'

/** Everything else that differs fails the run; so does, in a whole run, an entry that nothing needs any more. */
export const expected: readonly Expected[] = [
  {
    test: 'create_index',
    statement: 'SELECT pg_my_temp_schema()::regnamespace as temp_schema_name',
    reason: place,
    sometimes: true,
  },
  {
    test: 'create_index',
    statement: 'SELECT b.relname, b.relkind, CASE WHEN a.relfilenode = b.relfilenode',
    reason: `${place} REINDEX SCHEMA before it names the schema of the first server.`,
    sometimes: true,
  },
  {
    test: 'portals',
    statement: 'fetch all from c;',
    reason:
      'DECLARE of this cursor calls a function of the test, is refused and run by the back door: the gateway knows the cursor of that name before it.',
  },
  {
    test: 'merge',
    statement: 'MERGE INTO target t USING source AS s ON t.tid = s.sid WHEN NOT MATCHED THEN DO NOTHING',
    reason: 'The server locks the target of any MERGE as for writing. This one does nothing in any case.',
  },
  {
    test: 'partition_prune',
    statement: 'explain (analyze, costs off, summary off, timing off) update ab_a1',
    reason: 'It tells how many pages were in the cache, which depends on what else the server did.',
    sometimes: true,
  },
  {
    test: 'rules',
    statement: 'select * from rtest_vview5',
    reason: inlined,
  },
  {
    test: 'rules',
    statement: 'insert into rtest_view4 select * from rtest_vview5',
    reason: inlined,
  },
  {
    test: 'update',
    statement: "UPDATE range_parted set a = 'b', c = 1",
    reason:
      'A policy of its rows, made by CREATE POLICY, reads another table, which no name in the statement says.',
  },
]
