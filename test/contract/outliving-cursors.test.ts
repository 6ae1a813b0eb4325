import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { message, WireClient, type Gateway } from '../src/index.ts'
import { Shop } from './shop.ts'

/** A cursor WITH HOLD keeps its rows when the table, by whose name they are masked, is no more or another one. */

const { bind, execute, parse, sync } = message
const ssn = '900-12-3456'

/** A definition makes the gateway read the target's names again. */
const looksAgain = "comment on schema public is 'seen'"

/** T is the table of each case. `by`: who changes it, the session of the cursor or somebody at the server itself. */
const changes: Readonly<Record<string, readonly [by: 'itself' | 'others', sql: string]>> = {
  'was dropped': ['itself', 'drop table T'],
  'was dropped in the same transaction': ['itself', 'begin; drop table T; commit'],
  'was made anew': ['itself', `drop table T; create table T (id int, ssn text, name text)`],
  'was dropped by others': ['others', 'drop table T'],
  'was renamed': ['others', 'alter table T rename to T_old'],
  'has another column of the name': [
    'others',
    'alter table T rename ssn to was; alter table T add ssn text default 1',
  ],
  'left its parent': ['others', 'alter table T no inherit T_parent; drop table T_parent'],
}

suite('cursors that outlive their tables', () => {
  let shop: Shop
  let gateway: Gateway
  const names = Object.keys(changes)

  before(async () => {
    shop = await Shop.open()
    const masked: Record<string, unknown> = {}
    for (let at = 0; at <= names.length; at++) {
      const isChild = names[at] === 'left its parent'
      await shop.backend.run(
        'postgres',
        named(
          `create table T_parent (id int, ssn text, name text); create table T (id int, ssn text, name text);
          insert into T select n, '${ssn}', 'Ann' from generate_series(1, 3) n;
          ${isChild ? 'alter table T inherit T_parent' : ''}`,
          at,
        ),
      )
      masked[named(isChild ? 'public.T_parent' : 'public.T', at)] = {
        ssn: { method: 'redact', derived: 'mask' },
      }
      if (isChild) masked[named('public.T', at)] = { name: { method: 'none' } }
    }
    gateway = await shop.door({ policies: 'masks', masked })
  })
  after(() => shop?.[Symbol.asyncDispose]())

  for (const [at, [what, [by, change]]] of Object.entries(changes).entries())
    test(`show nothing in clear: a table that ${what}`, async () => {
      const client = await WireClient.login(await gateway.login('alice', 'shop'))
      const declare = named(`declare c cursor with hold for select id, ssn, ssn || '' from T`, at)
      assert.deepEqual((await client.query(declare)).errors, [])
      assert.deepEqual((await client.query('fetch 1 from c')).rows, [['1', '[masked]', '[masked]']])
      if (by === 'others') await shop.backend.run('postgres', named(change, at))
      else assert.deepEqual((await client.query(named(change, at))).errors, [])
      if (by === 'others') assert.deepEqual((await client.query(looksAgain)).errors, [])
      const simple = await client.query('fetch 1 from c')
      const extended = await client.ask(parse('', 'fetch 1 from c'), bind(), execute(), sync)
      for (const { errors, text } of [simple, extended]) {
        assert.equal(errors[0]?.code, '42501')
        assert.ok(!text.includes(ssn))
      }
      client.close()
    })

  test('are read on while others add a column and a child', async () => {
    const at = names.length
    const client = await WireClient.login(await gateway.login('alice', 'shop'))
    await client.query(named(`declare c cursor with hold for select id, ssn, ssn || '' from T`, at))
    await shop.backend.run(
      'postgres',
      named('alter table T add z int; create table T_new () inherits (T)', at),
    )
    assert.deepEqual((await client.query(looksAgain)).errors, [])
    assert.deepEqual((await client.query('fetch 1 from c')).rows, [['1', '[masked]', '[masked]']])
    client.close()
  })
})

function named(sql: string, at: number): string {
  return sql.replaceAll(/\bT(_[a-z]+)?\b/g, (_, more = '') => `t${more}_${at}`)
}
