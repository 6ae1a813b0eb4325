import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { cpuMicros } from './cpu.ts'
import type { Endpoint } from './endpoints.ts'
import { machine } from './machine.ts'
import { afterAnswers, afterStatements, idleConnections, mib, ofIdleConnections } from './memory.ts'
import { longStatements, measureNeighbours, reportNeighbours } from './neighbours.ts'
import { pgbench, type Load } from './pgbench.ts'
import { startBackends } from './backends.ts'
import { measureReads, reportReads, wideReads } from './reads.ts'
import { inRounds, type Reading, type Rounds } from './rounds.ts'
import { spread } from './statistics.ts'

/**
 * Ratios, never absolute claims: every target in each round, in shuffled order, against `direct` of the same
 * round. `direct2` is the same server again; when it differs from itself by more than a tenth the run is void.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    /** Part of the name of a load. */
    only: { type: 'string' },
    memory: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const warmSeconds = 4

/** CPU is that of the gateway per statement. */
type Field = 'p50' | 'p99' | 'cpu'

const backends = await startBackends(process.env['PATH'] ?? '')
const results: Record<string, unknown> = {}
try {
  const loads: readonly Load[] = [
    { name: 'simple c=1', protocol: 'simple', clients: 1 },
    { name: 'simple c=16', protocol: 'simple', clients: 16 },
    { name: 'prepared c=1', protocol: 'prepared', clients: 1 },
    { name: 'prepared c=16', protocol: 'prepared', clients: 16 },
    { name: 'unique c=16', protocol: 'simple', clients: 16, script: backends.uniqueScript },
  ]
  if (values.memory) await memory()
  else {
    for (const load of loads) if (isAsked(load)) await compare(load)
    for (const read of wideReads) if (isAsked(read)) await readWide(read)
    for (const statement of longStatements) if (isAsked(statement)) await besideLong(statement)
  }
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ machine: machine(), results }, null, 2)}\n`)
} finally {
  await backends.close()
}

async function compare(load: Load): Promise<void> {
  for (const endpoint of backends.endpoints) await warm(load, endpoint)
  const measure = (endpoint: Endpoint): Promise<Reading<Field>> => sample(load, endpoint)
  report(load.name, await inRounds(load.name, rounds, backends.endpoints, measure))
}

/** A gateway is measured as it runs all day: its code compiled, its caches filled. One client alone takes too long to that. */
async function warm(load: Load, endpoint: Endpoint): Promise<void> {
  const run =
    endpoint.pid === null ? { load, seconds: 1 } : { load: { ...load, clients: 16 }, seconds: warmSeconds }
  await pgbench(backends.pgbench, run.load, endpoint, run.seconds)
}

async function sample(load: Load, endpoint: Endpoint): Promise<Reading<Field>> {
  const before = endpoint.pid === null ? 0 : cpuMicros(endpoint.pid)
  const run = await pgbench(backends.pgbench, load, endpoint, seconds)
  const cpu = endpoint.pid === null ? null : (cpuMicros(endpoint.pid) - before) / run.statements
  return { p50: run.p50Micros, p99: run.p99Micros, cpu }
}

function report(name: string, measured: Rounds<Field>): void {
  console.log(
    `\n${name}   (medians of per-round ratios, quartiles in brackets; ${rounds} rounds × ${seconds} s)`,
  )
  console.log(
    'target          p50 µs   p99 µs   cpu µs   p50 × direct         p50 × pgbouncer      cpu × relay',
  )
  for (const { name: target } of backends.endpoints) {
    const cpu = measured.middle(target, 'cpu')
    const cells = [
      target.padEnd(14),
      measured.middle(target, 'p50').toFixed(0).padStart(7),
      measured.middle(target, 'p99').toFixed(0).padStart(8),
      (Number.isNaN(cpu) ? '–' : cpu.toFixed(0)).padStart(8),
      cell(measured.ratios(target, 'p50', 'direct')),
      cell(measured.ratios(target, 'p50', 'pgbouncer')),
      cell(measured.ratios(target, 'cpu', 'relay')),
    ]
    console.log(cells.join('  '))
  }
  const { valid, aa, text } = measured.validity('p50')
  console.log(text)
  results[name] = { valid, aa, rounds: measured.all }
}

function cell(ratios: readonly number[]): string {
  return (ratios.length === 0 ? '–' : spread(ratios)).padEnd(19)
}

function isAsked({ name }: { readonly name: string }): boolean {
  return values.only === undefined || name.includes(values.only)
}

async function readWide({ name, sql }: (typeof wideReads)[number]): Promise<void> {
  const { wideEndpoints } = backends
  const measured = await measureReads(name, sql, wideEndpoints, rounds)
  reportReads(name, sql, wideEndpoints, measured)
  results[name] = measured.all
}

async function besideLong({ name, bytes }: (typeof longStatements)[number]): Promise<void> {
  const { endpoints } = backends
  const measured = await measureNeighbours(name, bytes, backends.pgbench, endpoints, { rounds, seconds })
  reportNeighbours(name, endpoints, measured)
  results[name] = measured.all
}

async function memory(): Promise<void> {
  const sluice = backends.endpoints.find(({ name }) => name === 'sluice')
  if (sluice?.pid == null) throw new Error('no gateway to measure')
  const { pid } = sluice
  if (isAsked({ name: 'idle connections' })) {
    const idle = await ofIdleConnections(sluice, pid)
    const each = ((idle.late - idle.early) / idleConnections / 1024).toFixed(1)
    console.log(`\n${idleConnections} idle connections: ${each} KiB each`)
    results['idle connections'] = idle
  }
  if (isAsked({ name: 'statements' })) {
    const statements = await afterStatements(backends.pgbench, sluice, pid)
    console.log(`\nRSS ${growth('200 k statements', '2 M', statements)}`)
    results['memory after statements'] = statements
  }
  if (isAsked({ name: 'answers' })) {
    const answers = await afterAnswers(sluice, pid)
    console.log(`\nRSS ${growth('1 GB of answers', '10 GB', answers)}`)
    results['memory after answers'] = answers
  }
}

function growth(from: string, to: string, { early, late }: { early: number; late: number }): string {
  return `after ${from} ${mib(early)}, after ${to} ${mib(late)}: × ${(late / early).toFixed(3)}`
}
