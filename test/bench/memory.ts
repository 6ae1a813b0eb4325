import { rssBytes } from './cpu.ts'
import type { Endpoint } from './endpoints.ts'
import { pgbench, type Load } from './pgbench.ts'
import { wideReader } from './wide.ts'

/** What stays resident, in bytes. */
export interface Resident {
  readonly early: number
  readonly late: number
}

const load: Load = { name: 'memory', protocol: 'prepared', clients: 16 }

/** After 200 000 statements and after two million. */
export async function afterStatements(binary: string, endpoint: Endpoint, pid: number): Promise<Resident> {
  let statements = 0
  let early: number | undefined
  while (statements < 2_000_000) {
    statements += (await pgbench(binary, load, endpoint, 5)).statements
    if (early === undefined && statements >= 200_000) early = rssBytes(pid)
    progress(`${statements} statements`, pid)
  }
  const late = rssBytes(pid)
  return { early: early ?? late, late }
}

const gigabyte = 1e9

/** After one gigabyte of answers and after ten. */
export async function afterAnswers(endpoint: Endpoint, pid: number): Promise<Resident> {
  const reader = await wideReader(endpoint)
  let bytes = 0
  let early: number | undefined
  while (bytes < 10 * gigabyte) {
    bytes += await reader.read('select * from wide')
    if (early === undefined && bytes >= gigabyte) early = rssBytes(pid)
    progress(`${(bytes / gigabyte).toFixed(1)} GB of answers`, pid)
  }
  reader.close()
  const late = rssBytes(pid)
  return { early: early ?? late, late }
}

/** How much each of a thousand connections takes that have nothing to say. */
export async function ofIdleConnections(endpoint: Endpoint, pid: number): Promise<Resident> {
  const early = rssBytes(pid)
  const idle: { close(): void }[] = []
  for (let opened = 0; opened < idleConnections; opened += opening) {
    idle.push(...(await Promise.all(Array.from({ length: opening }, () => wideReader(endpoint)))))
    progress(`${idle.length} idle connections`, pid)
  }
  const late = rssBytes(pid)
  for (const connection of idle) connection.close()
  return { early, late }
}

export const idleConnections = 1_000
const opening = 20

function progress(what: string, pid: number): void {
  process.stderr.write(`\rmemory: ${what}, ${mib(rssBytes(pid))}   `)
}

export function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
