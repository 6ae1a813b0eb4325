import { before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { loadModule, parseSync } from 'libpg-query'
import { type Json, type Refusal } from '@sluice/core'
import { catalogueOf, type Catalogue, type CatalogueRows } from './catalogue.ts'
import { actions, normalise } from './normalise.ts'
import type { Analysis, NameScope, SessionEffect, Statement } from './statement.ts'
import { sqlLimits } from './limits.ts'

const tables: readonly (readonly [name: string, relkind: string, columns: string])[] = [
  ['public.customers', 'r', 'id name email ssn card notes'],
  ['public.orders', 'r', 'id customer_id total note'],
  ['public.people', 'p', 'id ssn'],
  ['public.people_north', 'r', 'id ssn'],
  ['public.cards', 'v', 'id card'],
  ['public.order_numbers', 'S', 'last_value'],
  ['public.items', 'r', 'id embedding'],
  ['app.customers', 'r', 'id ssn'],
  ['app.events', 'r', 'id at'],
  ['pg_catalog.pg_class', 'r', 'oid relname relnamespace'],
  ['pg_catalog.pg_namespace', 'r', 'oid nspname'],
  ['pg_catalog.pg_stats', 'v', 'tablename most_common_vals'],
  ['pg_catalog.pg_settings', 'v', 'name setting'],
  ['pg_catalog.pg_authid', 'r', 'oid rolpassword'],
  ['pg_catalog.pg_cursors', 'v', 'name statement'],
  ['information_schema.tables', 'v', 'table_name table_schema'],
  ['information_schema.user_mapping_options', 'v', 'option_value'],
]

/** OID of the type of the columns of that name: whole numbers, sums, texts, and one of an extension. */
function typeOf(column: string): string {
  if (column === 'total') return '1700'
  if (column === 'embedding') return '16400'
  return column.endsWith('id') ? '23' : '25'
}

function catalogueWith(more: Partial<CatalogueRows> = {}): Catalogue {
  const named = tables.map(([name, relkind, columns], at) => {
    const [schema = '', relation = ''] = name.split('.')
    return { oid: String(1000 + at), schema, relation, relkind, columns: columns.split(' ') }
  })
  return catalogueOf({
    relations: named.map(({ oid, schema, relation, relkind }) => [oid, schema, relation, relkind]),
    columns: named.flatMap(({ oid, columns }) =>
      columns.map((column, at) => [oid, String(at + 1), column, typeOf(column)]),
    ),
    inherits: [['1003', '1002']],
    functions: [
      ['public', 'evil', ''],
      ['public', 'l2_distance', 'vector'],
      ['app', 'lower', ''],
    ],
    operators: [
      ['public', '<=>', 'vector'],
      ['public', '<==>', 'vector'],
      ['public', '%%%', ''],
      ['app', '=', ''],
    ],
    types: [
      ['public', 'mood', '', 'e', '20000', '20001', ''],
      ['public', 'vector', 'vector', 'b', '20002', '20003', '?'],
      ['public', 'address', '', 'c', '20004', '20005', 'text 20006'],
      ['public', 'opaque', '', 'd', '20006', '20007', '?'],
      ['public', 'place', '', 'c', '20008', '20009', 'text _float8 20001 20002'],
      ['app', 'text', '', 'e', '20010', '20011', ''],
    ],
    fields: [['street']],
    ...more,
  })
}

const catalogue = catalogueWith()
const inPublic: NameScope = { searchPaths: [['public']], tempTables: new Set(), schemas: ['public'] }

const analysed = (sql: string, names: Partial<NameScope> = {}): Analysis =>
  normalise(parseSync(sql), { ...inPublic, ...names }, catalogue)

function statementsOf(sql: string, names: Partial<NameScope> = {}): readonly Statement[] {
  const { statements, objection } = analysed(sql, names)
  assert.equal(objection, null, `${sql}: ${objection?.message}`)
  return statements
}

function only(sql: string, names: Partial<NameScope> = {}): Statement {
  const [statement, ...more] = statementsOf(sql, names)
  assert.ok(statement !== undefined && more.length === 0, sql)
  return statement
}

function objectionTo(sql: string, names: Partial<NameScope> = {}): Refusal {
  const { objection } = analysed(sql, names)
  assert.ok(objection !== null, `not refused: ${sql}`)
  return objection
}

const allPlaces = ['output', 'derived', 'equality', 'presence', 'predicate', 'moved', 'elsewhere'] as const

/** `output: id name | derived: ssn`, each list sorted; `customers` need not be said. */
function shown({ uses }: Statement): string {
  const at = (place: string): readonly string[] =>
    uses
      .filter((use) => use.place === place)
      .map(({ relation, column }) => (relation.name === 'customers' ? column : `${relation.name}.${column}`))
  return allPlaces
    .map((place) => [place, at(place)] as const)
    .filter(([, list]) => list.length > 0)
    .map(([place, list]) => `${place}: ${list.toSorted((one, other) => one.localeCompare(other)).join(' ')}`)
    .join(' | ')
}

const hash = (sql: string): string => only(sql).action['template_hash'] as string

const derived = (sql: string): readonly string[] => only(sql).derived.map(({ name }) => name)

const bodyOf = (effect: SessionEffect): Statement => {
  assert.ok(effect.kind === 'prepare' || effect.kind === 'declare')
  return effect.body
}

const touched = (sql: string, ...searchPaths: string[][]): string =>
  only(sql, { searchPaths })
    .touched.map(({ schema, name }) => `${schema}.${name}`)
    .join()

const rest = 'email id name notes'

/** Where each column of `customers` is used. */
const places: readonly (readonly [sql: string, uses: string])[] = [
  // Plain output columns keep their origin.
  ['select ssn from customers', 'output: ssn'],
  ['select c.ssn as x, name from customers c', 'output: name ssn'],
  ['select public.customers.ssn from public.customers', 'output: ssn'],
  ['select * from customers', `output: card ${rest} ssn`],
  ['select c.* from customers as c (a, b)', `output: card ${rest} ssn`],
  // By the time that the server counts them another may stand there.
  ['select c.b from customers as c (a, b)', `output: card ${rest} ssn`],
  ['table customers', `output: card ${rest} ssn`],
  ['select ctid, xmin from customers', 'output: ctid xmin'],
  ['select s.x from (select ssn as x from customers) s', 'output: ssn'],
  ['select * from (select ssn, id from customers) s', 'output: id ssn'],
  ['select y from (select ssn, id from customers) as s (y)', 'output: ssn'],
  ['with w as (select ssn from customers) select ssn from w', 'output: ssn'],
  ['with w (x) as (select ssn from customers) select x from w', 'output: ssn'],
  ['with recursive w as (select ssn from customers) select ssn from w', 'output: ssn'],
  ['select s.x from orders o, lateral (select c.ssn as x from customers c) s', 'output: ssn'],
  [
    'select j.b from (orders cross join (select id, name from customers) c) as j (a, b)',
    'output: id name orders.customer_id orders.id orders.note orders.total',
  ],
  ['select s.b from (select id, name from customers) as s (a, b)', 'output: name'],
  [
    'select name from customers c where exists (select note from orders where id > 1)',
    'output: name | predicate: id orders.id',
  ],
  ['select ssn from customers for update', 'output: ssn'],
  ['select id from (select id, ssn from customers) s', 'output: id'],
  ['select count(*) from (select ssn from customers) s', ''],
  ['select exists (select ssn from customers)', ''],
  ['delete from customers where id = 1 returning ssn', 'output: ssn | equality: id'],
  ['update customers set name = $1 where id = $2 returning *', `output: card ${rest} ssn | equality: id`],
  [
    'update customers set name = $1 where id = $2 returning old.ssn, new.name',
    'output: name ssn | equality: id',
  ],
  ['insert into customers (id, ssn) values (1, $1) returning ssn', 'output: ssn'],
  [
    'with gone as (delete from customers where id = 1 returning ssn) select ssn from gone',
    'output: ssn | equality: id',
  ],

  // Comparisons with constants.
  ["select id from customers where ssn = '1'", 'output: id | equality: ssn'],
  ['select id from customers where $1 = ssn', 'output: id | equality: ssn'],
  ["select id from customers where ssn = '1'::text", 'output: id | equality: ssn'],
  ['select id from customers where ssn = $1::varchar', 'output: id | equality: ssn'],
  ["select id from customers where ssn in ('1', $2)", 'output: id | equality: ssn'],
  [
    "select id from customers where (ssn = '1' or card = '2') and name = '3'",
    'output: id | equality: card name ssn',
  ],
  ["select id from customers where ssn operator(pg_catalog.=) '1'", 'output: id | equality: ssn'],
  ["select 1 where exists (select from customers c where c.ssn = '1')", 'equality: ssn'],
  ["delete from customers where ssn = '1'", 'equality: ssn'],
  ["update customers set name = 'x' where ssn = '1'", 'equality: ssn'],

  // Everything else.
  ['select id from customers where ssn = name', 'output: id | predicate: name ssn'],
  ["select id from customers where not ssn = '1'", 'output: id | equality: ssn | predicate: ssn'],
  ["select id from customers where (ssn = '1') is true", 'output: id | equality: ssn | predicate: ssn'],
  ["select id from customers where ssn <> '1'", 'output: id | predicate: ssn'],
  ["select id from customers where ssn not in ('1')", 'output: id | predicate: ssn'],
  ["select id from customers where ssn = any ('{1}')", 'output: id | predicate: ssn'],
  ['select id from customers where ssn = any ($1)', 'output: id | predicate: ssn'],
  [
    'select id from customers where ssn in (select note from orders)',
    'output: id | predicate: orders.note ssn',
  ],
  ["select id from customers where ssn in ('1', name)", 'output: id | predicate: name ssn'],
  ["select id from customers where ssn like '1%'", 'output: id | predicate: ssn'],
  ["select id from customers where ssn between 'a' and 'b'", 'output: id | predicate: ssn'],
  ["select id from customers where (ssn, id) = ('1', 2)", 'output: id | predicate: id ssn'],
  ["select id from customers where ssn = '1' || $1", 'output: id | predicate: ssn'],
  ['select id from customers where ssn = upper($1)', 'output: id | predicate: ssn'],
  ['select id from customers where ssn is null', 'output: id | presence: ssn'],
  ['select ssn is not null, count(card) from customers', 'presence: card ssn'],
  ['select count(c.ssn) over (partition by id) from customers c', 'presence: ssn | predicate: id'],
  ['select count(x) from (select ssn as x from customers) s', 'presence: ssn'],
  ['select count(distinct ssn) from customers', 'derived: ssn'],
  ['select count(lower(ssn)), ssn::int is null from customers', 'derived: ssn | predicate: ssn'],
  ["select count(nullif(ssn, '1')) from customers", 'derived: ssn | predicate: ssn'],
  [
    "select count(x) from (select case when ssn like '1%' then 1 end as x from customers) s",
    'derived: ssn | predicate: ssn',
  ],
  ["select count(ssn) filter (where ssn = '1') from customers", 'equality: ssn | presence: ssn'],
  ['select c is null from customers c', 'derived: *'],
  ['select (ssn, id) is null from customers', 'derived: id ssn'],
  ['select id from customers where ssn is not distinct from $1', 'output: id | predicate: ssn'],
  ["select id from customers group by id having max(ssn) = '1'", 'output: id | predicate: id ssn'],
  ["select count(*) filter (where ssn = '1') from customers", 'equality: ssn'],
  ["select o.id from orders o join customers c on c.ssn = '1'", 'output: orders.id | equality: ssn'],
  ['select upper(ssn) from customers', 'derived: ssn'],
  ['select (ssn).upper from customers', 'derived: ssn'],
  ['select ssn::text from customers', 'derived: ssn'],
  ['select ssn collate "C" from customers', 'derived: ssn'],
  ["select ssn || '' from customers", 'derived: ssn'],
  ['select coalesce(ssn, card), greatest(name) from customers', 'derived: card name ssn | predicate: name'],
  [
    "select case ssn when '1' then name else email end from customers",
    'derived: email name ssn | equality: ssn',
  ],
  ['select (array[ssn])[1] from customers', 'derived: ssn'],
  ['select row(ssn, id) from customers', 'derived: id ssn'],
  ['select (select ssn)  from customers', 'derived: ssn'],
  ['select array(select ssn from customers)', 'derived: ssn'],
  [
    'select max(ssn) over (partition by card order by name) from customers',
    'derived: ssn | predicate: card name',
  ],
  ['select rank() over w from customers window w as (order by ssn)', 'predicate: ssn'],
  ['select string_agg(name, $1 order by ssn) from customers', 'derived: name | predicate: name ssn'],
  ['select percentile_disc(0.5) within group (order by ssn) from customers', 'derived: ssn'],
  ['select id from customers order by ssn', 'output: id | predicate: ssn'],
  ['select id, ssn from customers order by 2', 'output: id ssn | predicate: ssn'],
  ['select id, ssn as x from customers order by x', 'output: id ssn | predicate: ssn'],
  ['select id as ssn from customers order by ssn', 'output: id | predicate: id'],
  ['select id as ssn from customers group by ssn', 'output: id | predicate: id ssn'],
  ['select *, 1 from customers order by 4', `output: card ${rest} ssn | predicate: ssn`],
  ['select * from customers order by 2 limit 1', `output: card ${rest} ssn | predicate: name`],
  ['select * from customers order by 2 for update', `output: card ${rest} ssn | predicate: card ${rest} ssn`],
  [
    "select *, setval('s', id) from customers order by 2",
    `output: card ${rest} ssn | derived: id | predicate: card ${rest} ssn | elsewhere: id`,
  ],
  ['select id from (select * from customers order by 2) s', `output: id | predicate: card ${rest} ssn`],
  [
    'select * from (select * from customers order by 2 limit 1) s',
    `output: card ${rest} ssn | predicate: name`,
  ],
  [
    'select * from (select * from customers order by 2) s (a, b)',
    `output: card ${rest} ssn | predicate: card ${rest} ssn`,
  ],
  [
    'insert into customers select * from (select * from customers order by 2) s',
    `predicate: card ${rest} ssn | moved: card ${rest} ssn`,
  ],
  [
    'create table x as select * from (select * from customers order by 2) s',
    `predicate: card ${rest} ssn | moved: card ${rest} ssn`,
  ],
  ['select s.id from (select id, c.* from customers c order by 1) s', 'output: id | predicate: id'],
  [
    'select s.id from (select id, c.* from customers c order by 2) s',
    `output: id | predicate: card ${rest} ssn`,
  ],
  ['update customers set note = $1 where current of c', 'predicate: *'],
  ['select ssn, count(*) from customers group by 1', 'output: ssn | predicate: ssn'],
  ['select count(*) from customers group by rollup (ssn, (id, name))', 'predicate: id name ssn'],
  ['select count(*) as count from customers group by id order by count', 'predicate: id'],
  ['select lower(name) from customers order by lower', 'derived: name | predicate: name'],
  ['select distinct ssn from customers', 'output: ssn | predicate: ssn'],
  ['select count(*) from (select distinct ssn from customers) s', 'predicate: ssn'],
  ['select distinct on (ssn) id from customers', 'output: id | predicate: ssn'],
  ['select ssn from customers union all select note from orders', 'derived: orders.note ssn'],
  [
    'select note from orders union select ssn from customers order by 1',
    'derived: orders.note ssn | predicate: orders.note ssn',
  ],
  [
    'select ssn from (select ssn from customers except select note from orders) s',
    'derived: orders.note ssn | predicate: orders.note ssn',
  ],
  ['values ((select ssn from customers))', 'derived: ssn'],
  [
    'with recursive w as (select ssn from customers union all select w.ssn from w) select ssn from w',
    'derived: ssn',
  ],
  ['select name from customers join app.customers a using (id)', 'output: name | predicate: id id'],
  [
    'select 1 from customers c natural join app.customers d',
    'predicate: card email id id name notes ssn ssn',
  ],
  ['select 1 from (select 1 as id) s natural join customers', 'predicate: id'],
  ['select id from customers limit (select length(ssn) from customers)', 'output: id | predicate: ssn'],
  ['select g from customers, generate_series(1, length(ssn)) g', 'derived: ssn | predicate: ssn'],
  [
    'select u.x from customers c, unnest(array[c.ssn]) with ordinality as u (x, n)',
    'derived: ssn | predicate: ssn',
  ],
  ['select id from customers tablesample system (10)', 'output: id'],

  // What shows no more of a column than its value, and what tells of it by failing, choosing, growing or repeating.
  ["select left(ssn, 3), ssn || ' ' || name, max(ssn) from customers", 'derived: name ssn'],
  ['select left(name, length(ssn)) from customers', 'derived: name ssn | predicate: ssn'],
  ["select split_part(ssn, '-', 1) from customers", 'derived: ssn | predicate: ssn'],
  ['select ssn || $1 from customers', 'derived: ssn | predicate: ssn'],
  ["select ssn || repeat('x', 9) from customers", 'derived: ssn | predicate: ssn'],
  ['select x || x from (select ssn || ssn as x from customers) s', 'derived: ssn | predicate: ssn'],
  [`select ${'ssn || '.repeat(16)}ssn from customers`, 'derived: ssn | predicate: ssn'],
  ['select max(x) from (select upper(ssn) as x from customers) s', 'derived: ssn | predicate: ssn'],
  ['select sum(id), avg(id) from customers', 'derived: id | predicate: id'],
  ['select sum(total), avg(total) from orders', 'derived: orders.total'],
  ['select sum(total * 2) from orders', 'derived: orders.total | predicate: orders.total'],
  ['select sum(length(ssn)) from customers', 'derived: ssn | predicate: ssn'],
  ['select (array[1])[id] from customers', 'derived: id | predicate: id'],
  [
    "select to_char(id, '9'), to_char(total, '9V9') from orders",
    'derived: orders.id orders.total | predicate: orders.total',
  ],
  ['select ssn::"char" from customers', 'derived: ssn | predicate: ssn'],
  ['select array_agg(embedding) from items', 'derived: items.embedding | predicate: items.embedding'],
  [
    'select array[embedding, name || ssn] from items, customers',
    'derived: items.embedding name ssn | predicate: items.embedding',
  ],
  [
    'select array_agg(distinct ssn), count(distinct ssn || name) from customers',
    'derived: name ssn | predicate: name ssn',
  ],
  [
    'select concat(ssn, name), concat(variadic array[card]) from customers',
    'derived: card name ssn | predicate: card',
  ],
  [
    "select json_build_object('a', ssn), json_build_object(name, 1) from customers",
    'derived: name ssn | predicate: name',
  ],
  [
    'select coalesce(ssn, name), coalesce(card, (1 / 0)::text) from customers',
    'derived: card name ssn | presence: card',
  ],
  ["select coalesce(nullif(ssn, ''), (1 / 0)::text) from customers", 'derived: ssn | predicate: ssn'],
  [
    "select notes -> 'a', notes #>> '{a}', notes -> name from customers",
    'derived: name notes | predicate: name',
  ],
  ["select ssn = '1' and name = 'x' from customers", 'derived: name ssn | equality: name ssn'],
  ["select not ssn = '1' from customers", 'derived: ssn | equality: ssn | predicate: ssn'],
  ["select count(*) from customers having max(ssn) > '1'", 'predicate: ssn'],
  ['select s.x from (select left(ssn, 1) as x from customers) s', 'derived: ssn'],
  ["select 1 from (select left(ssn, 1) as x from customers) s where x = '9'", 'predicate: ssn'],
  ['select x is null from (select left(ssn, 1) as x from customers) s', 'derived: ssn'],
  [
    'select f.other from customers c, json_to_record(c.notes) as f (a int, other text)',
    'derived: notes | predicate: notes',
  ],
  ['select setseed(id), pg_sleep(length(ssn)) from customers', 'derived: id ssn | elsewhere: id ssn'],
  [
    "with recursive r (a, b, n) as (select '', '', 1 union all select c.ssn, r.a, r.n + 1 from r, customers c) select b, n from r",
    'derived: ssn',
  ],
  [
    "with recursive r (a, b, n) as (select '', '', 1 union all select c.ssn, r.a, r.n from r, customers c where r.b > '5') select n from r",
    'predicate: ssn',
  ],

  // Rows as one value.
  ['select c from customers c', 'derived: *'],
  ['select (c) from customers c', 'derived: *'],
  ['select (c).ssn from customers c', 'output: ssn'],
  ['select (c.*).ssn from customers c', 'output: ssn'],
  ['select (c).* from customers c', 'output: card email id name notes ssn'],
  ['select row(c.*) from customers c', 'derived: *'],
  ['select row_to_json(c) from customers c', 'derived: *'],
  ['select (notes).street from customers c', 'derived: notes | predicate: notes'],
  ['select 1 from customers c where (c.notes).street = $1', 'predicate: notes'],
  ['select row(ssn, null)::place from customers', 'derived: ssn | predicate: ssn'],
  ['select c::text from customers c', 'derived: * | predicate: *'],
  ['select count(c) from customers c', 'derived: *'],
  ['select 1 from customers c where c is not null', 'predicate: *'],
  ['select 1 from customers c where c = c', 'predicate: *'],
  ['select name(customers) from customers', 'derived: * | predicate: *'],
  ['select s from (select id, ssn from customers) s', 'derived: id ssn'],
  ['select to_json(w) from customers c cross join lateral (select c.ssn) w', 'derived: ssn'],
  ['copy customers to stdout', `output: card ${rest} ssn`],
  ['alter table customers rename to clients', 'moved: *'],
  ['alter table customers set schema app', 'moved: *'],
  // A new child is empty, a new partition takes the rows of its table; a bound tells where rows are.
  ['create table t (x int) inherits (customers)', ''],
  ['create table t partition of customers for values in (1)', 'predicate: * | moved: *'],
  ['alter table orders attach partition customers default', 'predicate: * orders.* | moved: * orders.*'],
  ['alter table orders detach partition customers', 'predicate: * orders.* | moved: * orders.*'],
  ['alter table orders inherit customers', 'predicate: * orders.* | moved: * orders.*'],
  ['alter table customers no inherit orders', 'predicate: * orders.* | moved: * orders.*'],
  ['create table t (ssn text, id int) partition by range (id, lower(ssn))', ''],

  // Where rows go somewhere else, or a definition refers to them.
  ['insert into orders (note) select ssn from customers', 'moved: ssn'],
  ['insert into orders (note) values ((select ssn from customers))', 'moved: ssn'],
  ['update customers set name = ssn where id = 1', 'equality: id | moved: ssn'],
  ['update customers set (name, email) = (select ssn, card) where id = 1', 'equality: id | moved: card ssn'],
  ['update orders set note = c.ssn from customers c where c.id = 1', 'equality: id | moved: ssn'],
  ['update customers set ssn = $1 where id = 1', 'equality: id'],
  ["update customers set notes['a'] = $1 where id = 1", 'equality: id | predicate: notes'],
  [
    "insert into customers as c (id, notes['a']) values (1, $1) on conflict do update set notes['b'] = 'x'",
    'predicate: notes',
  ],
  ['cluster customers using i', 'predicate: *'],
  [
    "insert into customers (id, ssn) values (1, $1) on conflict (id) do update set ssn = excluded.ssn where customers.name = 'x'",
    'equality: name | predicate: id',
  ],
  [
    'insert into customers (id) values (1) on conflict (email) do update set name = customers.ssn',
    'predicate: email | moved: ssn',
  ],
  [
    'merge into orders o using customers c on o.id = c.id when matched and c.ssn > $1 then update set note = c.card ' +
      'when not matched then insert (note) values (c.email)',
    'predicate: id orders.id ssn | moved: card email',
  ],
  ['create table t as select ssn from customers', 'moved: ssn'],
  ['select ssn into t from customers', 'moved: ssn'],
  [
    'select ssn into t from customers union select note from orders',
    'predicate: orders.note ssn | moved: orders.note ssn',
  ],
  ['create view v as select ssn from customers', 'moved: ssn'],
  ['create materialized view v as table customers', `moved: card ${rest} ssn`],
  ['copy (select id, ssn from customers) to stdout', 'output: id ssn'],
  ['copy customers (id, ssn) to stdout', 'output: id ssn'],
  ['copy (select id from customers order by ssn) to stdout', 'output: id | predicate: ssn'],
  ["copy customers (id) from stdin where ssn > 'a'", 'predicate: ssn'],
  ['create index on customers (ssn, lower(card)) where name is null', 'presence: name | elsewhere: card ssn'],
  ['create table t (x text references customers (ssn))', 'elsewhere: ssn'],
  ['create statistics s on name, (upper(ssn)) from customers', 'elsewhere: name ssn'],
  ['alter table customers add check (ssn > name)', 'predicate: name ssn | elsewhere: name ssn'],
  ['alter table customers add unique (ssn)', 'elsewhere: ssn'],
  ['alter table customers alter name type text using ssn', 'predicate: name | moved: ssn'],
  ["alter table customers add x text generated always as (ssn || '') stored", 'moved: ssn'],
  ['alter table customers add x int, add check (x > 0)', ''],
  ['alter table customers alter ssn type varchar(10)', 'predicate: ssn'],
  ['alter table customers alter ssn set not null', 'presence: ssn'],
  ['create table t (x text references customers)', 'equality: *'],
  ['alter table customers rename ssn to x', 'moved: ssn'],
  ['prepare p as select ssn from customers', 'output: ssn'],
  ['declare c cursor for select ssn from customers', 'output: ssn'],
  ['explain select ssn from customers order by card', 'output: ssn | predicate: card'],
]

/** What a statement is called. */
const labels: readonly (readonly [sql: string, label: string])[] = [
  ['select 1', 'sql.select select'],
  ['values (1)', 'sql.select select'],
  ['insert into orders values (1)', 'sql.insert insert'],
  ['insert into orders (id) values (1) on conflict (id) do update set note = $1', 'sql.insert insert'],
  ['update orders set note = $1', 'sql.update update'],
  ['delete from orders', 'sql.delete delete'],
  ['merge into orders o using items i on true when matched then delete', 'sql.merge merge'],
  ['with x as (delete from orders returning *) select * from x', 'sql.delete delete'],
  ['with x as (insert into orders values (1) returning *) select * from x', 'sql.insert insert'],
  [
    'with x as (update orders set note = $1 returning id) insert into items select id from x',
    'sql.update update',
  ],
  ['truncate orders', 'sql.truncate truncate'],
  ['copy orders from stdin', 'sql.copy_in copy_in'],
  ['copy orders to stdout', 'sql.copy_out copy_out'],
  ['copy (delete from orders returning *) to stdout', 'sql.delete delete'],
  ['explain delete from orders', 'sql.explain explain'],
  ['explain analyze delete from orders', 'sql.delete delete'],
  ['explain (analyze false) delete from orders', 'sql.explain explain'],
  ['explain (analyze off, verbose) delete from orders', 'sql.explain explain'],
  ['explain (analyze 1) delete from orders', 'sql.delete delete'],
  ['explain analyze create table t as select 1', 'sql.ddl create_table_as'],
  ['create table t as select 1', 'sql.ddl create_table_as'],
  ['select 1 as x into t', 'sql.ddl select_into'],
  ['create materialized view v as select 1', 'sql.ddl create_materialized_view'],
  ['refresh materialized view cards', 'sql.ddl refresh_materialized_view'],
  ['create table t (id int)', 'sql.ddl create_table'],
  ['create index on orders (id)', 'sql.ddl create_index'],
  ['create index on customers (name text_pattern_ops)', 'sql.ddl create_index'],
  ['create index on orders using brin (id pg_catalog.int4_minmax_multi_ops)', 'sql.ddl create_index'],
  ['create index on items using hnsw (embedding public.vector_l2_ops)', 'sql.ddl create_index'],
  ['create view v as select 1', 'sql.ddl create_view'],
  ['create extension vector', 'sql.ddl create_extension'],
  ['create schema s', 'sql.ddl create_schema'],
  ['create sequence s', 'sql.ddl create_sequence'],
  ["create type t as enum ('a')", 'sql.ddl create_type'],
  ['create type t as (x int)', 'sql.ddl create_type'],
  ['create domain d as int check (value > 0)', 'sql.ddl create_domain'],
  ['create type r as range (subtype = int)', 'sql.ddl create_type'],
  ["alter type mood add value 'x'", 'sql.ddl alter_type'],
  ['alter table orders add x int', 'sql.ddl alter_table'],
  ['alter table orders rename note to x', 'sql.ddl alter_table'],
  ['create table t partition of people for values from (minvalue) to (10)', 'sql.ddl create_table'],
  ['alter table people detach partition people_north concurrently', 'sql.ddl alter_table'],
  ['alter index i attach partition j', 'sql.ddl alter_index'],
  ['alter view cards rename to x', 'sql.ddl alter_view'],
  ['alter index i rename to j', 'sql.ddl alter_index'],
  ['drop table orders', 'sql.ddl drop_table'],
  ['drop function evil(int, text)', 'sql.ddl drop_function'],
  ['comment on function evil(int) is $$x$$', 'sql.ddl comment'],
  ['grant execute on function evil to x', 'sql.ddl grant'],
  ['create statistics s on id, (lower(note)) from orders', 'sql.ddl create_statistics'],
  ['alter table orders replica identity full', 'sql.ddl alter_table'],
  ['drop schema s cascade', 'sql.ddl drop_schema'],
  ['drop materialized view if exists v', 'sql.ddl drop_materialized_view'],
  ['drop extension vector', 'sql.ddl drop_extension'],
  ['comment on table orders is $$x$$', 'sql.ddl comment'],
  ['comment on column orders.id is null', 'sql.ddl comment'],
  ['grant select on orders to x', 'sql.ddl grant'],
  ['revoke all on orders from x', 'sql.ddl revoke'],
  ['grant a to b', 'sql.ddl grant_role'],
  ['prepare p as delete from orders', 'sql.prepare delete'],
  ['execute p (1)', 'sql.execute execute'],
  ['deallocate p', 'sql.deallocate deallocate'],
  ['discard all', 'sql.deallocate discard'],
  ['unlisten *', 'sql.deallocate unlisten'],
  ['declare c cursor for select 1', 'sql.cursor declare'],
  ['fetch 5 from c', 'sql.cursor fetch'],
  ['move 5 from c', 'sql.cursor move'],
  ['close c', 'sql.cursor close'],
  ['begin isolation level serializable', 'sql.transaction begin'],
  ['start transaction read only', 'sql.transaction begin'],
  ['end', 'sql.transaction commit'],
  ['abort', 'sql.transaction rollback'],
  ['savepoint s', 'sql.transaction savepoint'],
  ['release s', 'sql.transaction release'],
  ['rollback to s', 'sql.transaction rollback_to'],
  ['set work_mem = 1000', 'sql.set set'],
  ['reset all', 'sql.set reset'],
  ['show timezone', 'sql.show show'],
  ['lock table orders', 'sql.lock lock'],
  ['vacuum orders', 'sql.maintenance vacuum'],
  ['analyze', 'sql.maintenance analyze'],
  ['reindex index i', 'sql.maintenance reindex'],
  ['cluster orders using i', 'sql.maintenance cluster'],
  ['checkpoint', 'sql.maintenance checkpoint'],
  ['notify c, $$x$$', 'sql.notify notify'],
  ['set constraints all deferred', 'sql.set set_constraints'],
  ["select pg_notify('c', 'x')", 'sql.notify notify'],
  ["select setting from pg_catalog.pg_settings where name='max_index_keys'", 'sql.select select'],
  ['select pg_catalog.pg_notify($1, $2::text) as done', 'sql.notify notify'],
  ['listen c', 'sql.listen listen'],
]

/** Refused whatever a policy says, and named as far as it could be. */
const refusals: readonly (readonly [sql: string, why: RegExp, label?: string])[] = [
  // Statements.
  ['do $$begin end$$', /DoStmt/, 'sql.other do'],
  ['call p()', /CallStmt/, 'sql.call call'],
  ["create role r password 'x'", /CreateRoleStmt/, 'sql.ddl create_role'],
  ["alter role r password 'x'", /AlterRoleStmt/, 'sql.ddl alter_role'],
  ['alter role r set search_path = x', /AlterRoleSetStmt/, 'sql.ddl alter_role'],
  ['drop role r', /DropRoleStmt/, 'sql.ddl drop_role'],
  ['alter system set work_mem = 1', /AlterSystemStmt/, 'sql.ddl alter_system'],
  ['create database d', /CreatedbStmt/, 'sql.ddl create_database'],
  ['drop database d', /DropdbStmt/, 'sql.ddl drop_database'],
  [
    "create function f() returns int language sql as 'select 1'",
    /CreateFunctionStmt/,
    'sql.ddl create_function',
  ],
  ["create procedure f() language sql as 'select 1'", /CreateFunctionStmt/, 'sql.ddl create_procedure'],
  [
    'create trigger t before update on orders execute function f()',
    /CreateTrigStmt/,
    'sql.ddl create_trigger',
  ],
  ['create rule r as on insert to orders do nothing', /RuleStmt/, 'sql.ddl create_rule'],
  ['create policy p on orders', /CreatePolicyStmt/, 'sql.ddl create_policy'],
  ['create server s foreign data wrapper w', /CreateForeignServerStmt/, 'sql.ddl create_server'],
  ['create user mapping for u server s', /CreateUserMappingStmt/, 'sql.ddl create_user_mapping'],
  ['create foreign table t (a int) server s', /CreateForeignTableStmt/, 'sql.ddl create_foreign_table'],
  [
    'import foreign schema a from server b into c',
    /ImportForeignSchemaStmt/,
    'sql.ddl import_foreign_schema',
  ],
  [
    "create subscription s connection '' publication p",
    /CreateSubscriptionStmt/,
    'sql.ddl create_subscription',
  ],
  ['create publication p', /CreatePublicationStmt/, 'sql.ddl create_publication'],
  [
    'create event trigger e on ddl_command_end execute function f()',
    /CreateEventTrigStmt/,
    'sql.ddl create_event_trigger',
  ],
  ['create language l handler h', /CreatePLangStmt/, 'sql.ddl create_language'],
  ["create tablespace t location '/x'", /CreateTableSpaceStmt/, 'sql.ddl create_tablespace'],
  [
    'alter default privileges grant select on tables to x',
    /AlterDefaultPrivilegesStmt/,
    'sql.ddl alter_default_privileges',
  ],
  ["security label on table t is 'x'", /SecLabelStmt/, 'sql.ddl security_label'],
  ["load 'x'", /LoadStmt/, 'sql.other load'],
  ['reassign owned by a to b', /ReassignOwnedStmt/, 'sql.ddl reassign_owned'],
  ['create domain d as text check (evil(value))', /evil/, 'sql.ddl create_domain'],
  ['create domain d as text default evil(1)', /evil/, 'sql.ddl create_domain'],
  ['create domain d as opaque', /opaque/, 'sql.ddl create_domain'],
  ['alter domain opaque add check (value > 0)', /AlterDomainStmt/, 'sql.ddl alter_domain'],
  ['create type t as (x opaque)', /opaque/, 'sql.ddl create_type'],
  // Found before the server's own type of that name.
  ["create domain pg_temp.text as varchar check (value < '5')", /temporary type/, 'sql.ddl create_domain'],
  ["create type pg_temp.text as enum ('917-26-4835')", /temporary type/, 'sql.ddl create_type'],
  ['create type pg_temp_3.text as (x int)', /temporary type/, 'sql.ddl create_type'],
  ['create statistics s on (evil(id)) from orders', /evil/, 'sql.ddl create_statistics'],
  // Under another name it could be one that its operator vouches for.
  ['alter function evil(int) rename to taxed', /rename|RenameStmt/, 'sql.ddl alter_function'],
  ['alter function evil(int) set schema app', /object|SET SCHEMA/, 'sql.ddl alter_function'],
  ['create type t as range (subtype = int4, subtype_diff = f)', /subtype_diff/],
  ["prepare transaction 'x'", /TransactionStmt/, 'sql.transaction prepare_transaction'],
  ["commit prepared 'x'", /TransactionStmt/, 'sql.transaction commit_prepared'],
  ['alter database d rename to e', /rename/, 'sql.ddl alter_database'],
  ['alter schema a rename to b', /rename/, 'sql.ddl alter_schema'],
  ['alter role a rename to b', /rename/, 'sql.ddl alter_role'],
  ['alter table orders owner to x', /AlterTableCmd/, 'sql.ddl alter_table'],
  ['create table t partition of people for values in (evil(1))', /evil/, 'sql.ddl create_table'],
  ['create table t (x int) partition by list (evil(x))', /evil/, 'sql.ddl create_table'],
  ['alter table people attach partition orders for values from (evil(1)) to (2)', /evil/],
  ['alter table orders disable row level security', /AT_DisableRowSecurity/, 'sql.ddl alter_table'],
  ['alter table orders disable trigger all', /AT_DisableTrigAll/, 'sql.ddl alter_table'],
  ['create view pg_temp_3.customers as select 1', /temporary schema/, 'sql.ddl create_view'],
  ['select id from pg_temp_12.customers', /temporary schema/],
  ['create table t as execute p', /ExecuteStmt/, 'sql.ddl create_table_as'],
  ["copy orders to program 'x'", /program/, 'sql.copy_out copy_out'],
  ["copy orders from '/etc/passwd'", /file/, 'sql.copy_in copy_in'],
  ["copy orders to stdout with (encoding 'latin1')", /encoding/],
  ['update customers set name = 1 from (select 1 into x) s', /INTO/],
  // Settings.
  ['set role x', /role/, 'sql.set set'],
  ['reset role', /role/, 'sql.set reset'],
  ['set session authorization x', /session_authorization/],
  ['set local role none', /role/],
  ['set standard_conforming_strings = off', /standard_conforming_strings/],
  ["set client_encoding = 'sjis'", /client_encoding/],
  ["set names 'latin1'", /client_encoding/],
  ['set search_path = evil', /search_path/],
  ['set search_path = pg_temp, public', /search_path/],
  ["select set_config('role', 'x', false)", /role/],
  ["select set_config(name, 'x', false) from customers", /set_config/],
  ['select set_config($1::varchar(4), $2, false)', /set_config/],
  ["select set_config($1 || '', $2, false)", /set_config/],
  ["select set_config('search_path', $1, false)", /search_path/],
  ["select set_config('search_path', 'evil', false)", /search_path/],
  ["select set_config('search_path', 'public', false) from orders", /search_path/],
  ["select 1, set_config('search_path', 'public', false)", /search_path/],
  ["prepare p as select set_config('search_path', 'public', false)", /search_path/],
  ["select current_setting('ssl_key_file')", /current_setting/],
  ['select current_setting(name) from customers', /current_setting/],
  ['show all', /SHOW/],
  ['show config_file', /SHOW/],
  ["set transaction snapshot 'x'", /TRANSACTION SNAPSHOT/],
  // Functions.
  ['select evil(1)', /evil/],
  ['select public.evil(1)', /evil/],
  ["select pg_read_file('x')", /pg_read_file/],
  ["select pg_catalog.pg_read_file('x')", /pg_read_file/],
  ["select ('x').pg_read_file", /pg_read_file/],
  ["select ('x'::text).lo_import", /lo_import/],
  ['select (name).pg_read_file from customers', /pg_read_file/],
  ['select (c.notes).evil from customers c', /as if it were a field/],
  ["select ('order_numbers').nextval", /as if it were a field/],
  ['select * from evil()', /evil/],
  ['select * from rows from (pg_ls_dir($1)) as r (x)', /pg_ls_dir/],
  ["select query_to_xml('select 1', true, false, '')", /query_to_xml/],
  ["select dblink('', '')", /dblink/],
  ['select pg_terminate_backend(1)', /pg_terminate_backend/],
  ['select setting from pg_settings', /pg_settings/],
  ["select setting from pg_settings where name = 'config_file'", /pg_settings/],
  ['select setting from pg_settings where name = $1', /pg_settings/],
  ["select setting from pg_settings where name <> 'timezone'", /pg_settings/],
  ["select setting from pg_settings where name = 'timezone' or true", /pg_settings/],
  ["select setting from pg_settings where not name = 'timezone'", /pg_settings/],
  ["select b.setting from pg_settings, pg_settings b where name = 'timezone'", /pg_settings/],
  ["select (select min(setting) from pg_settings) from pg_settings where name = 'timezone'", /pg_settings/],
  ["select x from pg_settings as s (x, name) where name = 'timezone'", /pg_settings/],
  [
    "select setting from pg_settings where name = 'timezone' union select setting from pg_settings",
    /pg_settings/,
  ],
  ["update pg_settings set setting = 'UTC' where name = 'timezone'", /pg_settings/],
  ["delete from pg_settings where name = 'timezone'", /pg_settings/],
  [
    "with s as (update pg_settings set setting = 'UTC') select setting from pg_settings where name = 'timezone'",
    /pg_settings/,
  ],
  ["copy (select setting from pg_settings where name = 'timezone') to stdout", /pg_settings/],
  ["select pg_notify('c', note) from orders", /pg_notify/],
  ["select pg_notify('c', (select note from orders limit 1))", /pg_notify/],
  ["select 1, pg_notify('c', 'x')", /pg_notify/],
  ["select pg_notify('c', 'x') where true", /pg_notify/],
  ["select pg_notify('c', 'x' || 'y')", /pg_notify/],
  ["select pg_notify('c', 'x') union select null", /pg_notify/],
  ["select * from pg_notify('c', 'x')", /pg_notify/],
  ["select ('c').pg_notify", /as if it were a field/],
  ["with x as (select pg_notify('c', 'x')) select 1", /pg_notify/],
  ["insert into orders (note) select pg_notify('c', 'x')::text", /pg_notify/],
  ["prepare p as select pg_notify('c', 'x')", /pg_notify/],
  ["declare p cursor for select pg_notify('c', 'x')", /pg_notify/],
  ["explain analyze select pg_notify('c', 'x')", /pg_notify/],
  ["copy (select pg_notify('c', 'x')) to stdout", /pg_notify/],
  ["create table t as select pg_notify('c', 'x')", /pg_notify/],
  ['select 1 order by pg_reload_conf()', /pg_reload_conf/],
  ['select 1 limit (select pg_reload_conf()::int)', /pg_reload_conf/],
  ['insert into orders values (lo_creat(1))', /lo_creat/],
  ['create table t (x int default evil(1))', /evil/],
  ['create index on orders (evil(id))', /evil/],
  ['create index on orders (id my_ops)', /operator class of your own/],
  ['create index on orders (id public.int4_ops)', /operator class of your own/],
  ['create index on orders (id pg_catalog.my_ops)', /operator class of your own/],
  ['create index on orders using brin (id aclitem_bloom_ops)', /operator class of your own/],
  ['create table parts (id int) partition by hash (id my_ops)', /operator class of your own/],
  ['insert into orders (id) values (1) on conflict (id my_ops) do nothing', /operator class of your own/],
  ['alter table orders alter note set default evil(1)', /evil/],
  ['execute p (evil(1))', /evil/],
  ['select a.b.c.d()', /more than two names/],
  // Operators, types, nodes.
  ['select 1 %%% 2', /%%%/],
  ['select 1 operator(public.%%%) 2', /%%%/],
  ['select 1 operator(app.=) 2', /operator/],
  ["select ('x'::place).city", /city/],
  ['select id from customers where ssn operator(app.=) $1', /operator/],
  ["select 'x'::xml", /xml/],
  ["select 'x'::public.address", /address/],
  ["select 'x'::address", /address/],
  ["select 'x'::customers", /customers/],
  ["select 'x'::pg_class", /pg_class/],
  ["select 'x'::refcursor", /refcursor/],
  ["select 'x'::nowhere", /nowhere/],
  ['create table t (x address)', /address/],
  ['select xmlelement(name x)', /XmlExpr/],
  ['select json_object($$a$$: 1)', /JsonObjectConstructor/],
  ['select * from json_table($1, $$$$ columns (x int path $$$$)) t', /JsonTable/],
  ['with recursive a as (select * from b), b as (select ssn from customers) select * from a', /later member/],
  // Relations of the server.
  ['select * from pg_stats', /pg_stats/],
  ['select * from pg_catalog.pg_authid', /pg_authid/],
  ['select * from information_schema.user_mapping_options', /user_mapping_options/],
  ['select 1 from pg_catalog.pg_class join pg_stats on true', /pg_stats/],
]

/** What the server itself would answer. */
const unknownNames: readonly (readonly [sql: string, native: string, message: string])[] = [
  ['select * from nope', '42P01', 'relation "nope" does not exist'],
  ['select * from app.nope', '42P01', 'relation "app.nope" does not exist'],
  ['select * from "CUSTOMERS"', '42P01', 'relation "CUSTOMERS" does not exist'],
  ['insert into nope values (1)', '42P01', 'relation "nope" does not exist'],
  ['select nope from customers', '42703', 'column "nope" does not exist'],
  ['select c.nope from customers c', '42703', 'column c.nope does not exist'],
  ['select customers.md5 from customers', '42703', 'column customers.md5 does not exist'],
  [
    'select customers.id from customers c',
    '42P01',
    'invalid reference to FROM-clause entry for table "customers"',
  ],
  ['select x.id from customers c', '42P01', 'missing FROM-clause entry for table "x"'],
  [
    'select app.customers.id from public.customers',
    '42P01',
    'invalid reference to FROM-clause entry for table "customers"',
  ],
  ['select c.ssn from customers c, (select c.id) s', '42P01', 'missing FROM-clause entry for table "c"'],
  ['select 1 from customers c join orders o on x.id = 1', '42P01', 'missing FROM-clause entry for table "x"'],
  [
    'select 1 from orders a join items b on a.id = b.id join customers c on a.id = d.id',
    '42P01',
    'missing FROM-clause entry for table "d"',
  ],
  [
    'select note from orders union select name from customers order by ssn',
    '42703',
    'column "ssn" does not exist',
  ],
]

suite('normalise', () => {
  before(async () => loadModule())

  for (const [sql, uses] of places)
    test(`uses: ${sql}`, () => {
      assert.equal(shown(only(sql)), uses)
    })

  for (const [sql, label] of labels)
    test(`label: ${sql}`, () => {
      const { action } = only(sql)
      assert.equal(`${action.name} ${action.kind}`, label)
    })

  for (const [sql, why, label] of refusals)
    test(`refused: ${sql}`, () => {
      const { statements, objection } = analysed(sql)
      assert.match(objection?.message ?? 'not refused', why)
      assert.equal(objection?.code, 'denied')
      const [statement] = statements
      assert.ok(statement)
      if (label !== undefined) assert.equal(`${statement.action.name} ${statement.action.kind}`, label)
      assert.equal(statement.action.read_only, false)
    })

  for (const [sql, native, message] of unknownNames)
    test(`unknown: ${sql}`, () => {
      const objection = objectionTo(sql)
      assert.equal(objection.native, native)
      assert.equal(objection.message, message)
    })

  test('the closed list of actions is the documented one and holds every label', () => {
    const file = new URL('../../../schemas/actions/postgres.json', import.meta.url)
    const schema = JSON.parse(readFileSync(file, 'utf8')) as {
      actions: { [name: string]: { kinds: string[] } }
    }
    assert.deepEqual(Object.keys(schema.actions).toSorted(), [...actions].toSorted())
    const seen = [...labels.map(([, label]) => label), ...refusals.flatMap(([, , label]) => label ?? [])]
    for (const label of seen) {
      const [name = '', kind = ''] = label.split(' ')
      assert.ok(actions.includes(name), label)
      const derived = name === 'sql.ddl' || name === 'sql.prepare'
      assert.ok(derived || schema.actions[name]?.kinds.includes(kind) === true, label)
    }
  })

  test('an option that is a secret is not in the template', () => {
    const of = (option: string): string => hash(`create table options_only (id int) with (${option})`)
    assert.equal(of(`app_password = 'one'`), of(`app_password = 'two'`))
    assert.notEqual(of(`app_name = 'one'`), of(`app_name = 'two'`))
  })

  test('a secret of a refused statement is in neither template nor parameters', () => {
    const [one] = analysed("create role r password 'one'").statements
    const [two] = analysed("create role r password 'two'").statements
    assert.equal(one?.action['template_hash'], two?.action['template_hash'])
    assert.deepEqual(one?.action['parameters'], [])
  })
})

suite('what policies see', () => {
  before(async () => loadModule())

  const readOnly: readonly (readonly [sql: string, readOnly: boolean])[] = [
    ['select id from orders', true],
    ['select id from orders for update', false],
    ['select id from orders for share', false],
    ['select s.id from (select id from orders for update) s', false],
    ["select nextval('order_numbers')", false],
    ["select setval('order_numbers', 1)", false],
    ["select currval('order_numbers')", true],
    ['select pg_sleep(1)', true],
    ['select pg_advisory_lock(1)', false],
    ['insert into orders values (1)', false],
    ['with x as (delete from orders returning 1) select 1', false],
    ['select 1 as x into t', false],
    ['copy orders from stdin', false],
    ['copy orders to stdout', true],
    ['explain delete from orders', true],
    ['explain analyze delete from orders', false],
    ['explain analyze select 1', true],
    ['declare c cursor for select 1', true],
    ['prepare p as delete from orders', false],
    ['begin', true],
    ['set work_mem = 1000', true],
    ['lock table orders', false],
    ['vacuum', false],
    ['notify c', false],
    ['set constraints all immediate', false],
    ['select pg_notify($1, $2)', false],
    ['truncate orders', false],
    ['drop table orders', false],
    ['grant a to b', false],
  ]
  for (const [sql, expected] of readOnly)
    test(`read_only ${String(expected)}: ${sql}`, () => {
      assert.equal(only(sql).action.read_only, expected)
    })

  const where: readonly (readonly [sql: string, hasWhere: boolean | null])[] = [
    ['select id from orders', null],
    ['select id from orders where id = 1', null],
    ['insert into orders select id from items where true', null],
    ['insert into orders values (1) on conflict (id) do update set note = $1', null],
    ['delete from orders', false],
    ['delete from orders where id = 1', true],
    ['update orders set note = $1 where current of c', true],
    ['delete from orders using items i where i.id = 1', true],
    ['with x as (delete from orders returning *) delete from items where id = 1', false],
    ['with x as (delete from orders where id = 1 returning *) update items set id = 2', false],
    ['with x as (delete from orders where id = 1 returning *) update items set id = 2 where id = 3', true],
    ['explain analyze delete from orders', false],
    ['prepare p as delete from orders', false],
    ['merge into orders o using items i on true when matched then delete', null],
  ]
  for (const [sql, expected] of where)
    test(`has_where ${String(expected)}: ${sql}`, () => {
      assert.equal(only(sql).action['has_where'], expected)
    })

  const relations: readonly (readonly [sql: string, relations: readonly string[]])[] = [
    ['drop trigger t on orders', ['public.orders ddl ']],
    ['drop rule r on orders', ['public.orders ddl ']],
    ['drop policy p on public.orders', ['public.orders ddl ']],
    ['comment on constraint c on orders is null', ['public.orders ddl ']],
    ['select id, o.note from orders o', ['public.orders read id,note']],
    ['select * from orders', ['public.orders read *']],
    ['select id from orders where note = $1', ['public.orders read id,note']],
    ['insert into orders (id, note) values (1, 2)', ['public.orders insert id,note']],
    ['insert into orders default values returning id', ['public.orders insert ', 'public.orders read id']],
    [
      'insert into orders (id) values (1) on conflict (id) do update set note = $1',
      ['public.orders insert id', 'public.orders read id', 'public.orders update note'],
    ],
    [
      'update orders set note = $1, total = 2 where id = 3',
      ['public.orders read id', 'public.orders update note,total'],
    ],
    ['delete from orders', ['public.orders delete ']],
    ['truncate orders, items', ['public.items delete ', 'public.orders delete ']],
    [
      'merge into orders o using items i on o.id = i.id when matched then delete when not matched then insert (id) values (1)',
      ['public.items read id', 'public.orders delete ', 'public.orders insert id', 'public.orders read id'],
    ],
    ['explain delete from orders where id = 1', ['public.orders read id']],
    ['drop table orders, app.events', ['app.events ddl ', 'public.orders ddl ']],
    ['drop table if exists nope', ['public.nope ddl ']],
    ['create table t (id int)', ['public.t ddl ']],
    ['create table app.t (like orders)', ['app.t ddl ', 'public.orders read ']],
    ['create temp table t (id int)', ['pg_temp.t ddl ']],
    [
      'create temp table t (id int primary key, up int references t (id))',
      ['pg_temp.t ddl ', 'pg_temp.t read id'],
    ],
    [
      'create temp table orders (id int primary key, up int references orders (id))',
      ['pg_temp.orders ddl ', 'pg_temp.orders read ', 'public.orders read id'],
    ],
    ['alter table orders add x int', ['public.orders ddl ']],
    [
      'create table t () inherits (orders, app.events)',
      ['app.events ddl ', 'public.orders ddl ', 'public.t ddl '],
    ],
    [
      'create table t partition of people default',
      ['public.people ddl ', 'public.people read *', 'public.t ddl '],
    ],
    [
      'alter table people attach partition orders for values with (modulus 4, remainder 0)',
      ['public.orders ddl ', 'public.orders read *', 'public.people ddl ', 'public.people read *'],
    ],
    ['lock table orders', ['public.orders read ']],
    ["select nextval('public.order_numbers')", ['public.order_numbers read ']],
    ["select nextval('Order_Numbers')", ['public.order_numbers read ']],
    ['select relname from pg_class', ['pg_catalog.pg_class read relname']],
    ['with orders as (select 1 as id) select id from orders', []],
    ['with orders as (select 1 as id) select id from public.orders', ['public.orders read id']],
    ['with w as (select 1 as id) select id from w as orders', []],
    ['with orders as (select id from orders) select id from orders', ['public.orders read id']],
  ]
  for (const [sql, expected] of relations)
    test(`relations: ${sql}`, () => {
      const { action, touched } = only(sql)
      const found = action['relations'] as readonly {
        schema: string
        name: string
        access: string
        columns: string[]
      }[]
      assert.deepEqual(
        found.map(({ schema, name, access, columns }) => `${schema}.${name} ${access} ${columns.join()}`),
        expected,
      )
      const names = [...new Set(found.map(({ schema, name }) => `${schema}.${name}`))]
      assert.deepEqual(touched.map(({ schema, name }) => `${schema}.${name}`).toSorted(), names)
    })

  const lists: readonly (readonly [
    sql: string,
    field: 'functions' | 'objects' | 'parameters',
    list: Json,
  ])[] = [
    ['select pg_catalog.lower($1), upper($1), count(*)', 'functions', ['count', 'lower', 'upper']],
    ['select l2_distance(embedding, $1) from items', 'functions', ['public.l2_distance']],
    ['select pg_advisory_xact_lock(1)', 'functions', ['pg_advisory_xact_lock']],
    ['select (name).upper from customers', 'functions', ['upper']],
    [
      'select (information_schema._pg_expandarray($1)).n',
      'functions',
      ['information_schema._pg_expandarray'],
    ],
    ['create extension if not exists vector schema public', 'objects', ['vector']],
    ['create schema s', 'objects', ['s']],
    ['notify News', 'objects', ['news']],
    ['set constraints public.one, Two immediate', 'objects', ['one', 'two']],
    ["select pg_notify('News', 'x')", 'objects', ['News']],
    ["select pg_notify($1, 'x')", 'objects', []],
    ["select pg_notify('News', 'x')", 'functions', ['pg_notify']],
    ['drop schema a, b', 'objects', ['a', 'b']],
    ['drop index public.i', 'objects', ['public.i']],
    ['grant a, b to c', 'objects', ['a', 'b']],
    ["create type app.t as enum ('x')", 'objects', ['app.t']],
    ["select 1, 'a', null, true, false, -5, 1.5, 0", 'parameters', [1, 'a', null, true, false, -5, 1.5, 0]],
    ['select 12345678901234567890, 1e400', 'parameters', ['12345678901234567890', '1e400']],
    ["select id from orders where note in ('x', 'y') limit 7", 'parameters', ['x', 'y', 7]],
    ['update orders set (note, total) = (select $1, 3) where id = 4', 'parameters', [3, 4]],
    ["set work_mem = '4MB'", 'parameters', ['4MB']],
    ["comment on table orders is 'x'", 'parameters', ['x']],
    ['fetch 5 from c', 'parameters', [5]],
    ["notify News, 'told'", 'parameters', ['told']],
    ["select pg_notify('News', 'told')", 'parameters', ['News', 'told']],
  ]
  for (const [sql, field, expected] of lists)
    test(`${field}: ${sql}`, () => {
      assert.deepEqual(only(sql).action[field], expected)
    })

  test('the template is the statement without its literals', () => {
    const same = hash('select id from orders where note = 1')
    assert.match(same, /^[0-9a-f]{64}$/)
    for (const sql of [
      "select id from orders where note = 'x'",
      'SELECT  id  FROM orders WHERE note = 2.5 -- comment',
      'select id from orders where note = -1',
    ])
      assert.equal(hash(sql), same, sql)
    for (const sql of [
      'select id from orders where note = null',
      'select id from orders where note = $1',
      'select id from orders where total = 1',
      'select id, id from orders where note = 1',
      'select id as x from orders where note = 1',
      'select id from public.orders where note = 1',
      'select id from orders where note <> 1',
      'select distinct id from orders where note = 1',
      'select id from orders o where note = 1',
    ])
      assert.notEqual(hash(sql), same, sql)
    assert.notEqual(hash('select id, note from orders'), hash('select note, id from orders'))
    assert.notEqual(hash("select nextval('a')"), hash('select 1'))
  })

  const computed: readonly (readonly [sql: string, computed: boolean])[] = [
    ['select id from customers', false],
    ['select s.id from (select * from customers) s', false],
    ['select id, 1 from customers', true],
    ['select count(*) from customers', true],
    ['select id from customers union select id from orders', true],
    ['select c from customers c', true],
    ['select g from generate_series(1, 2) g', true],
    ['select * from generate_series(1, 2)', true],
    ['select o.id from orders o join items i using (id)', false],
    ['select id from orders o join items i using (id)', true],
    ['delete from orders where id = 1 returning id', false],
    ['show timezone', true],
    ['explain select id from customers', true],
  ]
  for (const [sql, expected] of computed)
    test(`computed ${String(expected)}: ${sql}`, () => {
      assert.equal(only(sql).computed, expected)
    })

  test('relations that show the rows of others are reported', () => {
    assert.deepEqual(derived('select id from cards'), ['cards'])
    assert.deepEqual(derived('select id from people_north'), ['people_north'])
    assert.deepEqual(derived('select id from people'), [])
    assert.deepEqual(derived('insert into people_north (id) values (1)'), ['people_north'])
    assert.deepEqual(derived('select relname from pg_class, information_schema.tables'), [])
    assert.deepEqual(derived('select name from pg_cursors'), ['pg_cursors'])
  })

  test('a statement is frozen, since it serves every execution of its text', () => {
    const statement = only('select id from customers where ssn = $1')
    for (const part of [statement, statement.action, statement.uses, statement.uses[0], statement.touched])
      assert.ok(Object.isFrozen(part))
  })
})

suite('what a statement changes for later ones', () => {
  before(async () => loadModule())

  const effects: readonly (readonly [sql: string, effect: object])[] = [
    ['select 1', { kind: 'none' }],
    ['execute p (1)', { kind: 'execute', name: 'p' }],
    ['explain execute p (1)', { kind: 'execute', name: 'p' }],
    ['explain analyze execute p (1)', { kind: 'execute', name: 'p' }],
    ['deallocate p', { kind: 'deallocate', name: 'p' }],
    ['deallocate prepare all', { kind: 'deallocate', name: null }],
    ['fetch next from c', { kind: 'fetch', cursor: 'c' }],
    ['close c', { kind: 'close', cursor: 'c' }],
    ['close all', { kind: 'close', cursor: null }],
    ['copy orders from stdin', { kind: 'copy_in' }],
    [
      'copy (select 1) to stdout (format binary)',
      { kind: 'copy_out', copied: { format: { kind: 'binary' }, table: null } },
    ],
    [
      'copy public.orders (id) to stdout (format binary)',
      {
        kind: 'copy_out',
        copied: { format: { kind: 'binary' }, table: { schema: 'public', name: 'orders', columns: ['id'] } },
      },
    ],
    ["copy orders to stdout (null '')", { kind: 'copy_out', copied: null }],
    ['discard all', { kind: 'discard_all' }],
    ['discard plans', { kind: 'none' }],
    ["set statement_timeout = '5s'", { kind: 'timeout', ms: 5_000, local: false }],
    ['set local statement_timeout to 250', { kind: 'timeout', ms: 250, local: true }],
    ['reset statement_timeout', { kind: 'timeout', ms: 'initial', local: false }],
    ['set search_path = public', { kind: 'search_path', schemas: ['public'], local: false }],
    [
      'set local search_path to public, pg_catalog',
      { kind: 'search_path', schemas: ['public', 'pg_catalog'], local: true },
    ],
    ["set search_path = ''", { kind: 'search_path', schemas: [], local: false }],
    ['set schema $$public$$', { kind: 'search_path', schemas: ['public'], local: false }],
    ['reset search_path', { kind: 'search_path', schemas: ['public'], local: false }],
    ['set search_path to default', { kind: 'search_path', schemas: ['public'], local: false }],
    ['reset all', { kind: 'search_path', schemas: ['public'], local: false }],
    [
      "select pg_catalog.set_config('search_path', '', false)",
      { kind: 'search_path', schemas: [], local: false },
    ],
    [
      "select set_config('search_path', 'Public, \"public\"', true)",
      { kind: 'search_path', schemas: ['public', 'public'], local: true },
    ],
    ["select set_config('work_mem', '4MB', false)", { kind: 'none' }],
    ['create temp table t (id int)', { kind: 'temp_table', name: 't' }],
    ['create table pg_temp.t (id int)', { kind: 'temp_table', name: 't' }],
    ['create temp view t as select 1', { kind: 'temp_table', name: 't' }],
    ['create temp table t as select 1', { kind: 'temp_table', name: 't' }],
    ['create table t (id int)', { kind: 'ddl', creates: { schema: 'public', name: 't' } }],
    ['create table if not exists orders (id int)', { kind: 'ddl' }],
    ['select 1 as x into app.t', { kind: 'ddl', creates: { schema: 'app', name: 't' } }],
    ["create type t as enum ('x')", { kind: 'ddl', creates: { schema: 'public', name: 't' } }],
    ['alter table orders add x int', { kind: 'ddl', reshapes: [{ schema: 'public', name: 'orders' }] }],
    ['alter table orders drop note', { kind: 'ddl', reshapes: [{ schema: 'public', name: 'orders' }] }],
    ['alter table orders rename note to x', { kind: 'ddl', moves: true }],
    ['alter table orders set schema app', { kind: 'ddl', moves: true }],
    ['drop table orders', { kind: 'ddl', reshapes: [{ schema: 'public', name: 'orders' }] }],
    ['truncate orders', { kind: 'none' }],
    ['explain create table t as select 1', { kind: 'none' }],
    ['explain declare c cursor for select 1', { kind: 'none' }],
  ]
  for (const [sql, effect] of effects)
    test(`effect: ${sql}`, () => {
      assert.deepEqual(only(sql).effect, effect)
    })

  test('a view over a temporary table is temporary', () => {
    const sql = 'create temp table t (id int); create view orders as select id from t; select id from orders'
    const [, view, read] = statementsOf(sql)
    assert.deepEqual(view?.effect, { kind: 'temp_table', name: 'orders' })
    assert.deepEqual(
      read?.touched.map(({ schema }) => schema),
      ['pg_temp', 'public'],
    )
    assert.equal(read?.effectFree, false)
  })

  test('PREPARE and DECLARE keep what they will do', () => {
    const prepared = only('prepare p (text) as delete from orders where note = $1 and id = 7')
    const body = bodyOf(prepared.effect)
    assert.equal(body.action.name, 'sql.delete')
    assert.equal(body.action['has_where'], true)
    assert.deepEqual(body.action['parameters'], [7])
    const declared = bodyOf(only('declare c scroll cursor with hold for select ssn from customers').effect)
    assert.equal(declared.action.name, 'sql.select')
    assert.equal(shown(declared), 'output: ssn')
  })

  test('statements of one message see what the ones before do', () => {
    const [, inserted] = statementsOf('create table t (id int); insert into t (id) select id from t')
    assert.deepEqual(inserted?.touched, [{ schema: 'public', name: 't' }])
    assert.equal(objectionTo('insert into t values (1); create table t (id int)').native, '42P01')
    const [, , selected] = statementsOf(
      'begin; create temp table customers (ssn text); select ssn from customers; end',
    )
    assert.ok(selected?.uses.some(({ relation, column }) => relation.schema === 'public' && column === 'ssn'))
    assert.match(objectionTo('alter table orders rename note to x; select id from orders').message, /renames/)
    assert.match(
      objectionTo('alter table orders rename note to x; select 1 from pg_class').message,
      /renames/,
    )
    statementsOf(
      'alter table orders add x int; select x from orders where orders.x > 0; copy orders (x) to stdout',
    )
    statementsOf('drop table orders; create table orders (x int); select x, o.x from orders o')
    assert.equal(objectionTo('select x from orders; alter table orders add x int').native, '42703')
    const [, added] = statementsOf('alter table customers add x int; select x, ssn from customers')
    assert.equal(added === undefined ? '' : shown(added), 'output: ssn x')
    statementsOf('alter table orders rename note to x; alter table orders add note text')
    const [, ordered] = statementsOf('alter table customers drop id; select * from customers order by 1')
    assert.ok(
      ordered?.uses.some(
        ({ column, place }) => place === 'predicate' && (column === 'ssn' || column === '*'),
      ),
    )
    const own = { schemas: ['public', 'app'] }
    assert.match(objectionTo('set search_path = app; select id from customers', own).message, /in doubt/)
    assert.equal(statementsOf('set search_path = app; select id from events', own).length, 2)
  })

  test('the objection names the worst of several statements', () => {
    const { objection, unknownName, statements } = analysed('select * from nope; do $$x$$; drop table orders')
    assert.match(objection?.message ?? '', /DoStmt/)
    assert.equal(unknownName, undefined)
    assert.deepEqual(
      statements.map(({ action }) => action.kind),
      ['select', 'do', 'drop_table'],
    )
    assert.equal(analysed('select * from nope').unknownName, true)
  })

  test('the empty message has no statements', () => {
    assert.deepEqual(analysed(';;'), { statements: [], objection: null })
  })
})

suite('names under a search_path', () => {
  before(async () => loadModule())

  test('the first schema that has the name, pg_catalog before all unless the path names it', () => {
    assert.equal(touched('select id from customers', ['app']), 'app.customers')
    assert.equal(touched('select id from customers', ['public']), 'public.customers')
    assert.equal(touched('select id from orders', ['app', 'public']), 'public.orders')
    assert.equal(touched('select oid from pg_class', ['app']), 'pg_catalog.pg_class')
    assert.equal(touched('select id from events', ['public'], ['app']), 'app.events')
    assert.equal(touched('select id from orders', ['public'], ['app', 'public']), 'public.orders')
  })

  test('a name also stands for what it leads to once the first of that name is gone', () => {
    const inBoth = { searchPaths: [['app', 'public']] }
    for (const sql of ['select id from customers', 'copy customers (id) to stdout', 'drop table customers']) {
      assert.equal(touched(sql, ['app', 'public']), 'app.customers,public.customers')
      assert.deepEqual(only(sql, inBoth).namesakes, [{ schema: 'public', name: 'customers' }])
    }
    assert.deepEqual(only('select id from customers', inBoth).action['relations'], [
      { schema: 'app', name: 'customers', access: 'read', columns: ['id'] },
      {
        schema: 'public',
        name: 'customers',
        access: 'read',
        columns: ['card', 'email', 'id', 'name', 'notes', 'ssn'],
      },
    ])
    for (const sql of ['select id from app.customers', 'select id from orders', 'select oid from pg_class'])
      assert.deepEqual(only(sql, inBoth).namesakes, [])
    const own = { ...inBoth, tempTables: new Set(['customers']) }
    assert.deepEqual(only('select id from customers', own).namesakes, [
      { schema: 'public', name: 'customers' },
    ])
    assert.match(
      objectionTo('select id from pg_authid', { searchPaths: [['public', 'pg_catalog']] }).message,
      /pg_authid/,
    )
  })

  test('a name that several possible paths read differently is refused', () => {
    const searchPaths = [['public'], ['app']]
    assert.match(objectionTo('select id from customers', { searchPaths }).message, /in doubt/)
    assert.match(objectionTo('create table t (id int)', { searchPaths }).message, /in doubt/)
  })

  test('an operator class of the server’s name is another’s where the path looks elsewhere first', () => {
    const index = 'create index on public.orders (id int4_ops)'
    only(index, { searchPaths: [['public'], ['pg_catalog', 'public']] })
    for (const searchPaths of [[['public', 'pg_catalog']], [['public'], ['app', 'pg_catalog']]]) {
      assert.match(objectionTo(index, { searchPaths }).message, /operator class of your own/)
      only('create index on public.orders (id pg_catalog.int4_ops)', { searchPaths })
    }
  })

  test('a temporary table stands before any other, and may be gone', () => {
    const tempTables = new Set(['customers', 'mine'])
    const uses = only('select ssn, x from customers', { tempTables }).uses
    assert.deepEqual(
      uses.map(({ relation, column }) => `${relation.schema}.${column}`),
      ['public.ssn', 'pg_temp.x'],
    )
    assert.equal(shown(only('select c from customers c', { tempTables })), 'derived: * * c')
    assert.equal(shown(only('select x, m.y from mine m', { tempTables })), 'output: mine.x mine.y')
    assert.equal(
      shown(only('select customers from customers, mine', { tempTables: new Set(['mine']) })),
      'derived: * mine.customers',
    )
    assert.match(objectionTo("select '1'::mine", { tempTables }).message, /mine/)
  })

  test('a relation that the transaction created is known by name', () => {
    const created = [{ schema: 'app', name: 'fresh' }]
    assert.equal(shown(only('select a, f.b from app.fresh f', { created })), 'output: fresh.a fresh.b')
    assert.equal(objectionTo('select a from fresh', { created }).native, '42P01')
    only("select 'x'::fresh", { created, searchPaths: [['app']] })
  })

  test('after a rename in the transaction no relation can be read', () => {
    assert.match(objectionTo('select id from orders', { moved: true }).message, /renames/)
  })

  test('what stands on the path beside the server’s own functions, operators and types', () => {
    const searchPaths = [['app']]
    assert.equal(only('select lower($1)').action.name, 'sql.select')
    assert.match(objectionTo('select lower($1)', { searchPaths }).message, /lower/)
    only('select pg_catalog.lower($1)', { searchPaths })
    assert.match(objectionTo('select 1 = 1', { searchPaths }).message, /operator =/)
    only('select 1 operator(pg_catalog.=) 1', { searchPaths })
    only("select 'x'::text", { searchPaths })
    only("select 'x'::text", { searchPaths: [['app', 'pg_catalog']] })
    only("select 'x'::place, (null::place[])[1]")
    only('create table t (x place)')
    statementsOf("create type t as (x int, y place[]); select '(1,{})'::t")
    statementsOf("create domain d as t check (value is not null); select '(1,{})'::d", {
      created: [{ schema: 'public', name: 't' }],
    })
    only("create domain app.d as varchar(3) not null default 'x' check (upper(value) <> 'X')")
    only("select 'x'::mood, 'happy'::public.mood, '[1]'::vector(3), $1::vector")
    assert.match(objectionTo("select 'x'::mood", { searchPaths }).message, /mood/)
    only('select embedding <=> $1 from items')
  })

  test('SET may only lead to the schemas of the target', () => {
    only('set search_path = app', { schemas: ['public', 'app'] })
    objectionTo('set search_path = app', { schemas: ['public'] })
    objectionTo('set search_path = "$user", public', { schemas: ['public'] })
    const { schemas: _, ...bare } = inPublic
    assert.notEqual(normalise(parseSync('reset search_path'), bare, catalogue).objection, null)
  })
})

suite('statements of vector stores', () => {
  before(async () => loadModule())

  const statements = [
    'SELECT pg_advisory_xact_lock(1573678846307946496);CREATE EXTENSION IF NOT EXISTS vector;',
    'CREATE TABLE langchain_pg_embedding (id VARCHAR NOT NULL, collection_id UUID, embedding VECTOR, document VARCHAR, ' +
      'cmetadata JSONB, PRIMARY KEY (id), FOREIGN KEY(collection_id) REFERENCES items (id) ON DELETE CASCADE)',
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON items USING hnsw (embedding vector_cosine_ops) WITH (m = 16)',
    'INSERT INTO items (id, embedding) VALUES ($1, $2::VECTOR) ON CONFLICT (id) DO UPDATE SET embedding = EXCLUDED.embedding',
    'SELECT items.id AS a, items.embedding <=> $1::VECTOR AS distance FROM items ORDER BY distance ASC LIMIT $2::INTEGER',
    'SELECT id, embedding <=> $1 as distance FROM items WHERE id > 3 ORDER BY embedding <=> $1 LIMIT 4',
    'SET hnsw.ef_search = 100',
    'DELETE FROM items WHERE id = ANY ($1)',
  ]
  for (const sql of statements) test(sql, () => assert.equal(analysed(sql).objection, null))
})

suite('bounds', () => {
  before(async () => loadModule())

  test('levels, parts, statements and comparisons are counted, not timed', () => {
    const calls = `select ${'abs('.repeat(40)}total${')'.repeat(40)} from orders`
    assert.equal(shown(only(calls)), 'derived: orders.total')
    const nested = `select ${'('.repeat(300)}1 + 1${' + 1)'.repeat(300)}`
    assert.equal(analysed(nested).objection, null)
    assert.equal(objectionTo(`select 1${' + 1'.repeat(sqlLimits.statementDepthMax + 1)}`).native, '54001')
    const list = Array.from({ length: sqlLimits.statementNodesMax }, () => '1').join()
    assert.equal(objectionTo(`select 1 in (${list})`).native, '54001')
    const many = 'select 1;'.repeat(sqlLimits.statementsPerMessageMax)
    assert.equal(analysed(many).statements.length, sqlLimits.statementsPerMessageMax)
    assert.equal(objectionTo(`${many}select 1`).native, '54001')
    const items = Array.from({ length: 1_500 }, (_, at) => `orders o${String(at)}`).join()
    const columns = Array.from({ length: 1_500 }, () => 'o1499.id').join()
    assert.equal(objectionTo(`select ${columns} from ${items}`).native, '54001')
  })

  test('WITH inside WITH costs what it says', () => {
    let sql = 'select 1 as x'
    for (let at = 0; at < 100; at++) sql = `with recursive w as (${sql} union all select 1) select x from w`
    const started = performance.now()
    analysed(sql)
    assert.ok(performance.now() - started < 2_000)
  })

  test('a tree of any other shape is refused, never guessed', () => {
    const trees: readonly unknown[] = [
      null,
      'x',
      [],
      { stmts: 1 },
      { stmts: [null] },
      { stmts: [{}] },
      { stmts: [{ stmt: {} }] },
      { stmts: [{ stmt: [] }] },
      { stmts: [{ stmt: { Unheard: {} } }] },
      { stmts: [{ stmt: { SelectStmt: { unheard: 1, op: 'SETOP_NONE' } } }] },
      { stmts: [{ stmt: { SelectStmt: { op: 'SETOP_OTHER' } } }] },
      { stmts: [{ stmt: { SelectStmt: { targetList: 1, op: 'SETOP_NONE' } } }] },
      { stmts: [{ stmt: { SelectStmt: {}, DropStmt: {} } }] },
      {
        stmts: [
          {
            stmt: { SelectStmt: { targetList: [{ ResTarget: { val: { A_Const: {} } } }], op: 'SETOP_NONE' } },
          },
        ],
      },
      { stmts: [{ stmt: { TransactionStmt: { kind: 'TRANS_STMT_OTHER' } } }] },
      { stmts: [{ stmt: { A_Const: { isnull: true } } }] },
      { stmts: [{ stmt: { RangeVar: { relname: 'customers' } } }] },
      {
        stmts: [
          {
            stmt: {
              SelectStmt: {
                targetList: [{ ResTarget: { val: { A_Expr: { kind: 'AEXPR_OTHER' } } } }],
                op: 'SETOP_NONE',
              },
            },
          },
        ],
      },
    ]
    for (const tree of trees) {
      const { objection } = normalise(tree, inPublic, catalogue)
      assert.notEqual(objection, null, JSON.stringify(tree))
      assert.notEqual(objection?.code, 'internal', JSON.stringify(tree))
    }
  })
})
