import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serverAccount, type Postgres } from '@sluice/demo'
import { startChild } from './child.ts'
import type { Endpoint } from './endpoints.ts'
import { freePort } from '@sluice/demo'
import { findOrInstall } from '../src/program.ts'

export interface Pooler extends AsyncDisposable {
  readonly endpoint: Endpoint
}

/** The usual pooler with sessions kept whole, as the gateway keeps them; `null` when this machine has none. */
export async function startPgbouncer({ host, port, app }: Postgres, path: string): Promise<Pooler | null> {
  const program = await findOrInstall('pgbouncer', path)
  if (program === null) {
    console.error('no pgbouncer on this machine: its column stays empty (Debian: apt-get install pgbouncer)')
    return null
  }
  await using parts = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-pooler-'))
  parts.defer(() => rm(folder, { recursive: true }))
  await chmod(folder, 0o755)
  const listen = await freePort()
  const settings = `[databases]
${app.database} = host=${host} port=${port} dbname=${app.database} user=${app.user}
[pgbouncer]
listen_addr = ${host}
listen_port = ${listen}
unix_socket_dir =
auth_type = any
pool_mode = session
max_client_conn = 200
default_pool_size = 100
`
  await writeFile(join(folder, 'pgbouncer.ini'), settings, { mode: 0o644 })
  // Like PostgreSQL, it refuses to run as root.
  const account = await serverAccount()
  const child = await startChild({
    program,
    args: [join(folder, 'pgbouncer.ini')],
    account,
    until: /process up/,
  })
  parts.defer(() => child.stop())
  const endpoint = { name: 'pgbouncer', host, port: listen, ...app, pid: child.pid }
  const open = parts.move()
  return { endpoint, [Symbol.asyncDispose]: () => open.disposeAsync() }
}
