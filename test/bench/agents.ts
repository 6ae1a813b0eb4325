import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { freePort } from '@sluice/demo'
import { startAgentProcess } from '../src/index.ts'
import { startDatabase } from './database.ts'
import type { Endpoint } from './endpoints.ts'
import { pgbench } from './pgbench.ts'
import { findProgram } from '../src/program.ts'
import { measureReads, wideReads } from './reads.ts'
import { inRounds } from './rounds.ts'
import { serve } from './serve.ts'
import { spread } from './statistics.ts'

/** One gateway, one database, and the same requests to it directly and through an agent, in the same rounds. */
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, seconds: { type: 'string', default: '2' } },
})
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
const binary = findProgram('pgbench', process.env['PATH'] ?? '')
if (binary === null)
  throw new Error('the benchmark needs pgbench: on Debian, apt-get install postgresql-contrib')
const folder = fileURLToPath(new URL('../../.sluice/bench', import.meta.url))
await mkdir(folder, { recursive: true, mode: 0o700 })
const policies = fileURLToPath(new URL('policies', import.meta.url))

await using parts = new AsyncDisposableStack()
const { postgres } = parts.use(await startDatabase(folder, binary))
const agentsPort = await freePort()
const apiPort = await freePort()
const own = join(folder, 'agents')
await mkdir(own, { recursive: true, mode: 0o700 })
const names = ['without', 'through'] as const
const gateway = parts.use(
  await serve({
    folder: own,
    config: {
      api: { listen: `127.0.0.1:${apiPort}`, roles: { admin: ['langchain'] } },
      listen: { postgres: '127.0.0.1:0', agents: `127.0.0.1:${agentsPort}` },
      policies: { path: policies },
      targets: names.map((name) => ({
        name,
        protocol: 'postgres',
        address: `${postgres.host}:${postgres.port}`,
        database: postgres.app.database,
        tls: 'disable',
        credential: { user: postgres.app.user, password: { env: 'BENCH_PASSWORD' } },
        labels: { mask: 'none' },
        ...(name === 'through' ? { via: 'vpc' } : {}),
      })),
    },
    variables: { BENCH_PASSWORD: postgres.app.password },
    listener: String.raw`PostgreSQL +127\.0\.0\.1:(?<port>\d+)`,
  }),
)
const answer = await fetch(`http://127.0.0.1:${apiPort}/v1/agents`, {
  method: 'POST',
  headers: { authorization: `Bearer ${gateway.token()}`, 'content-type': 'application/json' },
  body: JSON.stringify({ name: 'vpc' }),
})
const { token } = (await answer.json()) as { readonly token: string }
const state = await mkdtemp(join(own, 'agent-'))
parts.defer(() => rm(state, { recursive: true, force: true }))
const agent = await startAgentProcess({
  gateways: [{ host: '127.0.0.1', port: agentsPort }],
  allow: [`${postgres.host}:${postgres.port}`],
  state,
  token,
})
parts.defer(() => agent.stop())

const endpoints = names.map((name): Endpoint => ({
  name,
  host: '127.0.0.1',
  port: Number(gateway.ready.groups?.['port']),
  user: 'bench',
  get password() {
    return gateway.token()
  },
  database: name,
  pid: gateway.pid,
}))

for (const { name, sql } of wideReads) {
  const measured = await measureReads(name, sql, endpoints, rounds)
  console.log(
    `${name}: answers a second × without it   ${spread(measured.ratios('through', 'perSecond', 'without'))}`,
  )
}
for (const clients of [1, 16]) {
  const load = { name: `prepared c=${clients}`, protocol: 'prepared', clients } as const
  for (const endpoint of endpoints) await pgbench(binary, load, endpoint, 1)
  const measured = await inRounds(load.name, rounds, endpoints, async (endpoint) => {
    const run = await pgbench(binary, load, endpoint, seconds)
    return { perSecond: run.statements / seconds, p50: run.p50Micros }
  })
  console.log(
    `${load.name}: statements a second × without it   ${spread(measured.ratios('through', 'perSecond', 'without'))}, p50 + ${(measured.middle('through', 'p50') - measured.middle('without', 'p50')).toFixed(0)} µs`,
  )
}
