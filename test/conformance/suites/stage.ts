import { fileURLToPath } from 'node:url'
import { startIdentityProvider } from '@sluice/demo'
import { startBackend, startGateway, type Login } from '../../src/index.ts'

/** Two new servers, one behind a gateway that allows everything its adapter vouches for. */
export interface SuiteStage extends AsyncDisposable {
  readonly direct: Login
  readonly through: Login
}

const database = 'suite'
const allowAll = fileURLToPath(new URL('../../contract/policies/all', import.meta.url))
const settings = { max_prepared_transactions: '8', lc_messages: 'C', autovacuum: 'off' }

export async function openSuiteStage(): Promise<SuiteStage> {
  await using parts = new AsyncDisposableStack()
  const logins: Login[] = []
  for (let count = 0; count < 2; count++) {
    const backend = await startBackend(settings)
    parts.defer(() => backend.close())
    await backend.run('postgres', `CREATE DATABASE ${database} TEMPLATE template0`)
    logins.push(backend.login(database))
  }
  const [direct, behind] = logins
  if (direct === undefined || behind === undefined) throw new Error('two servers')
  const provider = await startIdentityProvider({ port: 0 })
  parts.defer(() => provider.close())
  const gateway = await startGateway({
    provider,
    policies: allowAll,
    targets: [{ name: database, login: behind }],
  })
  parts.defer(() => gateway.close())
  const open = parts.move()
  return {
    direct,
    through: await gateway.login('alice', database),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
