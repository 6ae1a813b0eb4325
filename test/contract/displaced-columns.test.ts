import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { WireClient, type Gateway, type Login } from '../src/index.ts'
import { Shop } from './shop.ts'

/**
 * Columns that the catalogue has may be gone when the server reads a statement, by the transaction itself or by another
 * session: their names and their places then lead to masked ones.
 */

const ssn = '123-45-6789'
const tables = `
  create table people (id int, ssn text, name text);
  insert into people values (1, '${ssn}', 'Ann');
  alter table people add row_to_json int, add quote_literal int;
  create table mine (ssn text, people int);
  insert into mine values ('none', 1);
  create table kept (x int unique, of_row text, of_any text, of_record text, listed text); insert into kept values (1);
  create table heir () inherits (kept); insert into heir values (1);
  create domain kept_too as kept; create function x(int) returns int language sql as 'select 1';
  create function of_row(kept) returns text language sql as 'select ssn from people';
  create function of_any(anyelement, int default 1) returns text language sql as 'select ssn from people';
  create function of_record(record) returns text language plpgsql as 'begin return (select ssn from people); end';
  create function listed(kept_too) returns text language sql as 'select ssn from people'`

const byName = "select (select ssn from mine limit 1) || '' from people"
const lacksName = 'alter table mine drop column ssn'

/** Each ends in a statement that shows the value on the server itself. */
const attacks: Readonly<Record<string, readonly string[]>> = {
  'a name that leads to the query around it': ['begin', lacksName, byName],
  'the same in one message': [`begin; ${lacksName}; ${byName}`],
  'a name in a table that is made anew': [
    'begin',
    'drop table mine',
    'create table mine (x int); insert into mine values (1)',
    byName,
  ],
  'a name behind a temporary table': ['create temp table mine (x int); insert into mine values (1)', byName],
  'a name two queries further out': [
    'begin',
    lacksName,
    "select (select (select ssn from mine limit 1) from mine) || '' from people",
  ],
  'a name that becomes the row of a table beside it': [
    'begin',
    'alter table mine drop column people',
    "select people::text || '' from people, mine",
  ],
  'a name that becomes the row of a table around it': [
    'begin',
    'alter table mine drop column people',
    "select (select people from mine)::text || '' from people",
  ],
  'a name that becomes the row of its own table': [
    'begin',
    'alter table people drop column name',
    "select name::text || '' from people name",
  ],
  'a column that becomes a function of the row': [
    'begin',
    'alter table people drop column row_to_json',
    "select p.row_to_json::text || '' from people as p",
  ],
  'a column that becomes a function of one’s own': [
    'begin',
    'alter table kept drop column of_row',
    'select k.of_row from kept as k',
  ],
  'the same of a row that was to be inserted': [
    'begin',
    'alter table kept drop column of_row',
    'insert into kept (x) values (1) on conflict (x) do update set listed = excluded.of_row returning listed',
  ],
  'the same of a row that is there no more': [
    'begin',
    'alter table kept drop column of_row',
    'update kept set x = 2 returning old.of_row',
  ],
  'the same of a row that inherits': [
    'begin',
    'alter table kept drop column of_row',
    'select (h).of_row from heir as h',
  ],
  'the same of rows of any table': [
    'begin',
    'alter table kept drop column of_any',
    'select kept.of_any from kept',
  ],
  'the same of any rows': [
    'begin',
    'alter table kept drop column of_record',
    'select s.of_record from (select * from kept) as s',
  ],
  'the same of a domain over rows, that is vouched for': [
    'begin',
    'alter table kept drop column listed',
    'select k.listed from kept as k',
  ],
  'the same as a field': [
    'begin',
    'alter table people drop column quote_literal',
    "select (p).quote_literal || '' from people as p",
  ],
  'a place in a table': ['begin', 'alter table people drop column id', "select x || '' from people as p (x)"],
  'a place in a query': [
    'begin',
    lacksName,
    "select s.c || '' from (select * from mine, people) as s (a, b, c, d)",
  ],
  'a place in a member of WITH': [
    'begin',
    lacksName,
    "with s (a, b, c, d) as (select * from mine, people) select s.c || '' from s",
  ],
  'a place in a join': [
    'begin',
    lacksName,
    "select s.c || '' from (mine cross join people) as s (a, b, c, d)",
  ],
  'a place behind an alias that a place was given': [
    'begin',
    lacksName,
    "select s.c || '' from (select * from (select * from mine, people) as t) as s (a, b, c, d)",
  ],
  'a place in a table that is longer than it was': [
    'begin; alter table mine add x int',
    "select s.d || '' from (select * from mine, people) as s (x, y, z, w, d)",
    'rollback; begin; alter table mine add x int, add y int',
    "select s.f || '' from (select * from mine, people) as s (a, b, c, d, e, f)",
  ],
  'a place in a union': [
    'begin',
    'alter table people drop column id',
    'select * from people union all select null, null, null, null',
  ],
}

suite('columns that are not where they were', () => {
  let shop: Shop
  const gateways = new Map<string, Gateway>()

  before(async () => {
    shop = await Shop.open(tables)
    const settings = { functions: [{ name: 'public.listed', reads: ['public.people'] }] }
    for (const [how, mask] of Object.entries({
      refused: { method: 'redact' },
      masked: { method: 'redact', derived: 'mask' },
    })) {
      const masked = { 'public.people': { ssn: mask } }
      gateways.set(how, await shop.door({ policies: 'masks', masked, settings }))
    }
  })
  after(() => shop?.[Symbol.asyncDispose]())

  const logins = async (): Promise<readonly Login[]> =>
    Promise.all([...gateways.values()].map((gateway) => gateway.login('alice', 'shop')))

  for (const [what, statements] of Object.entries(attacks))
    test(`show nothing: ${what}`, async () => {
      assert.ok(await shows(shop.direct, statements), 'it does on the server itself')
      for (const login of await logins()) assert.ok(!(await shows(login, statements)))
    })

  test('show nothing when another session has them gone', async () => {
    for (const login of [shop.direct, ...(await logins())]) {
      const client = await WireClient.login(login)
      const asked = client.query(`select pg_sleep(1); ${byName}`)
      await shop.backend.run('postgres', `select pg_sleep(0.3); ${lacksName}`)
      const { text } = await asked
      assert.equal(text.includes(ssn), login.port === shop.direct.port)
      client.close()
      await shop.backend.run('postgres', 'drop table mine; create table mine (ssn text, people int)')
      await shop.backend.run('postgres', "insert into mine values ('none', 1)")
    }
  })

  test('are refused with what to write instead', async () => {
    const gateway = gateways.get('refused') ?? assert.fail()
    const client = await WireClient.login(await gateway.login('alice', 'shop'))
    for (const [sql, way] of [
      [byName, /Write the table before each name: .* people\.ssn, which is masked\./],
      [
        "select x || '' from people as p (x, y, z)",
        /Write the columns for \* .* people\.ssn, which is masked\./,
      ],
      [
        "select p.row_to_json::text || '' from people as p",
        /without its table: .* function of the row, .* people\.ssn, which is masked\./,
      ],
      ['select id from (select * from people order by 1) as s', /Write the columns for \* and for numbers/],
      ["select ssn || '' from people", /people\.ssn is masked: it .* It can be selected/],
      ["select y || '' from people as p (x, y)", /people\.ssn is masked: it .* It can be selected/],
      ["copy people to stdout (null '')", /COPY under masks takes FORMAT.* leave NULL as it is\./],
    ] as const) {
      const { errors } = await client.query(sql)
      assert.match(errors[0]?.message ?? '', way, sql)
    }
    client.close()
  })

  test('are what they are where a table is named, or none of them is masked', async () => {
    for (const login of await logins()) {
      const client = await WireClient.login(login)
      for (const sql of [
        "select (select mine.ssn from mine limit 1) || '' from people",
        'select a || b from (select * from mine) as s (a, b), (select id from people) as p',
        "select (select ssn from mine limit 1) || '' from (select id from people) as p",
        'select k.x + 1 from kept as k limit 1',
        'select p.id + 1 from people as p where exists (select 1 from mine where people = 1)',
      ]) {
        const { errors, rows } = await client.query(sql)
        assert.deepEqual([errors, rows.length], [[], 1], sql)
      }
      client.close()
    }
  })
})

async function shows(login: Login, statements: readonly string[]): Promise<boolean> {
  const client = await WireClient.login(login)
  try {
    let text = ''
    for (const sql of statements) text = (await client.query(sql)).text
    return text.includes(ssn)
  } finally {
    client.close()
  }
}
