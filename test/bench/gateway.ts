import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exchangeToken } from '@sluice/cli'
import { demoIssuer, demoToken, startIdentityProvider, type Postgres } from '@sluice/demo'
import { startChild } from './child.ts'
import type { Endpoint } from './endpoints.ts'

const command = fileURLToPath(new URL('../../engine/cli/src/main.ts', import.meta.url))
const policies = fileURLToPath(new URL('policies', import.meta.url))

/** Of one database, by the masks that `policies/bench.rego` gives to each label. */
const targets = { sluice: 'none', 'sluice same': 'same', 'sluice length': 'length' } as const

/** Tokens live for a quarter of an hour: what is measured later than that logs in with a younger one. */
const tokenMs = 300_000

export interface Gateway extends AsyncDisposable {
  /** Without masks, with masks of the same length, with masks of another length. */
  readonly endpoints: readonly [Endpoint, Endpoint, Endpoint]
}

/**
 * `sluice serve` as anybody starts it, in a process of its own: every check, every record, the log on the disk of
 * `folder`. The log is new in each run, so that all runs append to one of the same size.
 */
export async function startGateway(folder: string, { host, port, app }: Postgres): Promise<Gateway> {
  await using parts = new AsyncDisposableStack()
  const provider = await startIdentityProvider({ port: 0 })
  parts.defer(() => provider.close())
  const data = join(folder, 'gateway')
  await rm(join(data, 'log'), { recursive: true, force: true })
  const config = join(folder, 'sluice.json')
  await writeFile(config, JSON.stringify(configOf(provider.issuer, { host, port, app })))
  const child = await startChild({
    program: process.execPath,
    args: [
      '--conditions=source',
      '--disable-warning=ExperimentalWarning',
      command,
      'serve',
      '--config',
      config,
    ],
    env: { PATH: process.env['PATH'], SLUICE_DATA: data, BENCH_PASSWORD: app.password },
    until: /API +(http:\S+)\n.*PostgreSQL +127\.0\.0\.1:(\d+)/,
  })
  parts.defer(() => child.stop())
  const [, api = '', listening] = child.ready

  const mint = async (): Promise<string> =>
    exchangeToken(api, await demoToken(provider, 'langchain-reporting'))
  let token = await mint()
  const renewing = setInterval(() => {
    mint().then(
      (fresh) => (token = fresh),
      (error: unknown) => console.error(`no fresh token: ${String(error)}`),
    )
  }, tokenMs).unref()
  parts.defer(() => clearInterval(renewing))

  const endpoint = (name: keyof typeof targets): Endpoint => ({
    name,
    host: '127.0.0.1',
    port: Number(listening),
    user: 'bench',
    get password() {
      return token
    },
    database: nameOf(name),
    pid: child.pid,
  })
  const open = parts.move()
  return {
    endpoints: [endpoint('sluice'), endpoint('sluice same'), endpoint('sluice length')],
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

function configOf(issuer: string, { host, port, app }: Pick<Postgres, 'host' | 'port' | 'app'>): object {
  const { audience, groups_claim, type_claim } = demoIssuer
  return {
    api: { listen: '127.0.0.1:0' },
    listen: { postgres: '127.0.0.1:0' },
    log: { kind: 'embedded' },
    identity: { issuers: [{ name: 'bench', kind: 'oidc', issuer, audience, groups_claim, type_claim }] },
    policies: { path: policies },
    targets: Object.entries(targets).map(([name, mask]) => ({
      name: nameOf(name),
      protocol: 'postgres',
      address: `${host}:${port}`,
      database: app.database,
      tls: 'disable',
      credential: { user: app.user, password: { env: 'BENCH_PASSWORD' } },
      labels: { mask },
    })),
  }
}

function nameOf(endpoint: string): string {
  return endpoint.replace('sluice', 'bench').replace(' ', '-')
}
