import { Client } from 'pg'
import { freePort } from './free-port.ts'
import { serverAccount } from './postgres-account.ts'
import { serverBinaries } from './postgres-binaries.ts'
import { openCluster, superuserName, type Passwords } from './postgres-cluster.ts'
import { startServer, type ServerProcess } from './postgres-process.ts'

export interface PostgresOptions {
  /** Holds the cluster and its generated passwords; made when it is not there. */
  readonly dataDir: string
  /** 0 takes a free one. */
  readonly port: number
  /** Each line that the server writes about itself. */
  readonly log: (line: string) => void
  /** Server settings, e.g. `{ shared_buffers: '256MB' }`. */
  readonly settings?: Readonly<Record<string, string>>
  /** Run in the database by the superuser, at each start. */
  readonly statements?: readonly string[]
}

export interface Postgres {
  readonly host: string
  readonly port: number
  /** For set-up only: the gateway never gets it. */
  readonly superuser: { readonly user: string; readonly password: string }
  /** Reads and writes tables and may create its own; no more. */
  readonly app: { readonly user: string; readonly password: string; readonly database: string }
  /** Idempotent. */
  close(): Promise<void>
}

const host = '127.0.0.1'
const database = 'shop'
const appName = 'shop_app'

/** Whom the gateway is at this server, and where; the password is each installation's own. */
export const appLogin: { readonly user: string; readonly database: string } = { user: appName, database }

/** A real PostgreSQL of one's own, on loopback, that dies with this process. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const account = await serverAccount()
  const binaries = await serverBinaries(account)
  const { folder, passwords } = await openCluster(options.dataDir, binaries, account)
  const { server, port } = await listening(options, (settings) =>
    startServer(binaries.postgres, folder, settings, account, options.log),
  )
  let closing: Promise<void> | undefined
  const postgres: Postgres = {
    host,
    port,
    superuser: { user: superuserName, password: passwords.superuser },
    app: { user: appName, password: passwords.app, database },
    close: () => (closing ??= server.stop()),
  }
  try {
    await prepare(postgres, passwords, options.statements ?? [])
  } catch (error) {
    await postgres.close()
    throw error
  }
  return postgres
}

const freePortAttempts = 3

/** A free port may be taken between our look and the server's: then another one is. */
async function listening(
  { port: wanted, settings }: PostgresOptions,
  start: (settings: Readonly<Record<string, string>>) => Promise<ServerProcess>,
): Promise<{ readonly server: ServerProcess; readonly port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = wanted === 0 ? await freePort() : wanted
    const own = { ...settings, listen_addresses: host, port: String(port), unix_socket_directories: '' }
    try {
      return { server: await start(own), port }
    } catch (error) {
      if (wanted !== 0 || attempt === freePortAttempts) throw error
    }
  }
}

/** Each step holds also when an earlier start was killed in the middle of it. */
async function prepare(
  postgres: Postgres,
  passwords: Passwords,
  statements: readonly string[],
): Promise<void> {
  await asSuperuser(postgres, superuserName, async (client) => {
    const roles = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [appName])
    if (roles.rowCount === 0)
      await client.query(
        `CREATE ROLE ${appName} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
         PASSWORD ${client.escapeLiteral(passwords.app)}`,
      )
    const databases = await client.query('SELECT FROM pg_database WHERE datname = $1', [database])
    if (databases.rowCount === 0) await client.query(`CREATE DATABASE ${database}`)
    await client.query(`REVOKE CONNECT ON DATABASE ${superuserName}, template1 FROM PUBLIC`)
  })
  await asSuperuser(postgres, database, async (client) => {
    await client.query(`
      GRANT USAGE, CREATE ON SCHEMA public TO ${appName};
      ALTER DEFAULT PRIVILEGES IN SCHEMA public
        GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON TABLES TO ${appName};
      ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO ${appName}`)
    for (const statement of statements) await client.query(statement)
  })
}

async function asSuperuser(
  { port, superuser }: Postgres,
  name: string,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client({ host, port, ...superuser, database: name })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
