import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { startPostgres, type Postgres } from './postgres.ts'
import { loadSampleData, sampleCustomers, sampleOrders } from './sample-data.ts'

/** As restrictive as a home directory: under root, the server's account may not enter it. */
async function privateFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-postgres-test-'))
  await chmod(folder, 0o700)
  return folder
}

type Login = { readonly user: string; readonly password: string; readonly database?: string }

async function ask(server: Postgres, login: Login, sql: string): Promise<readonly unknown[]> {
  const client = new Client({ host: server.host, port: server.port, database: 'shop', ...login })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

suite('a running server', () => {
  let dataDir: string
  let server: Postgres
  const lines: string[] = []

  before(async () => {
    dataDir = await privateFolder()
    server = await startPostgres({
      dataDir,
      port: 0,
      log: (line) => lines.push(line),
      settings: { shared_buffers: '32MB' },
      statements: ['CREATE TABLE extra (x int)', 'INSERT INTO extra VALUES (1)'],
    })
    await loadSampleData(server)
  })
  after(async () => {
    await server.close()
    await rm(dataDir, { recursive: true })
  })

  test('is real, durable, and takes its settings', async () => {
    const [row] = await ask(
      server,
      server.superuser,
      `SELECT current_setting('fsync') AS fsync, current_setting('shared_buffers') AS buffers,
              current_setting('listen_addresses') AS addresses, current_setting('password_encryption') AS scram`,
    )
    assert.deepEqual(row, { fsync: 'on', buffers: '32MB', addresses: '127.0.0.1', scram: 'scram-sha-256' })
    assert.ok(lines.some((line) => line.includes('ready to accept connections')))
  })

  test('refuses a wrong password, also from this machine', async () => {
    await assert.rejects(ask(server, { user: server.app.user, password: 'wrong' }, 'SELECT 1'), {
      code: '28P01',
    })
    await assert.rejects(ask(server, { user: 'postgres', password: server.app.password }, 'SELECT 1'), {
      code: '28P01',
    })
  })

  test('gives the gateway no more than it needs', async () => {
    const [role] = await ask(
      server,
      server.app,
      `SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
       FROM pg_roles WHERE rolname = current_user`,
    )
    assert.deepEqual(role, {
      rolsuper: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
      rolbypassrls: false,
    })
    const forbidden = [
      'CREATE ROLE other',
      'CREATE DATABASE other',
      "COPY (SELECT 1) TO PROGRAM 'true'",
      "SELECT pg_read_file('/etc/passwd')",
      'DROP TABLE extra',
      'SELECT * FROM pg_authid',
      'ALTER SYSTEM SET fsync = off',
    ]
    for (const sql of forbidden) await assert.rejects(ask(server, server.app, sql), { code: '42501' }, sql)
    await assert.rejects(ask(server, { ...server.app, database: 'postgres' }, 'SELECT 1'), { code: '42501' })
  })

  test('lets the gateway write every table and change the schema', async () => {
    assert.deepEqual(await ask(server, server.app, 'INSERT INTO extra VALUES (2) RETURNING x'), [{ x: 2 }])
    await ask(server, server.app, 'UPDATE extra SET x = 3; DELETE FROM extra; TRUNCATE extra')
    await ask(server, server.app, 'CREATE TABLE mine (id int); ALTER TABLE mine ADD y int; DROP TABLE mine')
    await ask(server, server.app, 'ALTER TABLE orders ADD note text; ALTER TABLE orders DROP note')
  })

  test('holds the sample shop', async () => {
    const [counts] = await ask(
      server,
      server.app,
      `SELECT (SELECT count(*)::int FROM customers) AS customers, (SELECT min(id)::int FROM customers) AS first,
              (SELECT count(*)::int FROM orders) AS orders, (SELECT count(*)::int FROM feature_flags) AS flags,
              (SELECT count(*)::int FROM pg_constraint WHERE contype = 'f') AS foreign_keys,
              (SELECT count(DISTINCT email)::int FROM customers) AS emails`,
    )
    assert.deepEqual(counts, {
      customers: sampleCustomers,
      first: 1,
      orders: sampleOrders,
      flags: 6,
      foreign_keys: 0,
      emails: sampleCustomers,
    })
    const orphans = await ask(
      server,
      server.app,
      'SELECT FROM orders WHERE customer_id NOT IN (SELECT id FROM customers)',
    )
    assert.equal(orphans.length, 0)
    const next = await ask(
      server,
      server.app,
      'INSERT INTO orders (customer_id, total) VALUES (1, 2) RETURNING id',
    )
    assert.deepEqual(next, [{ id: String(sampleOrders + 1) }])
  })

  test('its numbers look real: cards pass Luhn, social security numbers are possible', async () => {
    const rows = await ask(server, server.app, 'SELECT card, ssn FROM customers')
    for (const row of rows as readonly { card: string; ssn: string }[]) {
      assert.match(row.card, /^\d{16}$/)
      const sum = Array.from(row.card, Number)
        .toReversed()
        .reduce((total, digit, index) => {
          const value = digit * (index % 2 === 1 ? 2 : 1)
          return total + Math.floor(value / 10) + (value % 10)
        }, 0)
      assert.equal(sum % 10, 0, row.card)
      assert.match(row.ssn, /^(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}$/)
    }
  })

  test('is loaded once, and always the same', async () => {
    await ask(server, server.app, "UPDATE customers SET name = 'changed' WHERE id = 2")
    await loadSampleData(server)
    const rows = await ask(
      server,
      server.app,
      'SELECT id, name, email, ssn, card FROM customers WHERE id <= 2 ORDER BY id',
    )
    assert.deepEqual(rows, [
      {
        id: '1',
        name: 'Nadia Fischer',
        email: 'nadia.fischer1@example.com',
        ssn: '188-70-6144',
        card: '4000290979900015',
      },
      {
        id: '2',
        name: 'changed',
        email: 'samir.tanaka2@example.com',
        ssn: '408-87-0378',
        card: '4000241264200025',
      },
    ])
  })
})

test('a second start keeps passwords and rows, and a stale pid file does not stop it', async () => {
  const dataDir = await privateFolder()
  const first = await startPostgres({ dataDir, port: 0, log: () => {} })
  await ask(first, first.app, 'CREATE TABLE kept (x int); INSERT INTO kept VALUES (7)')
  await Promise.all([first.close(), first.close()])
  // The number of a process that lives and is no server: ours.
  await writeFile(join(dataDir, 'cluster', 'postmaster.pid'), `${process.pid}\n`)
  const second = await startPostgres({ dataDir, port: 0, log: () => {} })
  assert.deepEqual(second.app, first.app)
  assert.deepEqual(await ask(second, second.app, 'SELECT x FROM kept'), [{ x: 7 }])
  await second.close()
  await rm(dataDir, { recursive: true })
})

test('a port that is taken is reported in the words of the server', async () => {
  const dataDir = await privateFolder()
  const server = await startPostgres({ dataDir: join(dataDir, 'a'), port: 0, log: () => {} })
  await assert.rejects(
    startPostgres({ dataDir: join(dataDir, 'b'), port: server.port, log: () => {} }),
    /in use/,
  )
  await server.close()
  await rm(dataDir, { recursive: true })
})

test('it dies with its parent, even when that is killed', async () => {
  const dataDir = await privateFolder()
  const script = `
    import { startPostgres } from ${JSON.stringify(new URL('postgres.ts', import.meta.url).href)}
    const server = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, port: 0, log: () => {} })
    console.log(server.port)
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(parent.stdout, 'data')
  const server = Number.parseInt(await readFile(join(dataDir, 'cluster', 'postmaster.pid'), 'utf8'), 10)
  process.kill(server, 0)
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  // Opening waits for the old server's shutdown, so it also shows that one can start again at once.
  const again = await startPostgres({ dataDir, port: 0, log: () => {} })
  assert.throws(() => process.kill(server, 0), { code: 'ESRCH' })
  await again.close()
  await rm(dataDir, { recursive: true })
})
