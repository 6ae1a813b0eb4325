import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { message, WireClient, type Gateway, type Transcript } from '../src/index.ts'
import { Shop } from './shop.ts'

/**
 * A table that the open transaction has altered, or dropped and made anew, has columns that nobody else sees yet: migrations
 * go on with them. It may be what it was before again, with the masks that it had.
 */

const { bind, execute, parse, sync } = message
const ssn = '123-45-6789'
const people = `create table people (id int, ssn text); insert into people values (1, '${ssn}')`
const anew = 'drop table people; create table people (key int, label text)'

/** Each begins a transaction that is rolled back. */
const migrations: readonly (readonly string[])[] = [
  [
    'drop table people',
    'create table people (key int)',
    'insert into people (key) values (7)',
    'table people',
  ],
  [anew, 'select key, label from people', 'select id from people', 'copy people (key) to stdout'],
  [anew, "insert into people values (1, 'a') returning label", 'update people set label = key'],
  [anew, 'select p.key from people p where p.label is null', 'select people from people'],
  ['drop table if exists people, nobody', 'select id from people', 'table people'],
  [
    'alter table people add column extra text',
    "update people set extra = 'x' where extra is null",
    'table people',
  ],
  [
    'alter table people add column extra int default 5, add extra2 int',
    'select sum(extra + extra2) from people',
  ],
  [
    'alter table people add column extra int',
    'create index on people (extra)',
    'select id from people order by extra',
  ],
  ['alter table people add column extra int', 'alter table people alter extra set not null'],
  ['alter table people add column extra int', 'copy people (extra) to stdout', 'select nothing from people'],
  ['savepoint s', anew, 'rollback to s', 'select id from people', 'select key from people'],
  ['savepoint s', 'alter table people add x int', 'rollback to s', 'select x from people'],
  [
    'create view seen as select 1 as one',
    'drop view seen',
    'create view seen as select 2 as two',
    'select two from seen',
  ],
]

/** Each leaves the masked table as it was, or with more columns. */
const returns: readonly (readonly string[])[] = [
  ['begin', 'savepoint s', 'drop table people', 'rollback to s'],
  ['begin', 'savepoint s', anew, 'rollback to s'],
  ['begin; savepoint s; drop table people; create table people (ssn int); rollback to s'],
  ['begin', 'alter table people add column extra text'],
  ['begin', 'alter table people drop column id, add column id int'],
  ['begin', 'savepoint s', 'alter table people drop column ssn, add column ssn text', 'rollback to s'],
  ['begin', 'drop table if exists nobody'],
]

const shown = 'select ssn from people'

const reads = [
  shown,
  'select * from people',
  'table people',
  'select p from people p',
  'select people.* from people',
  'select p.ssn from people p',
  'select upper(ssn), reverse(ssn) from people',
  'select extra from (select ssn as extra from people) s',
  'select row_to_json(p) from people p',
  'select array_agg(ssn) from people',
  'copy people to stdout',
  'copy people (ssn) to stdout',
  'copy (select ssn from people) to stdout',
  'update people set id = 2 returning ssn',
  'update people set id = 2 returning *',
  'select (p).ssn from people p',
  'select s.a from people s(b, a)',
  'select ssn from people union select null',
  'update people set extra = ssn returning extra',
  'select coalesce(extra, ssn) from people',
  'select (select ssn from (select extra from people) s limit 1) from people',
  'alter table people add column copied text generated always as (ssn) stored; table people',
  'create table other as select * from people; table other',
  'alter table people rename column ssn to other; select other from people',
]

suite('a table that the transaction has changed', () => {
  let shop: Shop
  let open: Gateway
  let masked: Gateway

  before(async () => {
    shop = await Shop.open(people)
    open = await shop.door({ policies: 'all' })
    const rules = { 'public.people': { ssn: { method: 'redact', derived: 'mask' } } }
    masked = await shop.door({ policies: 'masks', masked: rules })
  })
  after(() => shop?.[Symbol.asyncDispose]())

  const on = async (gateway: Gateway): Promise<WireClient> =>
    WireClient.login(await gateway.login('alice', 'shop'))

  for (const migration of migrations)
    for (const [how, ask] of Object.entries({ simple, extended }))
      test(`is the server's, ${how}: ${migration.join('; ')}`, async () => {
        const direct = await told(await WireClient.login(shop.direct), migration, ask)
        assert.deepEqual(await told(await on(open), migration, ask), direct)
      })

  for (const before of returns)
    test(`keeps its masks: ${before.join('; ')}`, async () => {
      for (const sql of reads) {
        const client = await on(masked)
        for (const each of before) assert.equal((await client.query(each)).errors.length, 0, each)
        const { text, errors } = await client.query(sql)
        for (const form of [ssn, [...ssn].toReversed().join('')]) assert.ok(!text.includes(form), sql)
        if (sql === shown) assert.equal(errors.length, 0)
        await client.query('rollback')
        client.close()
      }
    })
})

type Ask = (client: WireClient, sql: string) => Promise<Transcript>

async function told(client: WireClient, migration: readonly string[], ask: Ask): Promise<unknown> {
  try {
    const said: unknown[] = []
    for (const sql of ['begin', ...migration, 'rollback'])
      for (const each of sql.split('; ')) said.push(essence(await ask(client, each)))
    return said
  } finally {
    client.close()
  }
}

function simple(client: WireClient, sql: string): Promise<Transcript> {
  return client.query(sql)
}

function extended(client: WireClient, sql: string): Promise<Transcript> {
  return client.ask(Buffer.concat([parse('', sql), bind({}), execute(), sync]))
}

function essence({ errors, rows, tags, copied, closed }: Transcript): unknown {
  const said = errors.map(({ code, message: words, position }) => ({ code, words, position }))
  return { said, rows, tags, copied: copied.toString(), closed }
}
