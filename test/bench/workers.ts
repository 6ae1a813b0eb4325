import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { workersOf } from '../workers/stage.ts'
import { cpuMicros, rssBytes } from './cpu.ts'
import { startDatabase } from './database.ts'
import type { Endpoint } from './endpoints.ts'
import { startGateway } from './gateway.ts'
import { pgbench, type Load } from './pgbench.ts'
import { findProgram } from '../src/program.ts'
import { inRounds } from './rounds.ts'

/**
 * The same gateway in one process and in several, in the same rounds: how many statements a second, and what each
 * costs of CPU where. More processes than cores show what the split costs, and nothing of what it gains.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
  },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const counts = [1, Number(values.workers)]

const binary = findProgram('pgbench', process.env['PATH'] ?? '')
if (binary === null)
  throw new Error('the benchmark needs pgbench: on Debian, apt-get install postgresql-contrib')
const folder = fileURLToPath(new URL('../../.sluice/bench', import.meta.url))
await mkdir(folder, { recursive: true, mode: 0o700 })

await using parts = new AsyncDisposableStack()
const { postgres } = parts.use(await startDatabase(folder, binary))

interface Target extends Endpoint {
  readonly supervisor: number
  readonly workers: readonly number[]
}

const targets: Target[] = []
for (const count of counts) {
  const own = join(folder, `workers-${count}`)
  await mkdir(own, { recursive: true, mode: 0o700 })
  const [endpoint] = parts.use(await startGateway(own, postgres, count)).plain
  const supervisor = endpoint.pid ?? 0
  const workers = count === 1 ? [] : await workersOf({ pid: supervisor })
  // Tokens are renewed, so that it is read anew each time.
  targets.push(Object.assign(Object.create(endpoint) as Endpoint, { name: `${count}`, supervisor, workers }))
}

const loads: readonly Load[] = [
  { name: 'prepared c=1', protocol: 'prepared', clients: 1 },
  { name: 'prepared c=16', protocol: 'prepared', clients: 16 },
]
const sum = (pids: readonly number[]): number => pids.reduce((total, pid) => total + cpuMicros(pid), 0)

for (const load of loads) {
  for (const target of targets) await pgbench(binary, load, target, 1)
  const measured = await inRounds(load.name, rounds, targets, async (target) => {
    const before = [cpuMicros(target.supervisor), sum(target.workers)] as const
    const run = await pgbench(binary, load, target, seconds)
    const each = (now: number, then: number): number => (now - then) / run.statements
    return {
      perSecond: run.statements / seconds,
      p50: run.p50Micros,
      p99: run.p99Micros,
      supervisor: each(cpuMicros(target.supervisor), before[0]),
      workers: each(sum(target.workers), before[1]),
    }
  })
  console.log(`\n${load.name}   (medians of ${rounds} rounds × ${seconds} s; CPU in µs for each statement)`)
  console.log('processes  statements/s   p50 µs   p99 µs   supervisor   workers')
  for (const { name } of targets) {
    const cells = (['perSecond', 'p50', 'p99', 'supervisor', 'workers'] as const).map((field, nth) =>
      measured
        .middle(name, field)
        .toFixed(0)
        .padStart([12, 8, 8, 12, 9][nth] ?? 0),
    )
    console.log(`${name.padEnd(9)}  ${cells.join(' ')}`)
  }
}
for (const { name, supervisor, workers } of targets) {
  const mib = [supervisor, ...workers].map((pid) => (rssBytes(pid) / 1_048_576).toFixed(0))
  console.log(`resident memory with ${name}: ${mib.join(' + ')} MiB`)
}
