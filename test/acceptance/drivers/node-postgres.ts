import { text as textOf } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { once } from 'node:events'
import { Client, Pool, type ClientConfig, type Notification } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import type { Json } from '@sluice/core'
import type { Login } from '../../src/wire-client.ts'
import { asked, connected, digest, nodePostgres, told } from '../clients/node-postgres.ts'
import type { Case } from '../transcript.ts'

/** `pg` with what belongs to it: its pool, its pipeline mode, and the packages for cursors and COPY. */
export const nodePostgresRange: Readonly<Record<string, Case<Login>>> = {
  ...nodePostgres,
  'a pool': async (door) => {
    const pool = new Pool({ ...configOf(door), max: 3 })
    try {
      const values = Array.from({ length: 12 }, (_, n) => pool.query('SELECT $1::int AS n', [n]))
      const found: Json[] = (await Promise.all(values)).map(({ rows }) => JSON.stringify(rows))
      found.push(await pool.query('SELECT 1/0').then(JSON.stringify, told))
      const client = await pool.connect()
      await client.query('BEGIN')
      found.push(await client.query('SELECT 1/0').then(JSON.stringify, told))
      await client.query('ROLLBACK')
      client.release(true)
      found.push(JSON.stringify((await pool.query("SELECT 'a new one' AS state")).rows))
      return [...found, pool.totalCount <= 3]
    } finally {
      await pool.end()
    }
  },
  'a pipeline': (door) =>
    pipelined(door, async (client) => {
      const queries = Array.from({ length: 50 }, (_, n) =>
        asked(client, { text: 'SELECT $1::int * 2, $2::text', values: [n, `row ${n}`] }),
      )
      const named = Array.from({ length: 10 }, (_, n) =>
        asked(client, { name: 'again', text: 'SELECT $1::int + 1', values: [n] }),
      )
      const simple = client.query('SELECT 1 AS a; SELECT 2 AS b').then((results) => JSON.stringify(results))
      return [...(await Promise.all([...queries, ...named])), await simple]
    }),
  'a pipeline that fails': (door) =>
    pipelined(door, async (client) => {
      const steps = [
        asked(client, { text: 'INSERT INTO jobs (label) VALUES ($1)', values: ['piped'] }),
        asked(client, { text: 'SELECT 1/$1::int', values: [0] }).catch(told),
        asked(client, { text: 'SELECT label FROM jobs WHERE label = $1', values: ['piped'] }),
        asked(client, { text: 'SELEC' }).catch(told),
        asked(client, { text: 'BEGIN' }),
        asked(client, { text: 'INSERT INTO jobs (label) VALUES ($1)', values: ['first'] }).catch(told),
        asked(client, { text: 'SELECT $1::int', values: [1] }).catch(told),
        asked(client, { text: 'ROLLBACK' }),
        asked(client, { text: 'SELECT $1::text', values: ['alive'] }),
      ]
      return Promise.all(steps)
    }),
  'parameters in binary': (door) =>
    connected(door, (client) =>
      // A Buffer travels as binary, whatever the type.
      asked(client, {
        text: 'SELECT $1::int4, $2::int8, $3::text, $4::bytea, $5::bool',
        values: [
          Buffer.from([0, 0, 1, 0]),
          Buffer.from([0, 0, 0, 0, 0, 0, 0, 7]),
          Buffer.from('it’s ✓'),
          Buffer.from([0, 255]),
          Buffer.from([1]),
        ],
        binary: true,
      }),
    ),
  'a cursor': (door) =>
    connected(door, async (client) => {
      const cursor = client.query(
        new Cursor('SELECT n, md5(n::text) FROM generate_series(1, $1::int) n', [35], { rowMode: 'array' }),
      )
      const found: Json[] = []
      for (const size of [10, 1, 20]) found.push(JSON.stringify(await cursor.read(size)))
      await cursor.close()
      const failing = client.query(new Cursor('SELECT 10 / (3 - n) FROM generate_series(1, 5) n'))
      found.push(JSON.stringify(await failing.read(2)))
      found.push(await failing.read(2).then(JSON.stringify, told))
      return [...found, await asked(client, { text: 'SELECT 1' })]
    }),
  'a cursor beside a transaction': (door) =>
    connected(door, async (client) => {
      await client.query('BEGIN')
      const cursor = client.query(new Cursor('SELECT id, words FROM all_types ORDER BY id'))
      const found: Json[] = [JSON.stringify(await cursor.read(2))]
      await cursor.close()
      await client.query('DECLARE c SCROLL CURSOR FOR SELECT n FROM generate_series(1, 25) n')
      for (const direction of ['FORWARD 3', 'BACKWARD 1', 'LAST', 'ABSOLUTE 2'])
        found.push(await asked(client, { text: `FETCH ${direction} FROM c` }))
      await client.query('COMMIT')
      return [...found, await client.query('FETCH 1 FROM c').then(JSON.stringify, told)]
    }),
  'copy out': (door) =>
    connected(door, async (client) => {
      const found: Json[] = []
      for (const form of ['', ' (FORMAT csv, HEADER)', ' (FORMAT binary)']) {
        const out = client.query(copyTo(`COPY (SELECT * FROM all_types ORDER BY id) TO STDOUT${form}`))
        out.setEncoding('latin1')
        found.push([digest([await textOf(out)]), out.rowCount])
      }
      return found
    }),
  'copy in': (door) =>
    connected(door, async (client) => {
      const into = client.query(copyFrom('COPY jobs (label, amount) FROM STDIN'))
      await pipeline(Readable.from(Array.from({ length: 500 }, (_, n) => `pg-${n}\t${n}\n`)), into)
      const found: Json[] = [into.rowCount]
      const bad = client.query(copyFrom('COPY jobs (label, amount) FROM STDIN (FORMAT csv)'))
      found.push(await pipeline(Readable.from(['good,1\nbad,no number\n']), bad).then(() => null, told))
      const stopped = client.query(copyFrom('COPY jobs (label) FROM STDIN'))
      stopped.write('half\n')
      stopped.destroy(new Error('the client changed its mind'))
      found.push(String((await once(stopped, 'error'))[0]))
      found.push(
        await asked(client, { text: "SELECT count(*), sum(amount) FROM jobs WHERE label LIKE 'pg-%'" }),
      )
      return [...found, await asked(client, { text: "SELECT count(*) FROM jobs WHERE label = 'half'" })]
    }),
  notifications: (door) =>
    connected(door, async (client) =>
      connected(door, async (other) => {
        const found: Json[] = []
        const { processID: own } = client as unknown as { readonly processID: number }
        const heard: Notification[] = []
        client.on('notification', (note) => heard.push(note))
        await client.query('LISTEN news; LISTEN "Other News"')
        await other.query("NOTIFY news, 'from another'")
        await other.query('SELECT pg_notify($1, $2)', ['Other News', 'by a function ✓'])
        await client.query('NOTIFY news')
        await client.query("BEGIN; NOTIFY news, 'undone'; ROLLBACK")
        while (heard.length < 3) await once(client, 'notification', { signal: AbortSignal.timeout(10_000) })
        for (const { channel, payload, processId } of heard)
          found.push([channel, payload ?? null, processId === own])
        await client.query('UNLISTEN *')
        await other.query("NOTIFY news, 'to nobody'")
        await client.query('SELECT 1')
        return [...found, heard.length]
      }),
    ),
  'timeouts of the server': async (door) => {
    const client = new Client({ ...configOf(door), statement_timeout: 200, lock_timeout: 5_000 })
    await client.connect()
    try {
      const found = [await client.query('SELECT pg_sleep($1)', [30]).then(JSON.stringify, told)]
      found.push(await client.query('SELECT pg_sleep(30)').then(JSON.stringify, told))
      return [...found, await asked(client, { text: 'SHOW lock_timeout' })]
    } finally {
      await client.end()
    }
  },
  'settings at the start': async (door) => {
    const options = '-c DateStyle=German,DMY -c extra_float_digits=0'
    const client = new Client({ ...configOf(door), application_name: 'given', options })
    await client.connect()
    try {
      return [
        await asked(client, { text: 'SHOW application_name' }),
        await asked(client, { text: "SELECT '2024-02-29'::date, 0.1::float8 + 0.2" }),
      ]
    } finally {
      await client.end()
    }
  },
  'decoded values': (door) =>
    connected(door, async (client) =>
      JSON.stringify((await client.query('SELECT * FROM all_types ORDER BY id')).rows),
    ),
  'two phases': (door) =>
    connected(door, async (client) => {
      await client.query("BEGIN; INSERT INTO jobs (label) VALUES ('in two phases')")
      const prepared = await client.query("PREPARE TRANSACTION 'pg'").then(() => null, told)
      if (prepared !== null) return prepared
      await client.query("COMMIT PREPARED 'pg'")
      return (await client.query("DELETE FROM jobs WHERE label = 'in two phases'")).rowCount
    }),
}

function configOf({ host, port, user, password, database }: Login): ClientConfig {
  return { host, port, user, password, database }
}

/** On a connection that sends each query without waiting for the one before. */
async function pipelined(door: Login, work: (client: Client) => Promise<Json>): Promise<Json> {
  const client = new Client({ ...configOf(door), pipeline: true })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
