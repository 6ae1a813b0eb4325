import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cpuMicros } from '../cpu.ts'
import { machine } from '../machine.ts'
import { findOrInstall } from '../../src/program.ts'
import { inRounds, type Rounds } from '../rounds.ts'
import { spread } from '../statistics.ts'
import { large, small } from './content.ts'
import type { Door } from './door.ts'
import { openDoors, type Doors } from './doors.ts'
import { eventDelays } from './events.ts'
import { residentWhile } from './memory.ts'
import { wrk, type Load } from './wrk.ts'

/**
 * What the gateway costs over HTTP, as ratios of one run: to the origin without anything, to the usual proxies, and to
 * a proxy in this runtime that does nothing else. Every door in each round, in shuffled order; `direct2` is `direct`
 * again, and when it differs from itself by more than a tenth the run is void.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    /** Part of the name of a load, or `events`. */
    only: { type: 'string' },
    memory: { type: 'boolean', default: false },
    json: { type: 'string' },
    /** Where the gateway writes a profile of its CPU when it ends. */
    profile: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const path = process.env['PATH'] ?? ''
const folder = fileURLToPath(new URL('../../../.sluice/bench/http', import.meta.url))
const results: Record<string, unknown> = {}

const loads: readonly Load[] = [small, large].flatMap((content) =>
  [1, 32].map((clients) => ({
    name: `${content === small ? '11 B' : '10 KB'} c=${clients}`,
    path: content.path,
    clients,
    masked: content === large,
  })),
)

if (values.memory) await memory()
else {
  const asked = loads.filter(({ name }) => values.only === undefined || name.includes(values.only))
  if (asked.length > 0) await requests(asked)
  if (values.only === undefined || values.only === 'events') await events()
}
if (values.json !== undefined)
  await writeFile(values.json, `${JSON.stringify({ machine: machine(), results }, null, 2)}\n`)

function opened(origin: 'files' | 'events'): Promise<Doors> {
  const { profile } = values
  const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(process.cwd(), profile)}`]
  return openDoors({ origin, folder, path, flags })
}

async function requests(asked: readonly Load[]): Promise<void> {
  const binary = await findOrInstall('wrk', path)
  if (binary === null) throw new Error('the benchmark needs wrk: on Debian, apt-get install wrk')
  await using open = await opened('files')
  for (const load of asked) {
    const doors = load.masked && open.masking !== null ? [...open.doors, open.masking] : open.doors
    for (const door of doors) await wrk(binary, load, door, 1)
    const measured = await inRounds(load.name, rounds, doors, async (door) => {
      const before = door.pid === null ? 0 : cpuMicros(door.pid)
      const run = await wrk(binary, load, door, seconds)
      const cpu = door.pid === null ? null : (cpuMicros(door.pid) - before) / run.requests
      return { p50: run.p50Micros, p99: run.p99Micros, rate: run.perSecond, cpu }
    })
    reportRequests(load.name, doors, measured)
  }
}

function reportRequests(
  name: string,
  doors: readonly Door[],
  measured: Rounds<'p50' | 'p99' | 'rate' | 'cpu'>,
): void {
  heading(name)
  console.log(
    'door          p50 µs   p99 µs   cpu µs   p50 × direct         req/s × direct       req/s × bare         cpu × bare',
  )
  for (const { name: door } of doors) {
    const cells = [
      door.padEnd(12),
      whole(measured.middle(door, 'p50'), 7),
      whole(measured.middle(door, 'p99'), 8),
      whole(measured.middle(door, 'cpu'), 8),
      cell(measured.ratios(door, 'p50', 'direct')),
      cell(measured.ratios(door, 'rate', 'direct')),
      cell(measured.ratios(door, 'rate', 'bare')),
      cell(measured.ratios(door, 'cpu', 'bare')),
    ]
    console.log(cells.join('  '))
  }
  const { valid, aa, text } = measured.validity('p50')
  console.log(text)
  results[name] = { valid, aa, rounds: measured.all }
}

/** How much later an event arrives than it would without the door. */
async function events(): Promise<void> {
  await using open = await opened('events')
  const { doors } = open
  for (const door of doors) await eventDelays(door, 1)
  const measured = await inRounds('events', rounds, doors, async (door) => {
    const { p50Micros, p99Micros } = await eventDelays(door, seconds)
    return { p50: p50Micros, p99: p99Micros }
  })
  heading('events, one each 5 ms')
  console.log('door          p50 µs   p99 µs   added at p50, µs')
  for (const { name } of doors) {
    const cells = [
      name.padEnd(12),
      whole(measured.middle(name, 'p50'), 7),
      whole(measured.middle(name, 'p99'), 8),
      spread(measured.differences(name, 'p50', 'direct'), 0),
    ]
    console.log(cells.join('  '))
  }
  const { valid, aa, text } = measured.validity('p50')
  console.log(text)
  results['events'] = { valid, aa, rounds: measured.all }
}

/** Resident memory while 1 GB is streamed to one caller. */
async function memory(): Promise<void> {
  await using open = await opened('events')
  const amount = 2 ** 30
  console.log('\n1 GB in one answer   (RSS in MiB)')
  console.log('door          before    peak   after    MB/s')
  for (const door of open.doors.filter(({ name }) => name === 'bare' || name === 'sluice')) {
    const resident = await residentWhile(door, amount)
    const sizes = [resident.before, resident.peak, resident.after].map((bytes) => whole(bytes / 2 ** 20, 6))
    console.log([door.name.padEnd(12), ...sizes, whole(amount / 1e6 / resident.seconds, 6)].join('  '))
    results[`memory ${door.name}`] = resident
  }
}

function heading(name: string): void {
  console.log(
    `\n${name}   (medians of per-round ratios, quartiles in brackets; ${rounds} rounds × ${seconds} s)`,
  )
}

function whole(value: number, width: number): string {
  return (Number.isNaN(value) ? '–' : value.toFixed(0)).padStart(width)
}

function cell(ratios: readonly number[]): string {
  return (ratios.length === 0 ? '–' : spread(ratios)).padEnd(19)
}
