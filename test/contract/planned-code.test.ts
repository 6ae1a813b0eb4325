import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { loadCatalogue } from '../../adapters/postgres/src/catalogue.ts'
import { startBackend, WireClient, type Backend } from '../src/index.ts'

/**
 * Code of the database that a server runs where a table is only read: what is constant in an index or a condition is
 * calculated when the query is planned.
 */

const definitions: Readonly<Record<string, string>> = {
  index: 'create index on index (id) where seen(1)',
  key: 'create index on key ((id + case when seen(1) then 1 else 0 end))',
  conditions: 'alter table conditions add check (seen(1) or id > 0)',
}

suite('code that runs when a table is read', () => {
  let backend: Backend
  let client: WireClient

  before(async () => {
    backend = await startBackend()
    await backend.run(
      'postgres',
      `create table readers (at int);
      create function notes() returns int language plpgsql as
        $$ begin insert into public.readers values (1); return 1; end $$;
      create function seen(int) returns bool immutable language plpgsql as
        $$ begin perform public.notes(); return true; end $$;
      create table plain (id int primary key check (id > 0));
      create index on plain (abs(id)) where id > 7;
      ${Object.keys(definitions)
        .map((name) => `create table ${name} (id int); insert into ${name} values (1)`)
        .join(';')}`,
    )
    for (const sql of Object.values(definitions)) await backend.run('postgres', sql)
    client = await WireClient.login(backend.login('postgres'))
  })
  after(async () => {
    client?.close()
    await backend?.close()
  })

  test('is known of', async () => {
    const { relations } = await loadCatalogue(async (sql) => {
      const { rows, errors } = await client.query(sql)
      assert.deepEqual(errors, [])
      return rows.map((row) => row.map((cell) => cell ?? ''))
    })
    const runsCode = (name: string): boolean | undefined => relations.get(`public\0${name}`)?.runsCode
    for (const name of Object.keys(definitions)) assert.equal(runsCode(name), true, name)
    assert.equal(runsCode('plain'), false)
    assert.equal(relations.get('pg_catalog\0pg_class')?.runsCode, false)
  })

  test('does run', async () => {
    const { rows: before } = await client.query('select count(*) from readers')
    await client.query('select * from index where id = 1')
    const { rows: now } = await client.query('select count(*) from readers')
    assert.notDeepEqual(now, before)
  })
})
