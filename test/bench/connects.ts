import { fileURLToPath } from 'node:url'
import { startIdentityProvider } from '@sluice/demo'
import { startBackend } from '../src/index.ts'
import { startGateway } from '../src/gateway.ts'
import { WireClient, type Login } from '../src/wire-client.ts'
import { quantile, shuffled } from './statistics.ts'

/**
 * Prints what a session costs from its first byte to its first row: at the server, through a gateway that logs in for
 * each, and through one that keeps connections. Both doors log in with SCRAM as it is by default, on loopback without TLS.
 */

const rounds = 200
const policies = fileURLToPath(new URL('policies', import.meta.url))

await using parts = new AsyncDisposableStack()
const provider = await startIdentityProvider({ port: 0 })
parts.defer(() => provider.close())
const backend = await startBackend({ scram_iterations: '4096' })
parts.defer(() => backend.close())
const login = backend.login('postgres')
// The password that the cluster was made with is hashed anew, with that many iterations.
await backend.run('postgres', `alter role ${login.user} password '${login.password}'`)
const gateway = await startGateway({
  provider,
  policies,
  targets: [
    { name: 'each', login },
    { name: 'pool', login, settings: { pool: {} } },
  ],
})
parts.defer(() => gateway.close())

const doors: readonly (readonly [string, Login])[] = [
  ['the server itself', login],
  ['a login for each', await gateway.login('alice', 'each')],
  ['a pool', await gateway.login('alice', 'pool')],
]
const times = new Map(doors.map(([name]) => [name, [] as number[]]))
for (let round = -5; round < rounds; round++)
  for (const [name, door] of shuffled(doors)) {
    const started = performance.now()
    const client = await WireClient.login(door)
    await client.query('select 1')
    if (round >= 0) times.get(name)?.push(performance.now() - started)
    client.close()
  }

for (const [name, found] of times) {
  const [p50, p90] = [0.5, 0.9].map((q) => quantile(found, q).toFixed(2))
  console.log(`${name.padEnd(20)} p50 ${String(p50)} ms  p90 ${String(p90)} ms`)
}
