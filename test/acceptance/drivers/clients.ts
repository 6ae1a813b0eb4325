import { MissingError } from '@sluice/kafka'
import type { Login } from '../../src/wire-client.ts'
import { pythonVersion, runPython } from '../python.ts'
import { transcribe, type Case, type Transcript } from '../transcript.ts'
import type { Driver } from './features.ts'
import { goCases } from './go.ts'
import { javaCases } from './java.ts'
import { nodePostgresRange } from './node-postgres.ts'
import { postgresJsRange } from './postgres-js.ts'

/** Runs every case of a driver but these. */
export type Run = (door: Login, without?: readonly string[]) => Promise<Transcript>

/** Makes each driver ready, once. Throws `MissingError` where it cannot be had on this machine. */
export const clients: Readonly<Record<Driver, () => Promise<Run>>> = {
  psycopg2: () => python('psycopg2_cases.py'),
  psycopg: () => python('psycopg_cases.py'),
  asyncpg: () => python('asyncpg_cases.py'),
  pg: () => Promise.resolve(inside(nodePostgresRange)),
  'postgres-js': () => Promise.resolve(inside(postgresJsRange)),
  jdbc: () => javaCases(tell),
  pgx: () => goCases(tell),
}

async function python(script: string): Promise<Run> {
  if ((await pythonVersion()) === null)
    throw new MissingError('there is no python3: install python3, python3-venv and python3-pip')
  return (door, without = []) => runPython(script, door, { without })
}

function inside(cases: Readonly<Record<string, Case<Login>>>): Run {
  return (door, without = []) =>
    transcribe(Object.fromEntries(Object.entries(cases).filter(([name]) => !without.includes(name))), door)
}

function tell(what: string): void {
  console.error(`drivers: ${what}`)
}
