import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { startBackend, WireClient, type Backend } from '../src/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'

const policies = fileURLToPath(new URL('policies/masks', import.meta.url))
const ssn = '917-26-4835'
const hides = { method: 'last4', derived: 'mask' }
const masked = {
  'public.people': { ssn: hides },
  'public.clients': { ssn: { ...hides, predicates: 'allow' } },
  'public.seen': { note: { method: 'redact', derived: 'mask' } },
}
const functions = [
  'public.taxed',
  'public.lower',
  'public.many',
  { name: 'public.ssn_of', reads: ['public.people'], quiet: true },
  { name: 'public.people_of', reads: ['public.people'], columns: ['id', 'ssn'], quiet: true },
  { name: 'public.found', reads: ['public.people'], columns: ['id'] },
  { name: 'public.fails', reads: ['public.people'] },
  { name: 'public.client', reads: ['public.clients'], columns: ['id'] },
  { name: 'public.orders_of', reads: ['public.orders'], columns: ['id', 'total'] },
  { name: 'public.see', changes: ['public.seen'], quiet: true },
  { name: 'public.gone', reads: ['public.nothing'] },
  'public.imagined',
]

const setUp = `
  create table people (id int, ssn text);
  insert into people values (1, '${ssn}');
  create table clients as select * from people;
  create table orders (id int, total int);
  insert into orders values (1, 10), (2, 20);
  create table seen (note text);
  create function taxed(int) returns int language sql immutable as 'select $1 * 2';
  create function taxed(text) returns text language sql immutable as 'select $1';
  create function lower(int) returns int language sql immutable as 'select $1';
  create schema other;
  create function many(int) returns int language sql immutable as 'select $1';
  create function other.many(text) returns text language sql as 'select ssn from public.people limit 1';
  create function ssn_of(int) returns text language sql stable as 'select ssn from public.people where id = $1';
  create function people_of(int) returns table (id int, ssn text) language sql stable as
    'select id, ssn from public.people where id = $1';
  create function found(text) returns setof int language sql stable as
    'select id from public.people where ssn like $1';
  create function fails(text) returns int language sql stable as
    'select 1 / length(replace(ssn, $1, '''')) from public.people';
  create function client(text) returns setof int language sql stable as
    'select id from public.clients where ssn like $1';
  create function orders_of(int) returns table (id int, total int) language sql stable as
    'select id, total from public.orders where id >= $1';
  create function see(text) returns text language sql volatile as
    'insert into public.seen values ($1); select max(note) from public.seen';
  create function gone() returns int language sql as 'select 1';
  create function silent() returns text language sql as 'select ssn from public.people limit 1'`

type Expected = RegExp | readonly (readonly (string | null)[])[]

/** At a target that vouches for them. */
const cases: readonly (readonly [sql: string, expected: Expected])[] = [
  [
    'select taxed(4), public.taxed(id) from orders order by id',
    [
      ['8', '2'],
      ['8', '4'],
    ],
  ],
  ['select taxed(ssn) from people', /ssn is masked/],
  ['select taxed(ssn) from clients', [['[masked]']]],
  ['select public.taxed(left(ssn, 3)) from clients', [['[masked]']]],
  ["select 1 from people where taxed(ssn) = '1'", /ssn is masked/],
  ['select ssn_of(1)', [['[masked]']]],
  ['select x.v from (select upper(ssn_of(1)) as v) x', [['[masked]']]],
  ["select 1 where ssn_of(1) like '9%'", /masked/],
  ['select count(*) from people_of(1)', [['1']]],
  ['select id, ssn from people_of(1)', [[null, '[masked]']]],
  // What it finds, and whether it fails, would tell of what is masked bit by bit.
  ["select count(*) from found('9%')", /ssn is masked/],
  ["select 1 from orders, found('9%')", /ssn is masked/],
  ["select exists (select from rows from (found('9%')) with ordinality)", /ssn is masked/],
  ["select found('9%')", /ssn is masked/],
  [`select fails('${'x'.repeat(11)}')`, /ssn is masked/],
  ["select count(*) from client('9%')", [['1']]],
  ['select total from orders_of(2) where id = 2', [['20']]],
  [
    'select o.id + 1, total from orders_of(1) o order by 1',
    [
      ['2', '10'],
      ['3', '20'],
    ],
  ],
  ["select see('hello')", [['[masked]']]],
  ['select see(ssn) from people', /ssn is masked/],
  ['select gone()', /public\.nothing does not exist/],
  ['select imagined()', /imagined/],
  ['select silent()', /The function silent/],
  ['select public.silent()', /The function public\.silent/],
  ['select lower(1)', /several, without its schema/],
  ['select public.lower(7)', [['7']]],
  ['select other.many($$x$$)', /The function other\.many/],
  ['select (p).taxed from people p', /as if it were a field/],
  ['select (p).ssn_of from people p', /as if it were a field/],
]

suite('functions of the database that its operator vouches for', { concurrency: 1 }, () => {
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway
  let client: WireClient
  let strict: WireClient

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', setUp)
    const login = backend.login('postgres')
    gateway = await startGateway({
      provider,
      policies,
      policyData: { masked },
      targets: [
        { name: 'shop', login, settings: { functions } },
        { name: 'strict', login },
      ],
    })
    client = await WireClient.login(await gateway.login('langchain-reporting', 'shop'))
    strict = await WireClient.login(await gateway.login('langchain-reporting', 'strict'))
  })
  after(async () => {
    client?.close()
    strict?.close()
    await gateway?.close()
    await backend?.close()
    await provider?.close()
  })

  for (const [sql, expected] of cases)
    test(sql, async () => {
      const answer = await client.query(sql)
      const told = JSON.stringify([answer.rows, answer.errors, answer.notices])
      assert.ok(!told.includes(ssn) && !told.includes('917'), told)
      if (expected instanceof RegExp) assert.match(answer.errors[0]?.message ?? '', expected)
      else assert.deepEqual([answer.errors, answer.rows], [[], expected])
    })

  test('are refused where nobody vouches for them', async () => {
    for (const sql of [
      'select taxed(4)',
      'select ssn_of(1)',
      'select * from orders_of(1)',
      "select see('x')",
    ])
      assert.equal((await strict.query(sql)).errors[0]?.code, '42501', sql)
  })

  test('show policies what they read and change', async () => {
    await client.query('select orders_of(1)')
    await client.query("select see('policy')")
    const seen = (await gateway.events()).flatMap((event) =>
      event.type === 'RequestReceived' ? [JSON.parse(event.data.actions) as unknown] : [],
    )
    const text = JSON.stringify(seen)
    assert.match(text, /public\.orders_of/)
    assert.match(text, /"read_only":false/)
  })
})
