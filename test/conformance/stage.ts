import { fileURLToPath } from 'node:url'
import { demoSubjects, startIdentityProvider, type DemoSubject } from '@sluice/demo'
import { startBackend, startGateway, type Backend, type Login } from '../src/index.ts'
import { alignIds, makeTemporarySchemas } from './alignment.ts'
import { openBackdoors } from './backdoor.ts'
import { Standing } from './direct.ts'
import type { Stage } from './lanes.ts'
import { Ledger } from './ledger.ts'
import { Origins } from './truth.ts'

export interface OpenStage extends Stage, AsyncDisposable {
  /** The server behind the gateway, past it. */
  readonly behind: Login
  /** Between two tests: the same ids from here on. */
  align(): Promise<void>
}

export const database = 'regression'
const allowAll = fileURLToPath(new URL('../contract/policies/all', import.meta.url))

/** The gateway has some of its own, tests open two at the most. */
const connectionsMax = 20

/** As the regression driver sets its temporary server up; nothing happens in the background that plans could show. */
const settings = {
  autovacuum: 'off',
  max_prepared_transactions: '2',
  max_connections: String(connectionsMax),
  superuser_reserved_connections: '0',
  shared_buffers: '64MB',
}

/** What the regression driver tells its database. */
const conveniences = `
  ALTER DATABASE ${database} SET lc_messages TO 'C';
  ALTER DATABASE ${database} SET lc_monetary TO 'C';
  ALTER DATABASE ${database} SET lc_numeric TO 'C';
  ALTER DATABASE ${database} SET lc_time TO 'C';
  ALTER DATABASE ${database} SET bytea_output TO 'hex';
  ALTER DATABASE ${database} SET timezone_abbreviations TO 'Default';`

/** Three new servers, of which one is behind a gateway that allows everything its adapter vouches for. */
export async function openStage(): Promise<OpenStage> {
  await using parts = new AsyncDisposableStack()
  const backends: Backend[] = []
  for (let count = 0; count < 3; count++) {
    const backend = await startBackend(settings)
    parts.defer(() => backend.close())
    await backend.run('postgres', `CREATE DATABASE ${database} TEMPLATE template0`)
    await backend.run('postgres', conveniences)
    await makeTemporarySchemas(backend.login(database), connectionsMax)
    backends.push(backend)
  }
  const [direct, control, behind] = backends.map((backend) => backend.login(database))
  if (direct === undefined || control === undefined || behind === undefined) throw new Error('three servers')
  const doors = await openBackdoors(behind)
  parts.defer(() => doors.close())
  const ledger = new Ledger()
  const provider = await startIdentityProvider({ port: 0 })
  parts.defer(() => provider.close())
  const gateway = await startGateway({
    provider,
    policies: allowAll,
    targets: [{ name: database, login: { ...behind, ...place(doors) } }],
    store: ledger.store,
  })
  parts.defer(() => gateway.close())
  const origins = new Origins(new Standing(() => Promise.resolve(behind)))
  parts.defer(() => origins.close())
  const refresher = new Standing(() => gateway.login('alice', database))
  parts.defer(() => refresher.close())
  const open = parts.move()
  return {
    direct,
    behind,
    control,
    doors,
    ledger,
    origins,
    through: () => gateway.login(nextSubject(), database),
    async refresh() {
      await refresher.query('DROP TABLE IF EXISTS sluice_conformance_nothing')
    },
    align: () => alignIds([direct, control, behind]),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

function place({ host, port }: Login | { readonly host: string; readonly port: number }): {
  readonly host: string
  readonly port: number
} {
  return { host, port }
}

let turn = 0

/** Each has a budget of denials that are recorded one by one. */
function nextSubject(): DemoSubject {
  const subjects = Object.keys(demoSubjects) as readonly DemoSubject[]
  return subjects[turn++ % subjects.length] ?? 'alice'
}
