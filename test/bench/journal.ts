import { fdatasyncSync, openSync, writeSync } from 'node:fs'
import { open, mkdtemp, rm, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock, systemIds, type Unit } from '@sluice/core'
import { Journal, LocalDisk, MemoryDisk, memoryKeys, type Disk } from '@sluice/journal'
import { cpuMicros } from './cpu.ts'
import { median, quantile, shuffled } from './statistics.ts'

/**
 * What an append costs: the time of one appender, and of sixteen at once, and the CPU of a unit as a statement
 * makes it. `memory` syncs nothing: what is left is the journal, and the appenders themselves. `loop` and `pool`
 * write from the event loop and from the thread pool, where the journal has a thread of its own.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '1000' },
    folder: { type: 'string', default: tmpdir() },
  },
})
const ids = systemIds(systemClock)

/** Blocks the event loop while it writes. */
class LoopDisk extends MemoryDisk {
  readonly #fd: number
  constructor(path: string) {
    super()
    this.#fd = openSync(path, 'r+')
  }
  override async write(name: string, at: number, bytes: Uint8Array): Promise<void> {
    if (!name.endsWith('.segment')) return super.write(name, at, bytes)
    writeSync(this.#fd, bytes, 0, bytes.length, at)
    fdatasyncSync(this.#fd)
  }
}

/** Two turns through the thread pool for each flush. */
class PoolDisk extends MemoryDisk {
  readonly #handle: FileHandle
  constructor(handle: FileHandle) {
    super()
    this.#handle = handle
  }
  override async write(name: string, at: number, bytes: Uint8Array): Promise<void> {
    if (!name.endsWith('.segment')) return super.write(name, at, bytes)
    await this.#handle.write(bytes, 0, bytes.length, at)
    await this.#handle.datasync()
  }
}

const segmentBytes = 67_108_864

/** RequestReceived with its statement and DecisionMade: about 1 kB. */
function statement(stream: string): Unit {
  const exchange = ids.next('exc')
  const time = systemClock.now()
  return {
    stream,
    events: [
      {
        id: ids.next('evt'),
        type: 'RequestReceived',
        time,
        data: {
          session: stream,
          exchange,
          actions:
            '[{"name":"sql.select","kind":"select","read_only":true,"relations":[{"schema":"public","name":"accounts","access":"read","columns":["aid","abalance"]}],"functions":[]}]',
          digest: 'c0535e4be2b79ffd93291305436bf889314e4a3faec05ecffcbb7df31ad9e51a',
          bytes: 55,
        },
        run_id: 'run-1',
        sealed: Buffer.from('select abalance from pgbench_accounts where aid = 4711;'),
      },
      {
        id: ids.next('evt'),
        type: 'DecisionMade',
        time,
        data: {
          session: stream,
          exchange,
          decision: ids.next('dec'),
          effect: 'allow',
          verdicts:
            '[{"effect":"allow","reasons":[{"rule":"all","message":"allowed","remedy":""}],"mask":[],"limits":{"rows":null,"bytes":null,"timeout_ms":null},"approval":null,"labels":{}}]',
          rule: 'all',
          revision: 'ab12cd34ef56',
          now_ms: time,
          facts: '{"requests":12,"denied":0,"rows":12,"bytes":480,"in_flight":1}',
          approvals: '[]',
          grants: '[]',
        },
        run_id: 'run-1',
      },
    ],
  }
}

interface Sample {
  readonly p50: number
  readonly p99: number
  readonly cpu: number
  readonly units: number
  /** The longest that the event loop could not turn. */
  readonly held: number
}

async function measure(journal: Journal, appenders: number, ms: number): Promise<Sample> {
  const micros: number[] = []
  const cpu = cpuMicros(process.pid)
  const until = performance.now() + ms
  let held = 0
  let turned = performance.now()
  const turns = setInterval(() => {
    held = Math.max(held, performance.now() - turned - 1)
    turned = performance.now()
  }, 1)
  const appender = async (): Promise<void> => {
    const stream = ids.next('ses')
    while (performance.now() < until) {
      const started = performance.now()
      await journal.append(statement(stream), { withinMs: 5_000, urgency: 'now' })
      micros.push((performance.now() - started) * 1000)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await Promise.all(Array.from({ length: appenders }, appender))
  clearInterval(turns)
  const units = micros.length
  return {
    p50: quantile(micros, 0.5),
    p99: quantile(micros, 0.99),
    cpu: (cpuMicros(process.pid) - cpu) / units,
    units: (units / ms) * 1000,
    held,
  }
}

/** CPU microseconds of encoding, sealing and chaining one unit: what `append` does before it returns. */
async function recording(journal: Journal): Promise<{ readonly micros: number; readonly bytes: number }> {
  const stream = ids.next('ses')
  const chunk = 200
  const micros: number[] = []
  for (let round = 0; round < 150; round++) {
    const units = Array.from({ length: chunk }, () => statement(stream))
    const before = process.cpuUsage()
    const appended = units.map((unit) => journal.append(unit, { withinMs: 5_000, urgency: 'now' }))
    const { user, system } = process.cpuUsage(before)
    if (round >= 50) micros.push((user + system) / chunk)
    await Promise.all(appended)
  }
  const frame = await journal.append(statement(stream), { withinMs: 5_000, urgency: 'now' })
  const next = await journal.append(statement(stream), { withinMs: 5_000, urgency: 'now' })
  return { micros: median(micros), bytes: Number(next.split(':')[1]) - Number(frame.split(':')[1]) }
}

const folder = await mkdtemp(join(values.folder, 'sluice-journal-'))
const zeros = Buffer.alloc(1_048_576)
async function zeroed(name: string): Promise<string> {
  const path = join(folder, name)
  await using handle = await open(path, 'w')
  for (let at = 0; at < segmentBytes; at += zeros.length) await handle.write(zeros, 0, zeros.length, at)
  await handle.sync()
  return path
}

const pool = await open(await zeroed('pool'), 'r+')
const disks: readonly (readonly [string, Disk])[] = [
  ['memory', new MemoryDisk()],
  ['loop', new LoopDisk(await zeroed('loop'))],
  ['pool', new PoolDisk(pool)],
  ['thread', await LocalDisk.open(folder)],
]
try {
  const journals: [string, Journal][] = []
  for (const [name, disk] of disks) {
    const ports = { disk, keys: memoryKeys(), clock: systemClock, ids, report: console.error }
    journals.push([name, await Journal.open(ports, { segmentBytes })])
  }
  for (const [, journal] of journals) await measure(journal, 16, 500)
  const samples = new Map<string, Sample[]>()
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [name, journal] of shuffled(journals))
      for (const appenders of [1, 16]) {
        const key = `${name.padEnd(8)} ${String(appenders).padStart(2)}`
        samples.set(key, [...(samples.get(key) ?? []), await measure(journal, appenders, Number(values.ms))])
      }
  console.log('writes from  appenders  p50 µs   p99 µs   cpu µs/unit   units/s   loop held ms (worst)')
  for (const [key, all] of [...samples].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const of = (field: keyof Sample): number => median(all.map((sample) => sample[field]))
    const worst = Math.max(...all.map(({ held }) => held))
    console.log(
      `${key.padEnd(21)} ${of('p50').toFixed(0).padStart(7)}  ${of('p99').toFixed(0).padStart(7)}  ${of('cpu').toFixed(1).padStart(12)}  ${of('units').toFixed(0).padStart(8)}  ${worst.toFixed(1).padStart(12)}`,
    )
  }
  for (const [name, journal] of journals)
    if (name === 'memory') {
      const { micros, bytes } = await recording(journal)
      console.log(
        `recording a unit of two events, ${bytes} bytes with its frame: ${micros.toFixed(1)} µs of CPU`,
      )
    }
  for (const [, journal] of journals) await journal.close()
} finally {
  await pool.close()
  await rm(folder, { recursive: true })
}
