import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quantile } from './statistics.ts'
import type { Endpoint } from './endpoints.ts'

export interface PgbenchRun {
  readonly statements: number
  readonly p50Micros: number
  readonly p99Micros: number
}

export interface Load {
  readonly name: string
  readonly protocol: 'simple' | 'prepared'
  readonly clients: number
  /** Own script; pgbench's `-S` when absent. */
  readonly script?: string
}

/** One run of pgbench; percentiles from its log of every transaction. */
export async function pgbench(
  binary: string,
  load: Load,
  endpoint: Endpoint,
  seconds: number,
): Promise<PgbenchRun> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  try {
    const args = ['-n', '-M', load.protocol, '-c', String(load.clients), '-j', '1', '-T', String(seconds)]
    const script = load.script === undefined ? ['-S'] : ['-f', load.script, '-D', 'scale=10']
    const where = ['-h', endpoint.host, '-p', String(endpoint.port), '-U', endpoint.user, endpoint.database]
    await run(
      binary,
      [...args, ...script, '-l', '--log-prefix', join(folder, 'log'), ...where],
      endpoint.password,
    )
    const latencies: number[] = []
    for (const file of await readdir(folder))
      for (const line of (await readFile(join(folder, file), 'utf8')).split('\n'))
        if (line !== '') latencies.push(Number(line.split(' ')[2]))
    return {
      statements: latencies.length,
      p50Micros: quantile(latencies, 0.5),
      p99Micros: quantile(latencies, 0.99),
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

function run(binary: string, args: readonly string[], password: string): Promise<void> {
  const child = spawn(binary, args, {
    env: { PATH: process.env['PATH'], PGPASSWORD: password, PGSSLMODE: 'disable' },
  })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  child.stdout.resume()
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`pgbench ended with ${code}: ${errors.trim()}`)),
    )
  })
}
