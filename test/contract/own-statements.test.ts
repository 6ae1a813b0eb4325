import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { message, WireClient, type Gateway } from '../src/index.ts'
import { Shop } from './shop.ts'

/**
 * What a session has prepared and declared it may read back, as drivers do, and nothing else. Code of the database that runs
 * in it may prepare a text with a masked value in it: where masks are in force nobody reads these texts.
 */

const { parse, sync } = message
const ssn = '123-45-6789'

const leaky = `
  create table people (id int, ssn text);
  insert into people values (1, '${ssn}');
  create function prepares() returns trigger language plpgsql as $$
    begin execute format('prepare leaked as select %L', old.ssn); return new; end $$;
  create trigger prepares before update on people for each row execute function prepares()`

const reads = [
  'select statement from pg_prepared_statements',
  'select * from pg_prepared_statements',
  'select p from pg_prepared_statements p',
  'select count(*) from pg_catalog.pg_prepared_statements where statement like $$%123-%$$',
  'select statement from pg_cursors',
  'select 1 from people, pg_prepared_statements',
  'copy (select statement from pg_prepared_statements) to stdout',
  'create temp table kept as select * from pg_prepared_statements',
  'select statement from pg_prepared_statement()',
  'select statement from pg_cursor()',
]

suite('the statements of a session', () => {
  let shop: Shop
  let open: Gateway
  let masked: Gateway

  before(async () => {
    shop = await Shop.open(leaky)
    open = await shop.door({ policies: 'all' })
    masked = await shop.door({
      policies: 'masks',
      masked: { 'public.people': { ssn: { method: 'redact' } } },
    })
  })
  after(() => shop?.[Symbol.asyncDispose]())

  const on = async (gateway: Gateway): Promise<WireClient> =>
    WireClient.login(await gateway.login('alice', 'shop'))

  test('are its own', async () => {
    const client = await on(open)
    const other = await on(open)
    await client.ask(Buffer.concat([parse('mine', 'select 1 as mine'), sync]))
    await client.query('begin; declare c cursor with hold for select 2 as declared; commit')
    const { rows } = await client.query('select name, statement from pg_prepared_statements')
    assert.deepEqual(rows, [['mine', 'select 1 as mine']])
    const cursors = await client.query('select name, is_holdable from pg_cursors where name <> $$$$')
    assert.deepEqual(cursors.rows, [['c', 't']])
    for (const view of ['pg_prepared_statements', 'pg_cursors where name <> $$$$'])
      assert.deepEqual((await other.query(`select name from ${view}`)).rows, [])
    client.close()
    other.close()
  })

  test('may hold a masked value', async () => {
    const client = await on(open)
    await client.query('update people set id = 2')
    assert.match((await client.query('select statement from pg_prepared_statements')).text, /123-45-6789/)
    client.close()
  })

  for (const sql of reads)
    test(`are refused where masks are in force: ${sql}`, async () => {
      const client = await on(masked)
      assert.equal((await client.query('update people set id = 3')).errors.length, 0)
      const { errors, text, rows } = await client.query(sql)
      assert.equal(errors[0]?.code, '42501')
      assert.ok(!text.includes(ssn) && rows.length === 0)
      client.close()
    })
})
