import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { loadSampleData, startPostgres } from '@sluice/demo'
import { copyCluster } from '../src/cluster.ts'
import type { Login } from '../src/wire-client.ts'
import { foundation, reset, tables } from './tables.ts'

/** A PostgreSQL with the sample data and the suite's own tables. */
export interface Backend {
  /** As whom the gateway connects too. */
  readonly login: Login
  /** Before each client: the same rows for everybody. */
  reset(): Promise<void>
  /** What the server says of itself, every statement that reached it included. */
  log(): string
  /** Idempotent. */
  close(): Promise<void>
}

/**
 * Nothing in it survives the suite, so it need not wait for the disk; it tells every statement that reaches it. Nobody
 * tidies tables up while their sizes are compared.
 */
const settings = {
  fsync: 'off',
  full_page_writes: 'off',
  scram_iterations: '64',
  log_statement: 'all',
  autovacuum: 'off',
}
/** Large parameters are logged whole. */
const lineCharsMax = 1_000

export async function startBackend(): Promise<Backend> {
  await using parts = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-acceptance-'))
  parts.defer(() => rm(dataDir, { recursive: true, force: true }))
  await copyCluster(dataDir)
  const lines: string[] = []
  const log = (line: string): void => void lines.push(line.slice(0, lineCharsMax))
  const postgres = await startPostgres({ dataDir, port: 0, log, settings, statements: foundation })
  parts.defer(() => postgres.close())
  const { host, port, app } = postgres
  const login = { host, port, ...app }
  await loadSampleData(postgres)
  await run(login, tables)
  const open = parts.move()
  let closing: Promise<void> | undefined
  return {
    login,
    reset: () => run(login, reset),
    log: () => lines.join('\n'),
    close: () => (closing ??= open.disposeAsync()),
  }
}

async function run({ host, port, user, password, database }: Login, sql: string): Promise<void> {
  const client = new Client({ host, port, user, password, database })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
