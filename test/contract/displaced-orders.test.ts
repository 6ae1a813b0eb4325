import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { message, WireClient, type Gateway, type Login } from '../src/index.ts'
import { Shop } from './shop.ts'

/**
 * A number in ORDER BY counts what `*` shows, and another session may change that between the judgement and the server's
 * reading: then it means a masked column, of which the order of rows, or which of them is the first, tells.
 */

const { bind, execute, parse, sync } = message

/** `T` and `M` are a clear and a masked table of each case's own. By `M.ssn` Bob is the first, otherwise Ann is. */
const tables = `
  create table T (a int, b int, M int); insert into T values (1, 2, 3);
  create table M (pad int, ssn text, id int, name text);
  insert into M values (1, '900-00-0001', 11, 'Ann'), (2, '100-00-0002', 22, 'Bob'), (3, '500-00-0003', 33, 'Cid');
  create index on M (ssn); create table T_log (a int, b int, c int, pad int, ssn text, id int, name text);
  create sequence T_next`
const first = /Bob|22/

const drop = 'alter table T drop column b'
const add = 'alter table T add z int'
const dropNames = 'alter table T drop column M; alter table M drop column pad'
const byNumber = 'select * from T, M order by 4'

/** In the extended protocol, so many rows at most. */
interface Extended {
  readonly sql: string
  readonly rows: number
}

/** What another session changes, and what is asked behind that; what was first in the last answer tells. */
interface Attack {
  readonly change: string
  readonly asked: readonly (string | Extended)[]
}

const behind = (change: string, ...asked: Attack['asked']): Attack => ({ change, asked })

/** The columns of the answer are others than those that were judged, which is seen before a row of it is shown. */
const described: Readonly<Record<string, Attack>> = {
  'a query': behind(drop, byNumber),
  'a query behind another in one message': behind(drop, `begin; ${byNumber}`),
  'a column that was added': behind(add, 'select * from T, M order by 6'),
  'a query of the extended protocol': behind(drop, { sql: byNumber, rows: 0 }),
  'a page of a portal': behind(drop, { sql: byNumber, rows: 1 }),
  'DISTINCT ON': behind(drop, 'select distinct on (4) * from T, M'),
  'a query in FROM, all of which is shown': behind(
    drop,
    `select * from (${byNumber} limit 1) as s where name = 'Bob'`,
  ),
  'a member of WITH, all of which is shown': behind(
    drop,
    `with s as (${byNumber} limit 1) select s.* from s`,
  ),
  'one table alone': behind('alter table M drop column pad', 'select * from M order by 1 limit 1'),
  'a name that becomes a row': behind(dropNames, 'select T.*, M.ssn, M.name from T, M order by M'),
  'a cursor': behind(drop, 'begin', `declare c cursor for ${byNumber}`, 'fetch 1 from c'),
  'a cursor that lasts': behind(drop, `declare c cursor with hold for ${byNumber}`, 'fetch 1 from c'),
  EXECUTE: behind(drop, `prepare p as ${byNumber}`, 'execute p'),
  COPY: behind(drop, `copy (${byNumber}) to stdout`),
  'COPY of the extended protocol': behind(drop, { sql: `copy (${byNumber}) to stdout`, rows: 0 }),
}

/** What tells of the order is no column of the answer, or not even in it. */
const untold: Readonly<Record<string, Attack>> = {
  'a query in FROM': behind(drop, `select name from (${byNumber} limit 1) as s`),
  'a name in a query in FROM': behind(
    dropNames,
    'select s.name from (select * from T, M order by M limit 1) as s',
  ),
  'a name in GROUP BY': behind(
    'alter table M drop column name',
    'set enable_hashagg = off',
    'select ssn as name, min(id) from M group by name',
  ),
  'a value': behind(drop, `select (select s.name from (${byNumber} limit 1) as s)`),
  'a member of WITH': behind(drop, `with s as (${byNumber} limit 1) select name from s`),
  'DISTINCT ON in a query in FROM': behind(
    drop,
    'select name from (select distinct on (4) * from T, M limit 1) as s',
  ),
  'a branch of a UNION': behind(drop, `(${byNumber} limit 1) union all (${byNumber} limit 0)`),
  'a condition': behind(drop, `select 'Bob' from T where 22 = (select id from (${byNumber} limit 1) as s)`),
  'a count': behind(drop, `select 22 * count(*) from (${byNumber} limit 1) as s where name = 'Bob'`),
  'a natural join': behind(
    "alter table T add ssn text default '100-00-0002'",
    'select name from T natural join M',
  ),
  'a natural join of queries': behind(
    "alter table T add ssn text default '100-00-0002'",
    'select name from (select * from T) as s natural join (select * from M) as r',
  ),
  'an INSERT': behind(
    drop,
    `insert into T_log (id, name) select id, name from (${byNumber} limit 1) as s`,
    'select name from T_log',
  ),
  'CREATE TABLE AS': behind(
    drop,
    `create table T_copy as select name from (${byNumber} limit 1) as s`,
    'select name from T_copy',
  ),
  'a row that is locked': behind(
    drop,
    `${byNumber} limit 1 for update of M`,
    "select name from M where xmax::text <> '0'",
  ),
  'a sequence': behind(
    drop,
    "select *, setval('T_next', id) from T, M order by 4 limit 1",
    "select currval('T_next')",
  ),
  'a setting': behind(
    drop,
    "select *, set_config('application_name', name, false) from T, M order by 4 limit 1",
    'show application_name',
  ),
  'a row under a cursor': behind(
    'alter table M drop column pad',
    'set enable_sort = off; set enable_seqscan = off; set enable_bitmapscan = off',
    'begin',
    'declare c cursor for select * from M order by 1',
    'move 1 in c',
    'update M set id = 22 * id where current of c',
    'select name from M where id > 100',
  ),
}

suite('orders by number where the columns are others by then', () => {
  let shop: Shop
  let gateway: Gateway
  const attacks = Object.entries({ ...described, ...untold })

  before(async () => {
    shop = await Shop.open()
    const masked: Record<string, unknown> = {}
    for (let at = 0; at <= attacks.length; at++)
      for (const by of ['direct', 'masked']) {
        await shop.backend.run('postgres', named(tables, by, at))
        masked[named('public.M', by, at)] = { ssn: { method: 'redact', derived: 'mask' } }
      }
    gateway = await shop.door({ policies: 'masks', masked })
  })
  after(() => shop?.[Symbol.asyncDispose]())

  for (const [at, [what, attack]] of attacks.entries())
    test(`tell nothing: ${what}`, async () => {
      assert.ok(await tells(shop.direct, 'direct', at, attack), 'it does on the server itself')
      assert.ok(!(await tells(await gateway.login('alice', 'shop'), 'masked', at, attack)))
    })

  test('are what they are where the columns are those that were judged', async () => {
    const client = await WireClient.login(await gateway.login('alice', 'shop'))
    for (const each of [
      'select * from M order by 1',
      'table M order by 3 desc, 4 limit 10',
      'select T.*, name from T, M order by 4, 1',
      'select * from (select * from M order by 1 limit 2) as s order by 3',
      'with s as (select * from M order by 1) select s.*, T.a from s, T',
      'select distinct on (3) * from M order by 3',
      'select *, length(name) from M order by 1',
      'select a, count(*) from (select * from T) as s group by 1 order by 1',
      'copy (select * from M order by 1) to stdout',
      'begin; declare c cursor for select * from M order by 1; fetch all from c; move 1 in c; commit',
      'select name from (select name, id from M order by 2 limit 2) as s',
      'select name from M where id in (select a from (select * from T order by 1 limit 1) as s)',
      'select id from M order by name for update',
      'select name from (select a as id from T) as s natural join M',
      'select s.id from T natural join (select id, name from M) as s',
    ]) {
      const sql = named(each, 'masked', attacks.length)
      const { errors } = await client.query(sql)
      assert.deepEqual(errors, [], sql)
    }
    client.close()
  })

  async function tells(login: Login, by: string, at: number, { change, asked }: Attack): Promise<boolean> {
    const client = await WireClient.login(login)
    try {
      const { errors } = await client.query(named('select 1 from T, M where false', by, at))
      assert.deepEqual(errors, [])
      await shop.backend.run('postgres', named(change, by, at))
      let seen = ''
      for (const each of asked) {
        const { sql, rows } = typeof each === 'string' ? { sql: each, rows: null } : each
        const text = named(sql, by, at)
        const answer =
          rows === null
            ? await client.query(text)
            : await client.ask(parse('', text), bind({}), execute('', rows), sync)
        seen = answer.rows[0]?.join(' ') ?? answer.copied.toString().split('\n')[0] ?? ''
      }
      return first.test(seen)
    } finally {
      client.close()
    }
  }
})

/** With the names of the tables of one case. */
function named(sql: string, by: string, at: number): string {
  return sql.replaceAll(
    /\b([TM])(_[a-z]+)?\b/g,
    (_, table: string, more = '') => `${table.toLowerCase()}${more}_${by}_${at}`,
  )
}
