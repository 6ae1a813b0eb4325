import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres, type Postgres } from '@sluice/demo'
import { Client } from 'pg'

/** What pgbench calls its scale: 100 000 accounts each. */
export const scale = 10

const wideRows = 10_000

/** Eight columns, 3.5 MB as text; `ssn` and `card` can be masked to the same and to another length. */
const wideTable = `
CREATE TABLE wide AS
SELECT i AS id, 'Customer number ' || i AS name,
  lpad((i % 665 + 1)::text, 3, '0') || '-' || lpad((i % 99 + 1)::text, 2, '0') || '-' || lpad(i::text, 4, '0') AS ssn,
  '4000' || lpad(i::text, 12, '0') AS card,
  repeat(md5(i::text), 3) AS address, repeat(md5((i + 1)::text), 3) AS notes, repeat(md5((i + 2)::text), 2) AS history,
  timestamptz '2024-01-01 00:00:00+00' + i * interval '1 minute' AS created_at
FROM generate_series(1, ${wideRows}) AS i`

export interface Database extends AsyncDisposable {
  readonly postgres: Postgres
}

/**
 * A PostgreSQL with the benchmark's tables, kept between runs. It trusts whoever reaches it on loopback, so that
 * direct readings pay no log-in either; the demo's own never does.
 */
export async function startDatabase(folder: string, pgbench: string): Promise<Database> {
  await using parts = new AsyncDisposableStack()
  const access = await accessRules()
  parts.defer(() => rm(access, { recursive: true }))
  const postgres = await startPostgres({
    dataDir: join(folder, 'postgres'),
    port: 0,
    log: () => {},
    settings: { hba_file: join(access, 'pg_hba.conf'), shared_buffers: '256MB', max_connections: '1200' },
  })
  parts.defer(() => postgres.close())
  await fill(postgres, pgbench)
  const open = parts.move()
  return { postgres, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

/** Where the account that the server runs as can read it. */
async function accessRules(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-access-'))
  await chmod(folder, 0o755)
  await writeFile(join(folder, 'pg_hba.conf'), 'host all all 127.0.0.1/32 trust\n', { mode: 0o644 })
  return folder
}

async function fill({ host, port, app }: Postgres, pgbench: string): Promise<void> {
  const client = new Client({ host, port, ...app })
  await client.connect()
  try {
    const { rows } = await client.query("SELECT to_regclass('public.wide') IS NOT NULL AS filled")
    if (rows[0]?.filled === true) return
    console.error('filling the tables of the benchmark, once')
    const where = ['-h', host, '-p', String(port), '-U', app.user, app.database]
    const { status, stderr } = spawnSync(pgbench, ['-i', '-q', '-s', String(scale), ...where], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`pgbench could not fill its tables: ${stderr}`)
    await client.query(wideTable)
    await client.query('VACUUM ANALYZE wide')
  } finally {
    await client.end()
  }
}
