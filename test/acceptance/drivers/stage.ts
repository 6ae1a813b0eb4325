import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { startIdentityProvider, startPostgres, type Postgres } from '@sluice/demo'
import { copyCluster } from '../../src/cluster.ts'
import { nobodyWaits, startGateway, type Gateway } from '../../src/gateway.ts'
import type { Login } from '../../src/wire-client.ts'
import { foundation, reset, tables } from '../tables.ts'

/** One server with a database for each driver, so that they run side by side, and two gateways before it. */
export interface DriverStage extends AsyncDisposable {
  /** The server itself, as the same user as the gateway. */
  direct(driver: string): Promise<Login>
  through(driver: string, policies: Policies): Promise<Login>
}

/** Which policies the gateway has. */
export type Policies = 'all' | 'starter'

const folders = { all: '../../contract/policies/all', starter: '../../../policies/starter' } as const

/** Nothing in it survives the suite. Drivers may try transactions in two phases. */
const settings = {
  fsync: 'off',
  full_page_writes: 'off',
  scram_iterations: '64',
  autovacuum: 'off',
  max_prepared_transactions: '8',
}

export async function openDriverStage(drivers: readonly string[]): Promise<DriverStage> {
  await using parts = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-drivers-'))
  parts.defer(() => rm(dataDir, { recursive: true, force: true }))
  await copyCluster(dataDir)
  const postgres = await startPostgres({ dataDir, port: 0, log: () => {}, settings, statements: foundation })
  parts.defer(() => postgres.close())
  const logins = await databasesOf(postgres, drivers)
  const provider = await startIdentityProvider({ port: 0 })
  parts.defer(() => provider.close())
  const started = async (policies: Policies): Promise<Gateway> => {
    const gateway = await startGateway({
      provider,
      policies: fileURLToPath(new URL(folders[policies], import.meta.url)),
      // Who runs so many statements that fail looks like one who probes.
      ...(policies === 'all' ? {} : { policyData: nobodyWaits }),
      targets: [...logins].map(([name, login]) => ({ name, login })),
    })
    parts.defer(() => gateway.close())
    return gateway
  }
  const gateways = { all: await started('all'), starter: await started('starter') }
  const open = parts.move()
  const ready = async (driver: string): Promise<Login> => {
    const login = logins.get(driver)
    if (login === undefined) throw new Error(`no database for ${driver}`)
    await run(login, reset)
    return login
  }
  return {
    direct: ready,
    through: async (driver, policies) => {
      await ready(driver)
      return gateways[policies].login('langchain-reporting', driver)
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

/** Copies of one database, object ids included. */
async function databasesOf(
  { host, port, app, superuser }: Postgres,
  drivers: readonly string[],
): Promise<ReadonlyMap<string, Login>> {
  await run({ host, port, ...app }, tables)
  const logins = new Map<string, Login>()
  for (const database of drivers) {
    await run(
      { host, port, ...superuser, database: 'postgres' },
      `CREATE DATABASE "${database}" TEMPLATE shop`,
    )
    logins.set(database, { host, port, ...app, database })
  }
  return logins
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
