import { text as textOf } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Json } from '@sluice/core'
import type { Login } from '../../src/wire-client.ts'
import { connected, postgresJs, sqlOf, told } from '../clients/postgres-js.ts'
import type { Case } from '../transcript.ts'

/** postgres.js beyond queries: its pool, reserved connections, notifications, failing copies, its own types. */
export const postgresJsRange: Readonly<Record<string, Case<Login>>> = {
  ...postgresJs,
  'a pool': (door) =>
    connected(
      door,
      async (sql) => {
        const queries = Array.from({ length: 20 }, (_, n) => sql`SELECT ${n}::int AS n`)
        const found: Json[] = (await Promise.all(queries)).map((rows) => JSON.stringify(rows))
        const failing = Array.from({ length: 6 }, (_, n) => sql`SELECT 10 / ${n % 2}::int AS n`.catch(told))
        found.push(...(await Promise.all(failing)).map((rows) => JSON.stringify(rows)))
        const blocks = Array.from({ length: 3 }, (_, n) =>
          sql.begin(async (inside) => {
            await inside`INSERT INTO jobs (label) VALUES (${`pool-${n}`})`
            return inside`SELECT count(*) FROM jobs WHERE label = ${`pool-${n}`}`
          }),
        )
        found.push(...(await Promise.all(blocks)).map((rows) => JSON.stringify(rows)))
        return found
      },
      { max: 3 },
    ),
  'a reserved connection': (door) =>
    connected(
      door,
      async (sql) => {
        const reserved = await sql.reserve()
        await reserved`SET application_name = 'reserved'`
        const found = JSON.stringify(await reserved`SHOW application_name`)
        reserved.release()
        return [found, JSON.stringify(await sql`SELECT 1 AS alive`)]
      },
      { max: 2 },
    ),
  'without prepared statements': (door) =>
    connected(
      door,
      async (sql) => {
        const found: Json[] = []
        for (const id of [0, 1, 1])
          found.push(JSON.stringify(await sql`SELECT id, words FROM all_types WHERE id = ${id}`))
        return found
      },
      { prepare: false },
    ),
  'a pipeline in a transaction': (door) =>
    connected(door, async (sql) => {
      const found: Json[] = []
      await sql
        .begin((inside) => [
          inside`INSERT INTO jobs (label) VALUES (${'piped'})`,
          inside`SELECT 1/${0}::int`.catch((error: unknown) => {
            found.push(told(error))
            throw error
          }),
          inside`SELECT ${1}::int`.catch((error: unknown) => {
            found.push(told(error))
            throw error
          }),
        ])
        .catch((error: unknown) => found.push(told(error)))
      return [...found, JSON.stringify(await sql`SELECT count(*) FROM jobs WHERE label = 'piped'`)]
    }),
  'many rows in one statement': (door) =>
    connected(door, async (sql) => {
      const rows = Array.from({ length: 300 }, (_, n) => ({ label: `many-${n}`, amount: n }))
      const { count } = await sql`INSERT INTO jobs ${sql(rows, 'label', 'amount')}`
      const names = ['many-1', 'many-2', 'nobody']
      return [
        count,
        JSON.stringify(await sql`SELECT label, amount FROM jobs WHERE label IN ${sql(names)} ORDER BY label`),
        JSON.stringify(await sql`SELECT ${sql('label')} FROM ${sql('jobs')} WHERE label = ANY(${names})`),
      ]
    }),
  'copies that fail': (door) =>
    connected(door, async (sql) => {
      const found: Json[] = []
      // The driver never tells its stream how that ended; the connection goes on.
      const bad = await sql`COPY jobs (label, amount) FROM STDIN (FORMAT csv)`.writable()
      bad.end('good,1\nbad,no number\n')
      const stopped = await sql`COPY jobs (label) FROM STDIN`.writable()
      stopped.on('error', (error) => found.push(error.message)).write('good\n')
      stopped.destroy(new Error('the client changed its mind'))
      const binary =
        await sql`COPY (SELECT id, words FROM all_types ORDER BY id) TO STDOUT (FORMAT binary)`.readable()
      binary.setEncoding('latin1')
      found.push(await textOf(binary))
      found.push(await sql`COPY forbidden TO STDOUT`.readable().then(() => null, told))
      return [...found, JSON.stringify(await sql`SELECT count(*) FROM jobs WHERE label = 'good'`)]
    }),
  notifications: (door) =>
    connected(
      door,
      async (sql) => {
        const { promise: all, resolve } = Promise.withResolvers<void>()
        const found: Json[] = []
        const hear = (channel: string) => (payload: string) => {
          found.push([channel, payload])
          if (found.length === 3) resolve()
        }
        const news = await sql.listen('news', hear('news'))
        await sql.listen('Other News', hear('Other News'))
        await sql`NOTIFY news, 'in SQL'`
        await sql.notify('Other News', 'by a function ✓')
        await sql.begin((inside) => inside.notify('news', 'in a transaction'))
        await Promise.race([all, sleep(10_000, null, { ref: false })])
        await news.unlisten()
        await sql.notify('news', 'to nobody')
        return [...found, JSON.stringify(await sql`SELECT 1 AS alive`)]
      },
      { max: 2 },
    ),
  'timeouts of the server': (door) =>
    connected(
      door,
      async (sql) => [
        await sql`SELECT pg_sleep(${30})`.then(JSON.stringify, told),
        JSON.stringify(await sql`SHOW statement_timeout`),
        JSON.stringify(await sql`SHOW application_name`),
        JSON.stringify(await sql`SELECT ${'2024-02-29'}::date::text AS day`),
      ],
      { connection: { statement_timeout: 200, application_name: 'given', DateStyle: 'German,DMY' } },
    ),
  'own types': (door) =>
    connected(door, async (sql) => {
      // Arrays of the database's own types are looked up in the catalogue at the first query.
      const found = [JSON.stringify(await sql`SELECT moods, feeling, home, mail FROM all_types ORDER BY id`)]
      return [
        ...found,
        JSON.stringify(
          await sql`SELECT ${'ok'}::mood AS feeling, ${sql.array(['sad', 'ok'])}::text[] AS all`,
        ),
      ]
    }),
  'two phases': (door) =>
    connected(door, async (sql) => {
      const done = await sql
        .begin(async (inside) => {
          await inside`INSERT INTO jobs (label) VALUES ('in two phases')`
          await inside.prepare('postgres-js')
        })
        .then(() => null, told)
      if (done !== null) return done
      await sql`COMMIT PREPARED 'postgres-js'`
      return (await sql`DELETE FROM jobs WHERE label = 'in two phases'`).count
    }),
  'large objects': async (door) => {
    const sql = sqlOf(door)
    try {
      const large = await sql.largeObject()
      await large.write(Buffer.from('large'))
      const found = await textOf(await large.readable({ start: 0 }))
      await large.close()
      return found
    } catch (error) {
      return told(error)
    } finally {
      // Of a failure the driver keeps its connection reserved.
      await sql.end({ timeout: 0 })
    }
  },
}
