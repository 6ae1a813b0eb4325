import { text as textOf } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import postgres, { type Notice, type Sql } from 'postgres'
import type { Json } from '@sluice/core'
import type { Login } from '../../src/wire-client.ts'
import type { Case } from '../transcript.ts'
import { digest } from './node-postgres.ts'

/** postgres.js: extended protocol by itself, parallel queries pipelined on one socket. */
export const postgresJs: Readonly<Record<string, Case<Login>>> = {
  'types, extended': (door) =>
    connected(door, async (sql) => {
      const query = sql`SELECT * FROM all_types WHERE id >= ${0} ORDER BY id`.raw()
      return hexadecimal(await query)
    }),
  'types, simple': (door) =>
    connected(door, async (sql) =>
      hexadecimal(await sql`SELECT * FROM all_types ORDER BY id`.simple().raw()),
    ),
  'what describe tells': (door) =>
    connected(door, async (sql) => {
      const { columns, types } = await sql`SELECT id, words, docb FROM all_types WHERE id = ${1}`.describe()
      return [columns.map(({ name, type, table, number }) => [name, type, table, number]), [...types]]
    }),
  'decoded values': (door) =>
    connected(door, async (sql) => JSON.stringify(await sql`SELECT * FROM all_types ORDER BY id`)),
  'parameters of many types': (door) =>
    connected(door, async (sql) =>
      hexadecimal(
        await sql`SELECT ${7}::int8, ${1.5}::float8, ${true}::bool, ${"it's ✓"}::text, ${Buffer.from([0, 255])}::bytea,
          ${sql.json({ a: [null] })}::jsonb, ${new Date(86_400_000)}::timestamptz, ${[1, 2]}::int[], ${null}::text`.raw(),
      ),
    ),
  'the same statement again': (door) =>
    connected(door, async (sql) => {
      const found: Json[] = []
      for (const id of [0, 1, 2, 3, 1])
        found.push(hexadecimal(await sql`SELECT id, words FROM all_types WHERE id = ${id}`.raw()))
      return found
    }),
  'parallel on one socket': (door) =>
    connected(door, async (sql) => {
      const queries = Array.from({ length: 60 }, (_, n) => sql`SELECT ${n}::int AS n, ${`row ${n}`} AS words`)
      return (await Promise.all(queries)).map((rows) => JSON.stringify(rows))
    }),
  'parallel with failures between': (door) =>
    connected(door, async (sql) => {
      const queries = Array.from({ length: 12 }, (_, n) =>
        sql`SELECT 10 / ${n % 4}::int AS n`.then(JSON.stringify, told),
      )
      return (await Promise.all(queries)) as Json[]
    }),
  'several statements in one message': (door) =>
    connected(door, async (sql) =>
      JSON.stringify(
        await sql.unsafe(
          "SELECT 1 AS a; INSERT INTO jobs (label) VALUES ('js'); SELECT label FROM jobs ORDER BY id",
        ),
      ),
    ),
  'a cursor of a portal': (door) =>
    connected(door, async (sql) => {
      const found: Json[] = []
      await sql`SELECT n, md5(n::text) AS hash FROM generate_series(1, ${35}::int) n`.cursor(10, (rows) => {
        found.push(JSON.stringify(rows))
      })
      return found
    }),
  'a cursor that is left early': (door) =>
    connected(door, async (sql) => {
      const found: Json[] = []
      for await (const rows of sql`SELECT n FROM generate_series(1, ${100}::int) n`.cursor(10)) {
        found.push(JSON.stringify(rows))
        if (found.length === 2) break
      }
      return [...found, JSON.stringify(await sql`SELECT 1 AS after`)]
    }),
  'rows one by one': (door) =>
    connected(door, async (sql) => {
      const found: Json[] = []
      await sql`SELECT n FROM generate_series(1, 20) n`.forEach((row) => found.push(JSON.stringify(row)))
      return found
    }),
  transactions: (door) =>
    connected(door, async (sql) => {
      const found: Json[] = []
      await sql.begin(async (inside) => {
        await inside`INSERT INTO jobs (label) VALUES (${'postgres.js'})`
        await inside
          .savepoint(async (nested) => {
            await nested`INSERT INTO jobs (label) VALUES ('undone')`
            await nested`SELECT 1/0`
          })
          .catch((error: unknown) => found.push(told(error)))
        found.push(JSON.stringify(await inside`SELECT label FROM jobs ORDER BY label`))
      })
      await sql
        .begin('read only', async (inside) => inside`INSERT INTO jobs (label) VALUES ('no')`)
        .catch((error: unknown) => found.push(told(error)))
      await sql
        .begin(async (inside) => {
          found.push(told(await inside`SELEC`.catch((error: unknown) => error)))
          found.push(told(await inside`SELECT 1`.catch((error: unknown) => error)))
          throw new Error('given up')
        })
        .catch((error: unknown) => found.push(String(error)))
      return [...found, JSON.stringify(await sql`SELECT label FROM jobs ORDER BY label`)]
    }),
  errors: (door) =>
    connected(door, async (sql) => {
      const queries = [
        () => sql`SELECT 1/0`,
        () => sql`SELEC ${1}`,
        () => sql`SELECT * FROM nowhere`,
        () => sql`SELECT nothing FROM jobs`,
        () => sql`INSERT INTO jobs (label) VALUES (${'first'})`,
        () => sql`INSERT INTO jobs (label) VALUES (${''})`,
        () => sql`SELECT ${'abc'}::int`,
        () => sql`SELECT * FROM forbidden`,
        () => sql.unsafe('SELECT 1; SELECT 1/0; SELECT 2'),
      ]
      const found: Json[] = []
      for (const query of queries) {
        found.push(
          await query().then(() => {
            throw new Error('it did not fail')
          }, told),
        )
        found.push(JSON.stringify(await sql`SELECT 1 AS alive`))
      }
      return found
    }),
  'copy out and in': (door) =>
    connected(door, async (sql) => {
      const out = await sql`COPY (SELECT id, words FROM all_types ORDER BY id) TO STDOUT`.readable()
      const found: Json[] = [digest([await textOf(out)])]
      const into = await sql`COPY jobs (label, amount) FROM STDIN`.writable()
      await pipeline(Readable.from(Array.from({ length: 500 }, (_, n) => `js-${n}\t${n}\n`)), into)
      const labels = await sql<
        { label: string }[]
      >`SELECT label FROM jobs WHERE label LIKE ${'js-%'} ORDER BY id`
      return [...found, digest(labels.map(({ label }) => label))]
    }),
  cancel: (door) =>
    connected(door, async (sql) => {
      // A query that waits for a connection is cancelled by the driver alone.
      await sql`SELECT 1`
      const sleeping = sql`SELECT pg_sleep(${30})`
      setTimeout(() => sleeping.cancel(), 300)
      const error = await sleeping.catch((failed: unknown) => failed)
      return [told(error), JSON.stringify(await sql`SELECT 1 AS alive`)]
    }),
  notices: async (door) => {
    const found: Json[] = []
    const onnotice = ({ severity, code, message, detail }: Notice): void =>
      void found.push([severity ?? null, code ?? null, message ?? null, detail ?? null])
    await connected(
      door,
      async (sql) => {
        await sql`INSERT INTO noisy (label) VALUES (${'js'})`
        await sql.unsafe('COMMIT')
      },
      { onnotice },
    )
    return found
  },
  'parameter status': (door) =>
    connected(door, async (sql) => {
      await sql`SELECT set_config('TimeZone', ${'Asia/Kathmandu'}, false)`
      const { search_path: own, ...parameters } = sql.parameters as unknown as Record<string, string>
      return [parameters, own !== undefined]
    }),
  'a large result': (door) =>
    connected(door, async (sql) => {
      const rows = await sql<{ n: number; filler: string }[]>`
        SELECT n, repeat(md5(n::text), 32) AS filler FROM generate_series(1, 10000) n`
      return digest(rows.map(({ n, filler }) => `${n}:${filler}`))
    }),
  'a large parameter': (door) =>
    connected(door, async (sql) => {
      const text = '0123456789abcdef'.repeat(65_536)
      return JSON.stringify(await sql`SELECT length(${text}::text) AS length, md5(${text}::text) AS hash`)
    }),
  'an empty query': (door) =>
    connected(door, async (sql) => [
      JSON.stringify(await sql.unsafe('')),
      JSON.stringify(await sql`SELECT 1 AS alive`),
    ]),
  'many connections': async (door) => {
    const found: Json[] = []
    for (let n = 0; n < 40; n++)
      found.push(await connected(door, async (sql) => JSON.stringify(await sql`SELECT ${n}::int AS n`)))
    return found
  },
}

/** One connection, so that parallel queries share a socket. */
export function sqlOf(
  { host, port, user, password, database }: Login,
  options: postgres.Options<{}> = {},
): Sql {
  return postgres({ host, port, user, password, database, max: 1, onnotice: () => {}, ...options })
}

/** On a connection of its own. */
export async function connected<T>(
  door: Login,
  work: (sql: Sql) => Promise<T>,
  options: postgres.Options<{}> = {},
): Promise<T extends void ? null : T> {
  const sql = sqlOf(door, options)
  try {
    return (await work(sql)) as T extends void ? null : T
  } finally {
    await sql.end({ timeout: 5 })
  }
}

function hexadecimal(rows: readonly (readonly (Buffer | null)[])[]): Json {
  return rows.map((row) => row.map((value) => (value === null ? null : Buffer.from(value).toString('hex'))))
}

/** Every field of an error but the place in the server's source. */
export function told(error: unknown): Json {
  if (!(error instanceof postgres.PostgresError)) throw error
  const { severity, code: sqlstate, message, detail, hint, position, where, ...named } = error
  const { schema_name, table_name, constraint_name } = named
  const fields = {
    severity,
    sqlstate,
    message,
    detail,
    hint,
    position,
    where,
    schema_name,
    table_name,
    constraint_name,
  }
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value ?? null]))
}
