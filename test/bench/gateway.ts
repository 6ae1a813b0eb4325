import { fileURLToPath } from 'node:url'
import type { Postgres } from '@sluice/demo'
import type { Endpoint } from './endpoints.ts'
import { serve } from './serve.ts'

const policies = fileURLToPath(new URL('policies', import.meta.url))

/** Of one database, by the masks that `policies/bench.rego` gives to each label. */
const targets = {
  sluice: { labels: { mask: 'none' } },
  'sluice overlap': { labels: { mask: 'none' }, overlap_reads: true },
  'sluice same': { labels: { mask: 'same' } },
  'sluice length': { labels: { mask: 'length' } },
} as const

export interface Gateway extends AsyncDisposable {
  /** Write-ahead, and with reads that overlap their record. */
  readonly plain: readonly [Endpoint, Endpoint]
  /** With masks of the same length, with masks of another length. */
  readonly masking: readonly [Endpoint, Endpoint]
}

export async function startGateway(folder: string, postgres: Postgres, workers = 1): Promise<Gateway> {
  const gateway = await serve({
    folder,
    workers,
    config: configOf(postgres),
    variables: { BENCH_PASSWORD: postgres.app.password },
    listener: String.raw`PostgreSQL +127\.0\.0\.1:(?<port>\d+)`,
  })
  const endpoint = (name: keyof typeof targets): Endpoint => ({
    name,
    host: '127.0.0.1',
    port: Number(gateway.ready.groups?.['port']),
    user: 'bench',
    get password() {
      return gateway.token()
    },
    database: nameOf(name),
    pid: gateway.pid,
  })
  return {
    plain: [endpoint('sluice'), endpoint('sluice overlap')],
    masking: [endpoint('sluice same'), endpoint('sluice length')],
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  }
}

function configOf({ host, port, app }: Pick<Postgres, 'host' | 'port' | 'app'>): object {
  return {
    listen: { postgres: '127.0.0.1:0' },
    policies: { path: policies },
    targets: Object.entries(targets).map(([name, settings]) => ({
      name: nameOf(name),
      protocol: 'postgres',
      address: `${host}:${port}`,
      database: app.database,
      tls: 'disable',
      credential: { user: app.user, password: { env: 'BENCH_PASSWORD' } },
      ...settings,
    })),
  }
}

function nameOf(endpoint: string): string {
  return endpoint.replace('sluice', 'bench').replace(' ', '-')
}
