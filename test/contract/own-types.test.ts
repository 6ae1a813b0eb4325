import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { loadCatalogue, type Catalogue } from '../../adapters/postgres/src/catalogue.ts'
import { message, startBackend, TraceFinder, WireClient, type Backend } from '../src/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'

const { parse, bind, describe, execute, sync } = message
const policies = fileURLToPath(new URL('policies/masks', import.meta.url))
const ssn = '917-26-4835'
const masked = { 'public.people': { ssn: { method: 'last4', derived: 'mask' } } }
const finder = new TraceFinder({ ssn })

/** What would be run, were one of these types taken for plain, leaves a row here. */
const setUp = `
  create table people (id int, ssn text);
  insert into people values (1, '${ssn}');
  create table ran (what text);
  create function notes(what text) returns bool language sql volatile as
    'insert into public.ran values ($1); select true';
  create type mood as enum ('happy', 'sad');
  create domain code as varchar(8);
  create domain required as code not null;
  create type address as (street text, moods mood[], code code);
  create type nested as (place address, spans int4range);
  create type span as range (subtype = numeric);
  create type mood_span as range (subtype = mood);
  create domain checked as text check (notes(value));
  create domain spans as span;
  create type hidden as (x checked);
  create type document as (x xml);
  create type listed as (x hidden[]);
  create type cast_from as (x int);
  create function to_int(cast_from) returns int language sql as 'insert into public.ran values (''cast''); select 1';
  create cast (cast_from as int) with function to_int(cast_from) as assignment;
  create type cast_to as enum ('a');
  create function to_enum(int) returns cast_to language sql as 'select ''a''::cast_to';
  create cast (int as cast_to) with function to_enum(int);
  create function less(text, text) returns int language sql immutable as 'select 0';
  create operator class strange for type text using btree as
    operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 less(text, text);
  create type strange_span as range (subtype = text, subtype_opclass = strange);
  create function difference(int, int) returns float8 language sql immutable as 'select 0.0::float8';
  create type difference_span as range (subtype = int, subtype_diff = difference);
  create type ordered as (x int);
  create function compare(ordered, ordered) returns int language sql immutable as 'select 0';
  create operator class ordered_ops default for type ordered using btree as function 1 compare(ordered, ordered);
  create table rows (x text);
  create type bare;
  create function bare_in(cstring) returns bare language internal strict immutable as 'int8in';
  create function bare_out(bare) returns cstring language internal strict immutable as 'int8out';
  create type bare (input = bare_in, output = bare_out, like = int8);
  create function alike(bare, bare) returns bool language internal strict immutable as 'int8eq';
  create operator = (leftarg = bare, rightarg = bare, function = alike, commutator = =);
  create function other(bare, bare) returns bool language internal strict immutable as 'int8lt';
  create operator <> (leftarg = bare, rightarg = bare, function = other);
  create function less(bare, bare) returns bool language internal strict immutable as 'int8lt';
  create function at_least(bare, bare) returns bool language sql as 'select public.notes(''negator'')';
  create operator < (leftarg = bare, rightarg = bare, function = less, negator = >=);
  create operator >= (leftarg = bare, rightarg = bare, function = at_least, negator = <);
  create function more(bare, bare) returns bool language internal strict immutable as 'int8gt';
  create operator > (leftarg = bare, rightarg = bare, function = more);
  create function compare(bare, bare) returns int language sql immutable as 'select 0';
  create operator class bare_ops for type bare using btree as operator 5 >, function 1 compare(bare, bare);
  create type bent as range (subtype = int);
  create function bent(int, int, int default 3) returns bool language sql as 'select public.notes(''constructor'')';
  create type twice as range (subtype = int);
  create function twice(numeric, numeric, int) returns bool language sql as 'select public.notes(''overload'')';
  create table bares (x bare);
  insert into bares values ('1');
  create domain value as text check (notes(value));
  create domain length as int check (value > 3);
  create operator ~ (leftarg = text, rightarg = int, function = odd)`.replace(
  'create operator ~',
  `create function odd(text, int) returns bool language sql as 'select public.notes($1)';
  create operator ~`,
)

const plain = 'mood code required address nested span mood_span spans'.split(' ')

const opaque =
  'checked hidden document listed cast_from cast_to strange_span difference_span ordered bare rows people'.split(
    ' ',
  )

suite('types and operators of the database’s own', { concurrency: 1 }, () => {
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway
  let direct: WireClient
  let client: WireClient
  let catalogue: Catalogue

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', setUp)
    const login = backend.login('postgres')
    direct = await WireClient.login(login)
    catalogue = await loadCatalogue(async (sql) => {
      const { rows, errors } = await direct.query(sql)
      assert.deepEqual(errors, [], sql)
      return rows.map((row) => row.map((cell) => cell ?? ''))
    })
    const targets = [{ name: 'shop', login }]
    gateway = await startGateway({ provider, policies, policyData: { masked }, targets })
    client = await WireClient.login(await gateway.login('langchain-reporting', 'shop'))
  })
  after(async () => {
    client?.close()
    direct?.close()
    await gateway?.close()
    await backend?.close()
    await provider?.close()
  })

  const isTrusted = (known: Catalogue['types'], name: string): boolean =>
    known.get(name)?.every(({ trusted }) => trusted) ?? assert.fail(`no ${name}`)

  test('the catalogue proves those plain that run nobody’s code', () => {
    for (const name of [...plain, 'span_multirange']) assert.ok(isTrusted(catalogue.types, name), name)
  })

  test('and no other', () => {
    for (const name of opaque) assert.ok(!isTrusted(catalogue.types, name), name)
  })

  test('an operator that runs the code of the server’s operator of its name, and no other', () => {
    assert.ok(isTrusted(catalogue.operators, '='))
    for (const name of ['<>', '~', '>=']) assert.ok(!isTrusted(catalogue.operators, name), name)
  })

  test('nor one in whose place the planner may run something else', () => {
    for (const name of ['<', '>']) assert.ok(!isTrusted(catalogue.operators, name), name)
  })

  test('names of fields that no function and no type has', () => {
    for (const field of ['street', 'moods', 'place']) assert.ok(catalogue.fields.has(field), field)
    assert.ok(!catalogue.fields.has('code'), 'it may be a cast')
  })

  const passing = [
    `select ('(Main,{happy},x)'::address).street`,
    `select row('Main', array['sad']::mood[], 'x')::address`,
    `select '[1,2]'::span, '{[1,2]}'::span_multirange, 'x'::code, '[happy,sad]'::mood_span`,
    `select 1 where '[1,2]'::span = '[1,2]'::span`,
    `select (row(row('Main', null, null), '[1,2)')::nested).place.street`,
    'select id = 1 from people',
    `select * from jsonb_populate_record(null::address, '{"street": "Main", "moods": ["sad"]}')`,
    `select * from json_populate_recordset(null::nested, '[{"place": {"code": "x"}}, {"spans": "[1,2)"}]')`,
    `select span(1, 2), span(1.5, 2, '[]'), span_multirange(span(1, 2), span(3, 4)), mood_span('happy', 'sad')`,
    `begin; create type "a.range" as range (subtype = text); select '[a,b)'::"a.range"; rollback`,
    `begin; create type made as range (subtype = text, collation = "C"); select '[a,b)'::made; rollback`,
    `begin; create type made as range (subtype = mood, multirange_type_name = mades); select '[sad,sad]'::made; rollback`,
  ]
  for (const sql of passing)
    test(`passes: ${sql}`, async () => {
      const expected = await direct.query(sql)
      const answer = await client.query(sql)
      assert.deepEqual(answer.errors, [], answer.text)
      assert.deepEqual(answer.rows, expected.rows)
    })

  test('parameters of a plain type are read, of another they are not', async () => {
    const oid = async (name: string): Promise<number> =>
      Number((await direct.query(`select '${name}'::regtype::oid`)).rows[0]?.[0])
    const ask = async (name: string, value: string): Promise<readonly string[]> => {
      const { errors } = await client.ask(
        parse('', 'select $1', [await oid(name)]),
        bind({ values: [value] }),
        describe('P'),
        execute(),
        sync,
      )
      return errors.map(({ code }) => code)
    }
    assert.deepEqual(await ask('address', '(Main,{happy},x)'), [])
    assert.deepEqual(await ask('checked', 'x'), ['42501'])
    assert.deepEqual(await ask('cast_from', '(1)'), ['42501'])
  })

  const refused = [
    `select 'x'::checked`,
    `select row('x')::hidden`,
    `select '(1)'::cast_from::int`,
    `select 1::cast_to`,
    `select '[a,b]'::strange_span`,
    `select strange_span('a', 'b')`,
    'select difference_span(1, 2)',
    'select bent(1, 2)',
    'select twice(1, 2)',
    'select 1 from people where span(id, 1) is not null and mood_span(ssn::mood, null) is null',
    `select 'x' ~ 1`,
    `select '(x)'::rows`,
    `select jsonb_populate_record(null::hidden, '{"x": "x"}')`,
    `select jsonb_populate_record(null::document, '{"x": "<x/>"}')`,
    `select jsonb_populate_record(r, '{"x": "x"}') from rows r`,
    `select jsonb_populate_record(row('x', null, null)::address, '{}')`,
    `select jsonb_populate_record((select null::address), '{}')`,
    `select (jsonb_populate_record(null::address, to_jsonb(p))).street from people p`,
    `select * from people, jsonb_populate_record(null::address, jsonb_build_object('street', ssn))`,
    // The field is hidden like what it is of.
    `select (row(ssn, null, null)::address).street from people`,
    `select 1 from people where (row(ssn, null, null)::address).street = 'x'`,
    `select ssn::code from people`,
    `select ('(Main,{happy},x)'::address).notes`,
    `select ('x'::text).notes`,
    'select 1 from bares where not x < x',
    // By the name of a function or a field, a type is cast to.
    `select ('x'::text).value`,
    `select (ssn).value from people`,
    `select length('x'::varchar)`,
    `select (ssn).street from people`,
    `create domain place as text check (value < '5'); select (ssn).place from people`,
    `create domain reverse as text; select reverse('x'::varchar)`,
    'create domain upper as text',
    'create domain key as text',
    'create domain text as pg_catalog.text',
    `create type public.lower as enum ('a')`,
    'create type reverse as (x int)',
    'create type wide as range (subtype = checked)',
    'create type wide as range (subtype = text, subtype_opclass = strange)',
    'create type wide as range (subtype = int, subtype_diff = difference)',
    'create type wide as range (subtype = int, canonical = notes)',
    'create type reverse as range (subtype = int)',
    'create type wide as range (subtype = int, multirange_type_name = upper)',
    'create type wide as range (subtype = int, multirange_type_name = pg_temp.wide)',
    'create type pg_temp.wide as range (subtype = int)',
    "create type wide as range (subtype = text); select wide('a', 'b')",
  ]
  for (const sql of refused)
    test(`refused: ${sql}`, async () => {
      for (const answer of [
        await client.query(sql),
        await client.ask(parse('', sql), bind({}), describe('P'), execute(), sync),
      ]) {
        assert.equal(answer.errors[0]?.code, '42501', answer.text)
        assert.equal(finder.find(answer.bytes), undefined, sql)
      }
    })

  test('nothing of anybody’s has run', async () => {
    assert.deepEqual((await direct.query('select * from ran')).rows, [])
  })

  test('a cast that comes later is known with the next picture', async () => {
    assert.deepEqual((await client.query(`select '(x,{},y)'::address`)).errors, [])
    await backend.run(
      'postgres',
      `create function to_text(address) returns text language sql as 'select ssn from public.people limit 1';
      create cast (address as text) with function to_text(address)`,
    )
    // What somebody changes beside the gateway is read with the next definition at the latest.
    assert.deepEqual((await client.query('create table later (x int)')).errors, [])
    const answer = await client.query(`select '(x,{},y)'::address::text`)
    assert.equal(answer.errors[0]?.code, '42501')
    assert.equal(finder.find(answer.bytes), undefined)
  })
})
