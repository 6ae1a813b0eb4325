import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Client, Pool } from 'pg'
import type { Json } from '@sluice/core'
import type { Login } from '../../src/wire-client.ts'
import { environmentOf } from '../door.ts'
import type { Case } from '../transcript.ts'
import { asked, connected as withClient } from './node-postgres.ts'
import { connected as withSql } from './postgres-js.ts'

/** Rows that it deletes, and what its connection is good for then. */
export const patientCases: Readonly<Record<string, Case<Login>>> = {
  'node-postgres': (door) =>
    withClient(door, async (client) => [
      await asked(client, { text: `${deletion} $1 RETURNING ${columns}`, values: ['node-postgres %'] }),
      await asked(client, {
        text: 'SELECT count(*) FROM jobs WHERE label LIKE $1',
        values: ['node-postgres %'],
      }),
    ]),
  'postgres.js': (door) =>
    withSql(door, async (sql) => [
      JSON.stringify(
        await sql`DELETE FROM jobs WHERE label LIKE ${'postgres.js %'} RETURNING id, label, amount, document`,
      ),
      JSON.stringify(await sql`SELECT count(*) FROM jobs WHERE label LIKE ${'postgres.js %'}`),
    ]),
}

/** How each client waits no longer, and what its connection is good for then. */
export const impatientCases: Readonly<Record<string, Case<Login>>> = {
  'node-postgres: query_timeout of a pool': async (door) => {
    const pool = new Pool({ ...addressOf(door), max: 1, query_timeout: waitMs })
    try {
      const error = await failure(pool.query(`${deletion} $1`, ['kept%']))
      return [error, (await pool.query('SELECT 2 AS n')).rows]
    } finally {
      await pool.end()
    }
  },
  'node-postgres: query_timeout of a client that then ends': async (door) => {
    const client = new Client({ ...addressOf(door), query_timeout: waitMs })
    await client.connect()
    const error = await failure(client.query(`${deletion} $1`, ['kept%']))
    await client.end()
    return [error]
  },
  'postgres.js: an AbortSignal': (door) =>
    withSql(door, async (sql) => {
      const query = sql`DELETE FROM jobs WHERE label LIKE ${'kept%'}`
      AbortSignal.timeout(waitMs).addEventListener('abort', () => query.cancel())
      return [await failure(query), JSON.stringify(await sql`SELECT ${2}::int AS n`)]
    }),
  'psql: Ctrl-C': async (door) => {
    const child = spawn('psql', ['--no-psqlrc', '-c', `${deletion} 'kept%'`], {
      env: environmentOf(door),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      if (said === '') child.kill('SIGINT')
      said += chunk.toString()
    })
    await once(child, 'close')
    return [said]
  },
}

const deletion = 'DELETE FROM jobs WHERE label LIKE'
const columns = 'id, label, amount, document'
/** Longer than it takes to ask, shorter than anybody would wait. */
const waitMs = 1_500

function addressOf({ host, port, user, password, database }: Login): Login {
  return { host, port, user, password, database }
}

async function failure(work: PromiseLike<unknown>): Promise<Json> {
  try {
    await work
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string }
    return [code ?? null, message]
  }
  throw new Error('it did not fail')
}
