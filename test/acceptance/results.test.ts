import { after, suite } from 'node:test'
import { nodePostgres } from './clients/node-postgres.ts'
import { postgresJs } from './clients/postgres-js.ts'
import { psqlCases } from './clients/psql.ts'
import { runWithPython } from './python.ts'
import { openStage } from './stage.ts'
import { assertSame, transcribe, type Transcript } from './transcript.ts'
import type { Login } from '../src/wire-client.ts'

/**
 * Where nothing is masked, every client sees through Sluice what it sees at the server itself: values to the byte,
 * types, tags, errors, notices, states of transactions.
 */
const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

const clients: Readonly<Record<string, (door: Login) => Promise<Transcript>>> = {
  'node-postgres': (door) => transcribe(nodePostgres, door),
  'postgres.js': (door) => transcribe(postgresJs, door),
  psql: (door) => transcribe(psqlCases, door),
  psycopg: (door) => runWithPython('psycopg_cases.py', door),
  psycopg2: (door) => runWithPython('psycopg2_cases.py', door),
  asyncpg: (door) => runWithPython('asyncpg_cases.py', door),
}

const seen: (readonly [client: string, direct: Transcript, through: Transcript])[] = []
for (const [name, run] of Object.entries(clients)) {
  await stage.reset()
  const direct = await run(stage.direct)
  await stage.reset()
  seen.push([name, direct, await run(await stage.through('langchain-reporting'))])
}

for (const [name, direct, through] of seen) suite(name, () => assertSame(direct, through))
