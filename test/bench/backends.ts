import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startChild } from './child.ts'
import { scale, startDatabase } from './database.ts'
import type { Endpoint } from './endpoints.ts'
import { startGateway } from './gateway.ts'
import { startPgbouncer } from './pgbouncer.ts'
import { findProgram } from '../src/program.ts'

/** Everything that is compared, all of it running. */
export interface Backends {
  /** Path of pgbench. */
  readonly pgbench: string
  readonly endpoints: readonly Endpoint[]
  /** Those that are read with a wide result, with their kinds of masks. */
  readonly wideEndpoints: readonly Endpoint[]
  /** A pgbench script of which no two statements are the same, neither in text nor in shape. */
  readonly uniqueScript: string
  close(): Promise<void>
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const relay = fileURLToPath(new URL('relay.ts', import.meta.url))

/** A result column is named anew each time, so that nothing that was parsed, judged or cached before fits. */
const unique = `\\set aid random(1, ${scale * 100_000})
\\set n random(1, 1000000000)
SELECT abalance AS v:n FROM pgbench_accounts WHERE aid = :aid;
`

/** `path` is searched for pgbench and pgbouncer. Data stays in the project's `.sluice`, on a real disk. */
export async function startBackends(path: string): Promise<Backends> {
  const pgbench = findProgram('pgbench', path)
  if (pgbench === null)
    throw new Error('the benchmark needs pgbench: on Debian, apt-get install postgresql-contrib')
  const folder = join(root, '.sluice', 'bench')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const uniqueScript = join(folder, 'unique.sql')
  await writeFile(uniqueScript, unique)

  await using parts = new AsyncDisposableStack()
  const { postgres } = parts.use(await startDatabase(folder, pgbench))
  const server = { host: postgres.host, port: postgres.port, ...postgres.app, pid: null }
  const direct: Endpoint = { name: 'direct', ...server }
  const direct2: Endpoint = { name: 'direct2', ...server }
  const pooler = parts.use(await startPgbouncer(postgres, path))
  const copying = await startChild({
    program: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', relay, String(postgres.port)],
    until: /listening on (\d+)/,
  })
  parts.defer(() => copying.stop())
  const relayed: Endpoint = { ...server, name: 'relay', port: Number(copying.ready[1]), pid: copying.pid }
  const gateway = parts.use(await startGateway(folder, postgres))

  const open = parts.move()
  const pooled = pooler === null ? [] : [pooler.endpoint]
  return {
    pgbench,
    endpoints: [direct, direct2, ...pooled, relayed, ...gateway.plain],
    wideEndpoints: [direct, direct2, gateway.plain[0], ...gateway.masking],
    uniqueScript,
    close: () => open.disposeAsync(),
  }
}
