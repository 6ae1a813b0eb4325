import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { MaskCount } from '@sluice/core'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import {
  message,
  startBackend,
  startGateway,
  TraceFinder,
  WireClient,
  type Backend,
  type Gateway,
  type Transcript,
} from '../src/index.ts'

/**
 * Expressions over masked columns at a real server: shown, masked or refused as the rule of the column says, and in no
 * case is anything of the value in what the client got.
 */

const policies = fileURLToPath(new URL('policies/masks', import.meta.url))
const approved = fileURLToPath(new URL('policies/moves', import.meta.url))
const { bind, describe, execute, parse, sync } = message
const secrets = { ssn: '917-26-4835', mail: 'zebulon.quayle' }
const finder = new TraceFinder(secrets)

const mask = { method: 'last4', derived: 'mask' }
/** Tables alike, each with what its rule lets be done with `ssn` and `mail`. */
const rules = {
  masked: mask,
  open: { ...mask, predicates: 'allow' },
  closed: { ...mask, predicates: 'refuse' },
  strict: { method: 'last4' },
  nulled: { ...mask, method: 'null' },
}
const token = { method: 'tokenise', domain: 'people', predicates: 'allow' }
const masked = {
  'public.payroll': Object.fromEntries(
    ['salary', 'phone', 'tags', 'pay'].map((column) => [column, { method: 'redact', derived: 'mask' }]),
  ),
  ...Object.fromEntries(
    Object.entries(rules).map(([table, rule]) => [`public.${table}`, { ssn: rule, mail: rule }]),
  ),
  'public.tokens_a': { ssn: token, mail: token },
  'public.tokens_b': { person: token, other: { ...token, domain: 'others' } },
}
const wide = Array.from({ length: 33 }, (_, at) => `w.c${String(at)}`)
const setUp = Object.keys(rules).map(
  (name) =>
    `create table ${name} (id int primary key, name text not null, ssn text not null, mail tag, age int, doc jsonb);
     insert into ${name} values (1, 'Zebulon', '${secrets.ssn}', '${secrets.mail}@example.com', 41, '{"a": {"b": 1}}'),
       (2, 'Ada', '219-09-9999', null, 12, '[]')`,
)

type Expected =
  | 'refused'
  /** These rows. */
  | readonly (readonly (string | null)[])[]

const star = '***-**-4835'
const word = '[masked]'
const one = (value: string | null): Expected => [[value]]
const refused = 'refused'

/** By `t` the table `masked` is meant. */
const asked: readonly (readonly [sql: string, expected: Expected])[] = [
  // Names.
  ['select upper(x.c) from t as x (a, b, c) where a = 1', one(word)],
  ['select lower(ssn) as name from t where id = 1', one(word)],
  ['select name as ssn, ssn as name from t where id = 1', [['Zebulon', star]]],
  ['select upper(name) as ssn from t where id = 1', one('ZEBULON')],
  ['with t as (select name as ssn from t) select upper(ssn) from t limit 1', one('ZEBULON')],
  [
    'with o as (select 1), t as (select id, name, left(ssn, 3) as name2 from t) select name2 from t limit 1',
    one(word),
  ],
  ['select x.k from (select ssn as k from (select ssn from t where id = 1) a) x', one(star)],
  ['select upper(x.k) from (select ssn as k from (select ssn from t where id = 1) a) x', one(word)],
  ['with w (a, b) as (select id, reverse(ssn) from t where id = 1) select b, a from w', [[word, '1']]],
  ['with w as (select left(ssn, 3) as p, name from t) select p from w where name = $$Zebulon$$', one(word)],
  ["with w as (select left(ssn, 3) as p from t) select 1 from w where p = '917'", refused],
  ['select 1 from (select left(ssn, 3) as p from t) s where p is null', refused],
  ['select count(p) from (select left(ssn, 3) as p from t) s', one(null)],
  ['select (select ssn from t x where x.id = y.id) from t y where id = 1', one(word)],
  ['select (select upper(y.ssn)) from t y where id = 1', one(word)],
  ['select l.v from t, lateral (select upper(t.ssn) as v) l where t.id = 1', one(word)],
  ['select l.v from t, lateral (select t.ssn as v) l where t.id = 1', one(star)],

  // Rows.
  ['select t from t where id = 1', one(null)],
  ['select x from t as x (a, b) where a = 1', one(null)],
  ['select row_to_json(t) from t where id = 1', one(`"${word}"`)],
  ['select to_jsonb(t.*) from t where id = 1', one(`"${word}"`)],
  ['select (t).ssn, (t.*).name from t where id = 1', [[star, 'Zebulon']]],
  [
    'select (t).* from t where id = 1',
    [
      [
        '1',
        'Zebulon',
        star,
        'z********uayle@example.com'.replace('z********uayle@example.com', '*******.******@******e.com'),
        '41',
        '{"a": {"b": 1}}',
      ],
    ],
  ],
  ['select (ssn).upper from t where id = 1', one(word)],
  ['select to_json(s) from (select name, ssn from t where id = 1) s', one(`"${word}"`)],
  ['select to_json(s) from (select name, age from t where id = 1) s', one('{"name":"Zebulon","age":41}')],
  ['select s from (select name, left(ssn, 1) from t where id = 1) s', one(null)],
  ['select array_agg(t) from t', one(null)],
  ['select json_agg(t order by t.id) from t', one(`"${word}"`)],
  ['select json_object_agg(ssn, name) from t', refused],
  ['select j.value from t, json_each(to_json(t)) j', refused],
  ['select t::text from t', refused],
  ['select (to_json(t)::text)::json ->> $$ssn$$ from t', refused],

  // Aggregates, windows, sets.
  ['select max(ssn), count(ssn), count(*), min(name) from t', [[word, '2', '2', 'Ada']]],
  [
    'select name, count(distinct ssn) from t group by name order by name',
    [
      ['Ada', null],
      ['Zebulon', null],
    ],
  ],
  ['select string_agg(name, $$,$$ order by id) from t', one('Zebulon,Ada')],
  ['select string_agg(name, $$,$$ order by ssn) from t', refused],
  ['select lag(ssn) over (order by id), row_number() over (order by id) from t where id = 1', [[word, '1']]],
  ['select row_number() over (order by ssn) from t', refused],
  ['select ssn from t where id = 1 union all select name from t where id = 1', [[word], [word]]],
  [
    'select name, ssn from t where id = 1 union all select ssn, name from t where id = 1',
    [
      [word, word],
      [word, word],
    ],
  ],
  [
    'select id, ssn from t where id = 1 union all select 7, name from t where id = 1',
    [
      ['1', word],
      ['7', word],
    ],
  ],
  ['select ssn from t union select name from t', refused],
  ['select ssn from t intersect select ssn from t', refused],
  ["select ssn from t except select '917-26-4835'", refused],
  ['(select ssn from t union all select name from t) order by 1', refused],
  ['select ssn from t where id = 1 union all select null', [[word], [word]]],
  ['select mail from t where id = 2 union all select $$x$$', [[word], [word]]],
  [
    'values (1, (select ssn from t where id = 1)), (2, $$x$$)',
    [
      ['1', word],
      ['2', word],
    ],
  ],

  // Recursion: what its second part brings comes back by every column that it goes through.
  [
    `with recursive r (a, b, n) as (select ''::text, ''::text, 1 union all
       select t.ssn, r.a, n + 1 from r, t where t.id = 1 and n < 4) select b, n from r where n = 3`,
    [[word, '3']],
  ],
  [
    `with recursive r (a, b, n) as (select ''::text, ''::text, 1 union all
       select t.ssn, r.a, n + 1 from r, t where t.id = 1 and n < 4 and r.b <> '917-26-4835') select n from r`,
    refused,
  ],
  [
    `with recursive r (id, name, ssn) as (select id, name, ssn from t where id = 1 union all
       select t.id, t.name, t.ssn from t join r on t.id = r.id + 1) select id, name, ssn from r`,
    [
      ['1', 'Zebulon', word],
      ['2', 'Ada', word],
    ],
  ],
  // Many sources become one, as many as others gain: what is on its way through the columns still comes.
  [
    `with recursive r (a, b, c, d, e, n) as (
       select ''::text, ''::text, ''::text, concat(${wide.slice(1).join(', ')}), ''::text, 1 from wide w union all
       select r.b, r.c, t.ssn, concat(r.d, w.c0), concat(${wide.slice(0, 30).join(', ')}), n + 1
         from r, t, wide w where t.id = 1 and n < 4) select a, n from r where n = 4`,
    [[word, '4']],
  ],

  // Whether there is a value is hidden, too, where it may have been made by what it is.
  ["select nullif(left(ssn, 1), '9') from t", refused],
  ["select nullif(ssn, '917-26-4835') from t", refused],
  ["select case when ssn = '917-26-4835' then 'yes' end from t", [[word], [word]]],
  ["select case ssn when '917-26-4835' then 1 end from t", [[null], [null]]],
  [
    "select ssn = '917-26-4835', mail is null from t",
    [
      [null, 'f'],
      [null, 't'],
    ],
  ],
  ["select case when ssn like '9%' then 'yes' end from t", refused],
  ['select doc -> $$a$$, coalesce(mail, $$none$$) from t where id = 2', [[null, word]]],

  // What tells by failing, waiting, or making rows.
  ['select ssn::int from t', refused],
  ['select 1 / (ascii(ssn) - 57) from t', refused],
  ["select ssn like '9\\' from t", refused],
  ["select ssn ~ '^9' from t", refused],
  ['select substr(name, 1, ascii(ssn) - 57) from t', refused],
  ["select coalesce(nullif(left(ssn, 1), '9'), (1 / 0)::text) from t", refused],
  ['select least(ssn, name) from t', refused],
  ['select max(x) from (select ssn as x from t union all select $$5$$) s', refused],
  ['select pg_sleep(ascii(ssn)) from t', refused],
  ['select repeat(name, ascii(ssn)) from t', refused],
  ['select regexp_split_to_table(ssn, $$-$$) from t', refused],
  ['select unnest(string_to_array(ssn, $$-$$)) from t', refused],
  ['select g from t, generate_series(1, length(ssn)) g', refused],
  ['select setseed(age), set_config($$application_name$$, ssn, false) from t', refused],
  ["select setval('numbers', ascii(ssn)) from t", refused],
  ['select pg_notify($$c$$, ssn) from t', refused],
  ['select * from t order by ssn', refused],
  ['select name from t group by name, ssn', refused],
  ['select distinct upper(ssn) from t', refused],
  ['select 1 from t a join t b on a.ssn = b.ssn', refused],
  ['select name from t join t u using (ssn)', refused],
  ['select 1 from t natural join t u', refused],
  ['select count(*) filter (where ssn > $$5$$) from t', refused],
  ['select 1 from t limit (select ascii(ssn) from t where id = 1)', refused],
  ['select ssn || repeat($$x$$, 1000000) from t', refused],
  ['select hide(ssn) from t', refused],
  ['select ssn === name from t', refused],
  ['select ssn::tag from t', refused],
  ['select upper(v.s) from shown v', refused],
  ['select upper(ssn) from child', refused],

  // Beside them nothing changes.
  ["select name from t where ssn = '917-26-4835'", one('Zebulon')],
  ["select count(*) filter (where ssn = '917-26-4835') from t", one('1')],
  ["select a.name from t a join t b on a.id = b.id and b.ssn = '917-26-4835'", one('Zebulon')],
  ['select ssn, upper(name), age + 1, id from t where id = 1', [[star, 'ZEBULON', '42', '1']]],
  [
    'select *, upper(ssn), age * 2 from t where id = 1',
    [['1', 'Zebulon', star, '*******.******@******e.com', '41', '{"a": {"b": 1}}', word, '82']],
  ],
  ['select ssn::text from t where id = 1', one(star)],
  ['update t set name = name where id = 1 returning reverse(ssn), ssn, name', [[word, star, 'Zebulon']]],
  [
    'with u as (update t set name = name where id = 1 returning ssn) select lower(ssn), ssn from u',
    [[word, star]],
  ],
]

/** What a server makes of a type, unasked, fails for some values. */
const typed: readonly string[] = [
  'select (array[1])[sum(salary)] from payroll, generate_series(1, 50000) where id = 1',
  'select (array[1])[phone] from payroll',
  'select (array[1, 2])[1 : phone] from payroll',
  'select sum(salary) from payroll, generate_series(1, 80000) where id = 1 union all select 1::oid',
  'select sum(ascii(substr(ssn, 1, 1))) from masked, generate_series(1, 80000) union all select 1::oid',
  'select case when true then sum(salary) else 1::oid end from payroll',
  'select array[sum(salary) over (), 1::oid] from payroll',
  "select to_char(salary, '9V9999') from payroll",
  "select to_char(length(ssn), '9v999999999') from masked",
  'select salary::"char" from payroll',
  'select length(ssn)::pg_catalog."char" from masked',
  "select array[tags, '{a,b}'] from payroll",
  'select array_agg(tags) from payroll',
  'select array_agg(x) from (select tags as x from payroll) s',
  "select array_agg(x) from (select tags as x from payroll union all select '{a,b}') s",
  'select array(select tags from payroll)',
  "select tags || '{{a,b}}' from payroll",
  'select array[lag(tags) over ()] from payroll',
]
const untold: readonly string[] = [
  'select sum(phone), sum(pay), avg(salary), max(salary), max(tags) from payroll',
  "select to_char(salary, '99999'), array_agg(salary) over (), tags[1:2], tags[1] from payroll",
  'select array[salary, salary], array(select salary from payroll), array_agg(p) over () from payroll p',
]

/** Written to where no mask is. */
const moves: readonly string[] = [
  'update t set name = ssn',
  'update t set name = upper(ssn) where id = 1',
  'update t set (name, age) = (select ssn, 1)',
  'update other set note = (select ssn from t where id = 1)',
  'update other set note = t.ssn from t',
  'insert into other select id, ssn from t',
  'insert into other select id, left(ssn, 3) from t',
  'insert into other select id, note from (select id, reverse(ssn) as note from t) s',
  'insert into other values (1, (select ssn from t where id = 1))',
  'insert into other values (1) on conflict (id) do update set note = (select ssn from t where id = 1)',
  "insert into t (id, name, ssn) values (1, 'x', 'y') on conflict (id) do update set name = t.ssn",
  'with w as (insert into other select id, ssn from t returning note) select note from w',
  'merge into other o using t on o.id = t.id when matched then update set note = t.ssn',
  'merge into other o using t on o.id = t.id when not matched then insert values (t.id, t.ssn)',
  'create table copied as select ssn from t',
  'create table copied as select upper(ssn) as s from t',
  'create temp table copied as select t from t',
  'select ssn into copied from t',
  'create view showing as select left(ssn, 3) as s from t',
  'create materialized view showing as select ssn from t',
  'alter table t rename to u',
  'alter table t rename ssn to note',
  'alter table t alter name type text using ssn',
  'alter table t add copied text generated always as (ssn) stored',
  'create table part partition of t default',
  'create table part partition of t for values in (1)',
  'alter table t attach partition other default',
  'alter table other attach partition t default',
  'alter table t inherit other',
  'alter table other inherit t',
]

suite('expressions over masked columns', { concurrency: 1 }, () => {
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway
  let client: WireClient
  let direct: WireClient

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run(
      'postgres',
      `create domain tag as text;
      create sequence numbers;
      create function hide(text) returns text language sql as 'select $1';
      ${setUp.join(';')};
      create operator === (function = starts_with, leftarg = text, rightarg = text);
      create table wide (${wide.map((name) => `${name.slice(2)} text`).join(', ')});
      insert into wide default values;
      create table payroll (id int primary key, salary int, phone bigint, tags text[], pay numeric);
      insert into payroll values (1, 54321, 5551234567, '{a,b,c}', 54321.5), (2, 100, 7, '{a,b}', 7);
      create table child () inherits (masked);
      create view shown as select ssn as s from masked;
      create table tokens_a (ssn text, mail varchar(40));
      create table tokens_b (person text, other text);
      insert into tokens_a values ('${secrets.ssn}', '${secrets.ssn}');
      insert into tokens_b values ('${secrets.ssn}', '${secrets.ssn}');
      create table other (id int primary key, note text)`,
    )
    const login = backend.login('postgres')
    direct = await WireClient.login(login)
    gateway = await startGateway({
      provider,
      policies,
      policyData: { masked },
      targets: [{ name: 'shop', login }],
    })
    client = await WireClient.login(await gateway.login('langchain-reporting', 'shop'))
  })
  after(async () => {
    client?.close()
    direct?.close()
    await gateway?.close()
    await backend?.close()
    await provider?.close()
  })

  const on = (table: keyof typeof rules, sql: string): string => sql.replaceAll(/\bt\b/g, table)

  function safe(answer: Transcript, sql: string): Transcript {
    assert.equal(finder.find(answer.bytes), undefined, `${sql}\n${answer.text}`)
    assert.ok(!answer.closed, sql)
    return answer
  }

  async function extended(sql: string, format = 0, rows = 0): Promise<Transcript> {
    const pages = rows === 0 ? [execute()] : [1, 2, 3].map(() => execute('', rows))
    return safe(
      await client.ask(parse('', sql), bind({ results: [format] }), describe('P'), ...pages, sync),
      sql,
    )
  }

  async function refusedAll(sql: string): Promise<void> {
    for (const answer of [safe(await client.query(sql), sql), await extended(sql)]) {
      assert.equal(answer.errors[0]?.code, '42501', `${sql}\n${answer.text}`)
      assert.deepEqual(answer.rows, [], sql)
    }
  }

  for (const [sql, expected] of asked)
    test(`${sql.replaceAll(/\s+/g, ' ')}: ${expected === 'refused' ? expected : 'answered'}`, async () => {
      const text = on('masked', sql)
      if (expected === 'refused') return refusedAll(text)
      for (const answer of [
        safe(await client.query(text), text),
        await extended(text),
        await extended(text, 0, 1),
      ]) {
        assert.deepEqual(answer.errors, [], text)
        assert.deepEqual(answer.rows, expected, text)
      }
      assert.deepEqual((await extended(text, 1)).errors, [], text)
    })

  test('a rule that does not have expressions masked has them refused', async () => {
    for (const [sql, expected] of asked) {
      const shows = JSON.stringify(expected).includes(word)
      if (shows) await refusedAll(on('strict', sql))
    }
  })

  for (const sql of moves)
    test(`${sql}: refused, whatever else the rule allows`, async () => {
      for (const table of ['masked', 'open'] as const) await refusedAll(on(table, sql))
      assert.match(
        (await client.query(on('open', sql))).errors[0]?.message ?? '',
        /is masked: it cannot be written/,
      )
    })

  test('whether values fit another type is not asked', async () => {
    const tries = ['varchar(10)', 'varchar(11)', 'int using 1', 'probe'].map(
      (type) => `alter table t alter ssn type ${type}`,
    )
    await backend.run('postgres', "create domain probe as text check (value < '5')")
    const fails = async (sql: string): Promise<boolean> => {
      const answer = await direct.query(`begin; ${on('strict', sql)}; rollback`)
      if (answer.errors.length > 0) await direct.query('rollback')
      return answer.errors.length > 0
    }
    // Directly the length of what is there can be asked so, and what it begins with.
    assert.deepEqual(
      [
        await fails('alter table t alter ssn type varchar(10)'),
        await fails('alter table t alter ssn type text'),
      ],
      [true, false],
    )
    for (const sql of [...tries, 'create table part (x text references t (ssn))'])
      await refusedAll(on('masked', sql))
    await refusedAll('create table part (x int references closed)')
    await backend.run('postgres', 'drop domain probe')
  })

  test('a table that inherits from a masked one is masked like it', async () => {
    await backend.run('postgres', 'drop table if exists heir')
    const { errors } = await client.query('create table heir (extra int) inherits (masked)')
    assert.deepEqual(errors, [])
    await backend.run(
      'postgres',
      `insert into heir (id, name, ssn, extra) values (77, 'x', '${secrets.ssn}', 1)`,
    )
    for (const sql of ['select ssn from masked where id = 77', 'select ssn from heir', 'select * from heir'])
      safe(await extended(sql), sql)
    assert.equal((await extended('select ssn from masked where id = 77')).rows.length, 1)
    await refusedAll('alter table heir no inherit masked')
    await refusedAll('alter table masked detach partition heir')
    await backend.run('postgres', 'drop table heir')
  })

  test('what has a value is not told where the mask is NULL', async () => {
    for (const sql of [
      'select count(ssn) from t',
      'select mail is null from t',
      "select coalesce(mail, 'none' || (1 / 0)) from t",
      'select name from t where mail is not null',
    ])
      await refusedAll(on('nulled', sql))
    const { rows } = await extended(on('nulled', "select coalesce(mail, 'none'), upper(ssn) from t"))
    assert.deepEqual(rows, [
      [null, null],
      [null, null],
    ])
  })

  test('what a type makes of a value is not asked', async () => {
    for (const sql of typed) await refusedAll(sql)
    for (const sql of untold) {
      const { errors, rows } = await extended(sql)
      assert.deepEqual(errors, [], sql)
      assert.ok(rows.length > 0 && rows.flat().every((value) => value === null || value === word), sql)
    }
  })

  test('a rule may allow conditions, and what they tell is then told', async () => {
    for (const [sql, expected] of [
      ["select name from t where ssn like '917%'", [['Zebulon']]],
      ['select name from t order by ssn', [['Ada'], ['Zebulon']]],
      ['select ssn, count(*) from t group by ssn order by ssn limit 1', [['***-**-9999', '1']]],
      ['select count(*) from t a join t b on a.ssn = b.ssn', [['2']]],
      ['select ssn, a.name from t a natural join t b', [[star, 'Zebulon']]],
      ["select count(*) filter (where left(ssn, 1) = '9') from t", [['1']]],
      ['select name, row_number() over (order by ssn) from t where id = 1', [['Zebulon', '1']]],
      ['select distinct left(ssn, 1) from t', [[word], [word]]],
      ["select case when ssn like '9%' then 'yes' end from t", [[word], [word]]],
      ['select ssn::date is null from t', 'failed'],
      ['select ssn from t union select ssn from t', [[word], [word]]],
      ["select regexp_replace(ssn, '-.*', '') from t where id = 1", [[word]]],
    ] as const) {
      const text = on('open', sql)
      for (const answer of [safe(await client.query(text), text), await extended(text)])
        if (expected === 'failed') assert.match(answer.errors[0]?.message ?? '', /words are withheld/, text)
        else assert.deepEqual([answer.errors, answer.rows], [[], expected], text)
    }
    for (const sql of [
      'select setseed(ascii(ssn) / 100.0) from t',
      'select pg_sleep(ascii(ssn)) from t',
      "select setval('numbers', ascii(ssn)) from t",
      'select pg_advisory_lock(ascii(ssn)) from t',
      "select set_config('application_name', ssn, false) from t",
      'create index on t (lower(ssn))',
      'explain select upper(ssn) from t',
    ])
      await refusedAll(on('open', sql))
  })

  test('a rule may refuse every condition', async () => {
    for (const sql of [
      "select name from t where ssn = '917-26-4835'",
      "select ssn = '1' from t",
      "update t set age = 1 where ssn = '917-26-4835'",
    ])
      await refusedAll(on('closed', sql))
    assert.deepEqual((await extended(on('closed', 'select upper(ssn), ssn from t where id = 1'))).rows, [
      [word, star],
    ])
  })

  const session: readonly (readonly [what: string, sql: readonly string[], expected: Expected])[] = [
    [
      'a cursor',
      [
        'begin',
        'declare c scroll cursor for select id, upper(ssn) from t order by id',
        'fetch 1 from c',
        'fetch last from c',
        'commit',
      ],
      [
        ['1', word],
        ['2', word],
      ],
    ],
    [
      'a cursor that outlives its transaction',
      ['declare h cursor with hold for select t from t', 'fetch all from h', 'close h'],
      [[null], [null]],
    ],
    [
      'EXECUTE',
      ['prepare p (int) as select reverse(ssn), ssn from t where id = $1', 'execute p(1)', 'deallocate p'],
      [[word, star]],
    ],
    [
      'several statements',
      [
        'select name from t where id = 1; select upper(ssn), id from t where id = 1; select ssn from t where id = 1',
      ],
      [['Zebulon'], [word, '1'], [star]],
    ],
    [
      'several statements, some without rows',
      ["begin; set local work_mem = '1MB'; select upper(ssn) from t where id = 1; commit"],
      one(word),
    ],
    [
      'several statements, one without a mask',
      ['select 1, 2; select upper(ssn), name from t where id = 1; show timezone'],
      [['1', '2'], [word, 'Zebulon'], ['UTC']],
    ],
  ]
  for (const [what, texts, expected] of session)
    test(`${what} masks expressions`, async () => {
      const rows: unknown[] = []
      for (const sql of texts) {
        const answer = safe(await client.query(on('masked', sql)), sql)
        assert.deepEqual(answer.errors, [], sql)
        rows.push(...answer.rows)
      }
      assert.deepEqual(
        rows.map((row) => JSON.stringify(row).replace(/Etc.UTC|GMT/, 'UTC')),
        (expected as readonly unknown[]).map((row) => JSON.stringify(row)),
      )
    })

  test('COPY masks expressions, where there is no value too', async () => {
    const sql = (format: string): string =>
      `copy (select id, upper(ssn), coalesce(mail, null), t, name from masked t order by id) to stdout (format ${format})`
    for (const [format, expected] of [
      ['text', `1\t${word}\t${word}\t\\N\tZebulon\n2\t${word}\t${word}\t\\N\tAda\n`],
      ['csv', `1,${word},${word},,Zebulon\n2,${word},${word},,Ada\n`],
    ] as const) {
      const answer = safe(await client.query(sql(format)), format)
      assert.deepEqual([answer.errors, answer.copied.toString()], [[], expected])
    }
    const binary = safe(await client.query(sql('binary')), 'binary')
    assert.equal(binary.copied.toString('latin1').split(word).length, 5)
  })

  test('the record says which outputs were masked, and of what', async () => {
    const before = (await gateway.events()).length
    await client.query('select ssn, upper(ssn), to_json(t), name from masked t')
    assert.deepEqual(await recorded(before), [
      { column: 'public.masked.ssn', method: 'last4', values: 2 },
      { column: 'public.masked.ssn', method: 'redact:output_2', values: 2 },
      { column: 'public.masked.mail, public.masked.ssn', method: 'redact:output_3', values: 2 },
    ])
  })

  async function recorded(from: number): Promise<readonly MaskCount[]> {
    const late = AbortSignal.timeout(5_000)
    while (!late.aborted) {
      for (const event of (await gateway.events()).slice(from))
        if (event.type === 'ResponseCompleted' && event.data.masked[0]?.method === 'last4')
          return event.data.masked
      await sleep(20)
    }
    return assert.fail('nothing was recorded')
  }

  test('a table that changes behind the gateway is never read by what it was', async () => {
    const sql = 'select m.*, upper(ssn) from masked m where id = 1'
    assert.deepEqual(
      (await client.ask(parse('known', sql), bind({ statement: 'known' }), execute(), sync)).errors,
      [],
    )
    for (const change of [
      'alter table masked add column extra text',
      'alter table masked drop column age, add column age text',
      'alter table masked drop column extra',
    ]) {
      await direct.query(change)
      const again = await client.ask(bind({ statement: 'known' }), describe('P'), execute(), sync)
      for (const answer of [safe(await client.query(sql), sql), safe(again, sql)])
        assert.ok(answer.errors.length > 0 || answer.text.includes(word), answer.text)
    }
    await direct.query('alter table masked drop column age, add column age int')
  })

  test('a rule may let people decide over what is written elsewhere', async () => {
    await backend.run(
      'postgres',
      `create table people (id int, ssn text); insert into people values (1, '${secrets.ssn}')`,
    )
    const targets = [{ name: 'shop', login: backend.login('postgres') }]
    const deciding = await startGateway({ provider, policies: approved, targets })
    const asking = await WireClient.login(await deciding.login('langchain-reporting', 'shop'))
    try {
      const sql = 'insert into other (id, note) select 50, ssn from people'
      asking.send(message.query(sql))
      const waiting = await asking.until((messages) => messages.some(({ type }) => type === 'N'))
      const [, id = ''] = /\(ref (apr_[0-9A-Z]{26})\)/.exec(waiting.notices[0]?.message ?? '') ?? []
      assert.equal((await direct.query('select 1 from other where id = 50')).rows.length, 0)
      const { password } = await deciding.login('bob', 'shop')
      const voted = await fetch(`http://${deciding.api.host}:${deciding.api.port}/v1/approvals/${id}/votes`, {
        method: 'POST',
        headers: { authorization: `Bearer ${password}`, 'content-type': 'application/json' },
        body: JSON.stringify({ vote: 'approve', reason: 'tested' }),
      })
      assert.equal(voted.status, 200, await voted.text())
      const done = await asking.until((messages) => messages.some(({ type }) => type === 'Z'))
      assert.deepEqual(done.errors, [])
      assert.equal((await direct.query('select 1 from other where id = 50')).rows.length, 1)
      assert.equal(
        safe(await asking.query('select upper(ssn) from people'), 'expressions').errors[0]?.code,
        '42501',
      )
    } finally {
      asking.destroy()
      await deciding.close()
    }
  })

  test('tokens of one domain are alike over tables and columns, and of another one are not', async () => {
    const sql = 'select a.ssn, a.mail, b.person, b.other from tokens_a a, tokens_b b'
    for (const format of [0, 1]) {
      const { rows, errors } = await extended(sql, format)
      assert.deepEqual(errors, [])
      const [ssn, mail, person, other] = rows[0] ?? []
      assert.match(ssn ?? '', /^[\da-f]{32}$/)
      assert.deepEqual([mail, person], [ssn, ssn])
      assert.notEqual(other, ssn)
    }
    const { rows } = await extended('select count(*) from tokens_a a join tokens_b b on a.ssn = b.person')
    assert.deepEqual(rows, [['1']])
  })
})
