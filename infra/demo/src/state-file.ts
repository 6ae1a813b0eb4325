import { rename, writeFile } from 'node:fs/promises'
import { demoStateFile, type Config, type DemoState } from '@sluice/cli'
import type { IdentityProvider } from './identity-provider.ts'
import type { Postgres } from './postgres.ts'

/** What the commands beside the demo need to know of it. */
export function stateOf(
  { api, listen }: Pick<Config, 'api' | 'listen'>,
  provider: Pick<IdentityProvider, 'issuer' | 'token_endpoint' | 'requests' | 'login'>,
  { host, port, app }: Pick<Postgres, 'host' | 'port' | 'app'>,
  apis: Readonly<Record<string, { readonly host: string; readonly port: number; readonly key: string }>>,
  shopHost: {
    readonly host: string
    readonly port: number
    readonly user: string
    readonly password: string
  },
): DemoState {
  const addresses = Object.entries(listen).flatMap(([protocol, at]) =>
    at === null ? [] : [[protocol, reachable(at.address)] as const],
  )
  return {
    api: `http://${reachable(api.listen)}`,
    listen: Object.fromEntries(addresses),
    direct: {
      shop: `postgresql://${app.user}:${app.password}@${host}:${port}/${app.database}`,
      'shop-host': `ssh://${shopHost.user}@${shopHost.host}:${shopHost.port}`,
      'shop-host password': shopHost.password,
      ...Object.fromEntries(
        Object.entries(apis).flatMap(([name, { host, port, key }]) => [
          [name, `http://${host}:${port}`],
          [`${name} key`, key],
        ]),
      ),
    },
    identity: {
      token_endpoint: provider.token_endpoint,
      requests: provider.requests,
      login: { issuer: provider.issuer, ...provider.login },
    },
  }
}

/** The commands run on this machine, also when the gateway listens on every address of it. */
function reachable({ host, port }: Config['api']['listen']): string {
  if (host === '0.0.0.0') return `127.0.0.1:${port}`
  if (host === '::') return `[::1]:${port}`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** It holds secrets, so it is its owner's alone from the first byte on, and it is never half written. */
export async function writeState(data: string, state: DemoState): Promise<void> {
  const file = demoStateFile(data)
  const partial = `${file}.${process.pid}`
  await writeFile(partial, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  await rename(partial, file)
}
