import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '@sluice/demo'
import { copyCluster } from './cluster.ts'
import { WireClient, type Login } from './wire-client.ts'
import type { Transcript } from './transcript.ts'

/** A real PostgreSQL of a suite's own, reached as its superuser: what an attack needs to work is never missing. */
export interface Backend {
  login(database: string): Login
  /** Runs it on a connection of its own; throws what the server does not accept. */
  run(database: string, sql: string): Promise<Transcript>
  /** Idempotent. */
  close(): Promise<void>
}

/** Nothing in it survives the suite, so it need not wait for the disk. */
const hasty = { fsync: 'off', full_page_writes: 'off', scram_iterations: '1' }

export async function startBackend(settings: Readonly<Record<string, string>> = {}): Promise<Backend> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-backend-'))
  await copyCluster(folder)
  const postgres = await startPostgres({
    dataDir: folder,
    port: 0,
    log: () => {},
    settings: { ...hasty, ...settings },
  })
  const { host, port, superuser } = postgres
  const login = (database: string): Login => ({ host, port, ...superuser, database })
  let closing: Promise<void> | undefined
  return {
    login,
    run: (database, sql) => runOnce(login(database), sql),
    close: () => (closing ??= postgres.close().then(() => rm(folder, { recursive: true, force: true }))),
  }
}

async function runOnce(login: Login, sql: string): Promise<Transcript> {
  const client = await WireClient.login(login)
  try {
    const answer = await client.query(sql)
    const [error] = answer.errors
    if (error !== undefined) throw new Error(`${error.message} ${error.rest}\nin: ${sql.slice(0, 500)}`)
    return answer
  } finally {
    client.close()
  }
}
