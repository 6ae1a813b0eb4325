import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider } from '@sluice/demo'
import { message, startBackend, startGateway, WireClient, type Transcript } from '../src/index.ts'

/**
 * What the gateway says in the server's place, of a text that is none and of names that do not exist, is what the server
 * says, the place in the text included: editors put their cursor there. Most hints are missing.
 */

const { bind, execute, parse, sync } = message
const policies = fileURLToPath(new URL('policies/all', import.meta.url))

const misread: readonly string[] = [
  'selec 1',
  'select 1 from',
  "select 'é', from people",
  'select 1;\n\n select é é é',
  "select 'abc",
  'select 1e',
  "select U&'\\00'",
  'select * from nowhere',
  '-- ünïcödé\nselect 1 from people, nowhere',
  'select * from nowhere.people',
  'select 1 from people p join nowhere n on n.id = p.id',
  'select (select max(id) from nowhere) from people',
  'with one as (select 1) select * from one, two',
  'insert into nowhere values (1)',
  'update nowhere set id = 1',
  'delete from nowhere',
  'merge into nowhere n using people p on p.id = n.id when matched then delete',
  'merge into people p using nowhere n on p.id = n.id when matched then delete',
  'copy (select * from nowhere) to stdout',
  'create view seen as select * from nowhere',
  'create table alike (like nowhere)',
  'explain select * from nowhere',
  'prepare later as select * from nowhere',
  'declare c cursor for select * from nowhere',
  // These commands say no place.
  'truncate nowhere',
  'copy nowhere to stdout',
  'copy nowhere from stdin',
  'alter table nowhere add x int',
  'create index on nowhere (id)',
  'analyze nowhere',
  'grant select on nowhere to public',
  'create table refers (id int references nowhere)',
  // Columns.
  'select nothing from people',
  "select 'é', nothing from people",
  'select id from people where nothing = 1',
  'select id from people where 1 = people.nothing',
  'select id from people where nothing is null and id = 1',
  'select p.nothing from people p',
  'select public.people.nothing from people',
  'select max(nothing) from people',
  'select id from people where id in (nothing)',
  'select id from people order by nothing',
  'select id from people group by nothing',
  'select id from people having nothing > 1',
  'select id from people where exists (select 1 from other where other.nothing = id)',
  'select case nothing when 1 then 2 end from people',
  'select coalesce(nothing, 1) from people',
  'select array[nothing] from people',
  "select nothing || 'x' from people",
  'select nothing::text from people',
  'select sum(nothing) over () from people',
  'select id from people limit nothing',
  'insert into people (id) values (1) returning nothing',
  'insert into people (id) select nothing from other',
  'update people set id = nothing',
  'update people set id = 1 where nothing = 2',
  'delete from people where nothing = 2',
  // Entries of FROM.
  'select x.id from people p',
  'select x.* from people p',
  'select 1 from people p join other o on x.id = 1',
  'delete from people where x.id = 1',
  'select other.people.id from people',
  'select 1 from other people, people p where public.people.id = 1',
]

/** Here the hint is the server's too. */
const hinted: readonly string[] = [
  'select people.id from people p',
  'select people.* from people p, other',
  'select public.people.id from people p',
  'select id from people p where people.id = 1',
  'select 1 from people p join other o on o.id = people.id',
  'select (select people.id from other o) from people p, people q',
  'select people.id from people p, other people where public.people.id = 1',
  'update people p set id = 1 where people.id = 1',
  'delete from people p where people.id = 1 returning people.id',
  'insert into people as p values (1) returning people.id',
]

suite('what is misread', () => {
  const parts = new AsyncDisposableStack()
  let direct: WireClient
  let through: WireClient

  before(async () => {
    const provider = await startIdentityProvider({ port: 0 })
    parts.defer(() => provider.close())
    const backend = await startBackend()
    parts.defer(() => backend.close())
    await backend.run('postgres', 'create table people (id int, label text); create table other (id int)')
    const login = backend.login('postgres')
    const gateway = await startGateway({ provider, policies, targets: [{ name: 'shop', login }] })
    parts.defer(() => gateway.close())
    direct = await WireClient.login(login)
    parts.defer(() => direct.close())
    through = await WireClient.login(await gateway.login('alice', 'shop'))
    parts.defer(() => through.close())
  })
  after(() => parts.disposeAsync())

  for (const sql of misread)
    test(sql, async () => {
      for (const ask of [simple, prepared]) {
        const said = errorOf(await ask(direct, sql))
        assert.deepEqual(errorOf(await ask(through, sql)), said)
      }
    })

  for (const sql of hinted)
    test(sql, async () => {
      for (const ask of [simple, prepared]) {
        const said = hintOf(await ask(direct, sql))
        assert.match(JSON.stringify(said), /table alias/)
        assert.deepEqual(hintOf(await ask(through, sql)), said)
      }
    })
})

function hintOf({ errors }: Transcript): unknown {
  return (
    errors[0] && {
      ...errors[0],
      rest: /Perhaps you meant to reference the table alias "[^"]*"\./.exec(errors[0].rest)?.[0],
    }
  )
}

function simple(client: WireClient, sql: string): Promise<Transcript> {
  return client.query(sql)
}

function prepared(client: WireClient, sql: string): Promise<Transcript> {
  return client.ask(Buffer.concat([parse('', sql), bind({}), execute(), sync]))
}

function errorOf({ errors, closed }: Transcript): unknown {
  assert.equal(closed, false)
  const [error] = errors
  return error && { code: error.code, message: error.message, position: error.position }
}
