import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Door } from './door.ts'

export interface WrkRun {
  readonly requests: number
  readonly perSecond: number
  readonly p50Micros: number
  readonly p99Micros: number
}

export interface Load {
  readonly name: string
  readonly path: string
  readonly clients: number
  /** Whether there is something to mask in its answers. */
  readonly masked: boolean
}

const script = fileURLToPath(new URL('wrk.lua', import.meta.url))
const measured = /^measured (\d+) (\d+) (\d+) (\d+) (\d+)$/m
const run = promisify(execFile)

/** As many requests as the clients can make, one after another each. A single one that fails is an error. */
export async function wrk(binary: string, load: Load, door: Door, seconds: number): Promise<WrkRun> {
  const headers = Object.entries(door.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const size = ['-t', '1', '-c', String(load.clients), '-d', `${seconds}s`]
  const { stdout } = await run(binary, [...size, ...headers, '-s', script, door.base + load.path], {
    env: {},
  })
  const match = measured.exec(stdout)
  if (match === null) throw new Error(`wrk said nothing that is understood:\n${stdout}`)
  const [requests = 0, micros = 0, failed = 0, p50Micros = 0, p99Micros = 0] = match.slice(1).map(Number)
  if (failed > 0) throw new Error(`${failed} of ${requests} requests through ${door.name} failed:\n${stdout}`)
  return { requests, perSecond: (requests / micros) * 1e6, p50Micros, p99Micros }
}
