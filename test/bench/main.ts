import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { cpuMicros, rssBytes } from './cpu.ts'
import type { Endpoint } from './endpoints.ts'
import { machine } from './machine.ts'
import { pgbench, type Load } from './pgbench.ts'
import { startBackends } from './backends.ts'
import { inRounds, type Reading, type Rounds } from './rounds.ts'
import { median, shuffled, spread } from './statistics.ts'
import { wideReader } from './wide.ts'

/**
 * Ratios, never absolute claims: every target in each round, in shuffled order, against `direct` of the same
 * round. `direct2` is the same server again; when it differs from itself by more than a tenth the run is void.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string' },
    memory: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)

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
    for (const load of loads)
      if (values.only === undefined || load.name.includes(values.only)) await compare(load)
    if (values.only === undefined || values.only === 'wide') await wide()
  }
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ machine: machine(), results }, null, 2)}\n`)
} finally {
  await backends.close()
}

async function compare(load: Load): Promise<void> {
  for (const endpoint of backends.endpoints) await pgbench(backends.pgbench, load, endpoint, 1)
  const measure = (endpoint: Endpoint): Promise<Reading<Field>> => sample(load, endpoint)
  report(load.name, await inRounds(load.name, rounds, backends.endpoints, measure))
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

async function wide(): Promise<void> {
  const sql = 'select * from wide'
  const reads = 5
  const readers = await Promise.all(
    backends.wideEndpoints.map(async (endpoint) => ({ endpoint, reader: await wideReader(endpoint) })),
  )
  const ratios = new Map<string, number[]>()
  const warm = readers.map(({ reader }) => reader.read(sql))
  await Promise.all(warm)
  for (let round = 0; round < rounds; round++) {
    const speed = new Map<string, number>()
    for (const { endpoint, reader } of shuffled(readers)) {
      const started = performance.now()
      for (let i = 0; i < reads; i++) await reader.read(sql)
      speed.set(endpoint.name, reads / (performance.now() - started))
    }
    const direct = speed.get('direct') ?? Number.NaN
    for (const [name, value] of speed) ratios.set(name, [...(ratios.get(name) ?? []), value / direct])
    process.stderr.write(`\rwide: round ${round + 1}/${rounds} `)
  }
  for (const { reader } of readers) reader.close()
  console.log(
    `\nwide read, 10 000 rows × 8 columns   (answers per second × direct; ${rounds} rounds × ${reads} reads)`,
  )
  for (const [name, values] of ratios) console.log(`${name.padEnd(16)} ${spread(values)}`)
  const aa = median(ratios.get('direct2') ?? [])
  console.log(aa >= 0.9 && aa <= 1.1 ? `A/A ${aa.toFixed(2)}: valid` : `A/A ${aa.toFixed(2)}: VOID`)
  results['wide'] = Object.fromEntries(ratios)
}

/** Resident memory after 200 000 statements and after a million. */
async function memory(): Promise<void> {
  const sluice = backends.endpoints.find(({ name }) => name === 'sluice')
  if (sluice?.pid == null) throw new Error('no gateway to measure')
  const load: Load = { name: 'memory', protocol: 'prepared', clients: 16 }
  let statements = 0
  let early: number | undefined
  while (statements < 1_000_000) {
    statements += (await pgbench(backends.pgbench, load, sluice, 5)).statements
    if (early === undefined && statements >= 200_000) early = rssBytes(sluice.pid)
    process.stderr.write(
      `\rmemory: ${statements} statements, ${(rssBytes(sluice.pid) / 2 ** 20).toFixed(0)} MiB `,
    )
  }
  const late = rssBytes(sluice.pid)
  console.log(
    `\nRSS after 200 k statements ${mib(early ?? late)}, after ${statements} ${mib(late)}: × ${(late / (early ?? late)).toFixed(3)}`,
  )
  results['memory'] = { early, late, statements }
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
