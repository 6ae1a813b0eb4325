import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Client, DatabaseError, Query, type QueryConfig, type QueryArrayConfig } from 'pg'
import type { Json } from '@sluice/core'
import type { Login } from '../../src/wire-client.ts'
import type { Case } from '../transcript.ts'

/** `pg`: unnamed and named statements, text and binary. Values stay the bytes that arrived. */
export const nodePostgres: Readonly<Record<string, Case<Login>>> = {
  'types, simple': (door) => connected(door, (client) => asked(client, { text: allTypes })),
  'types, extended': (door) =>
    connected(door, (client) =>
      asked(client, { text: allTypes.replace('ORDER', 'WHERE id >= $1 ORDER'), values: [0] }),
    ),
  'types, binary': (door) => connected(door, (client) => asked(client, { text: allTypes, binary: true })),
  'parameters of many types': (door) =>
    connected(door, (client) =>
      asked(client, {
        text: 'SELECT $1::int8, $2::float8, $3::bool, $4::text, $5::bytea, $6::jsonb, $7::timestamptz, $8::int[], $9::text',
        values: [
          7,
          1.5,
          true,
          "it's ✓",
          Buffer.from([0, 255]),
          { a: [null] },
          new Date(86_400_000),
          [1, null],
          null,
        ],
      }),
    ),
  'a named statement again and again': (door) =>
    connected(door, async (client) => {
      const found: Json[] = []
      for (const id of [0, 1, 2, 3, 1])
        found.push(
          await asked(client, {
            name: 'by-id',
            text: 'SELECT id, words FROM all_types WHERE id = $1',
            values: [id],
          }),
        )
      return found
    }),
  'an unnamed statement between named ones': (door) =>
    connected(door, async (client) => [
      await asked(client, { name: 'a', text: 'SELECT $1::int AS a', values: [1] }),
      await asked(client, { text: 'SELECT $1::text AS b', values: ['x'] }),
      await asked(client, { name: 'b', text: 'SELECT $1::int * 2 AS c', values: [3] }),
      await asked(client, { name: 'a', text: 'SELECT $1::int AS a', values: [2] }),
    ]),
  'several statements in one message': (door) =>
    connected(door, async (client) => {
      const results = await client.query({ text: severalStatements, rowMode: 'array', types: raw })
      return (results as unknown as Result[]).map(plainResult)
    }),
  'a portal with a row limit': (door) =>
    connected(door, (client) =>
      asked(client, {
        text: 'SELECT n, md5(n::text) FROM generate_series(1, $1) n',
        values: [35],
        rows: 10,
      } as Wanted),
    ),
  'queued without waiting': (door) =>
    connected(door, async (client) => {
      const queries = Array.from({ length: 30 }, (_, n) =>
        asked(client, { text: 'SELECT $1::int', values: [n] }),
      )
      return Promise.all(queries)
    }),
  errors: (door) =>
    connected(door, async (client) => {
      const found: Json[] = []
      for (const [text, values] of failing) {
        found.push(await failure(client.query(text, values)))
        found.push(await asked(client, { text: 'SELECT 1' }))
      }
      return found
    }),
  transactions: (door) =>
    connected(door, async (client) => {
      const found: Json[] = []
      const step = async (text: string): Promise<void> => {
        found.push(await client.query({ text, rowMode: 'array', types: raw }).then(plainResult, told))
      }
      for (const text of [
        'BEGIN',
        "INSERT INTO jobs (label) VALUES ('node-postgres')",
        'SAVEPOINT s',
        'SELECT 1/0',
        'SELECT 1',
        'ROLLBACK TO SAVEPOINT s',
        'RELEASE s',
        "SELECT count(*) FROM jobs WHERE label = 'node-postgres'",
        "INSERT INTO jobs (label) VALUES ('first')",
        'SELECT 1',
        'COMMIT',
        'SELECT label FROM jobs ORDER BY label',
      ])
        await step(text)
      return found
    }),
  cancel: (door) =>
    connected(door, async (client) => {
      const sleeping = new Query({ text: 'SELECT pg_sleep(30)' })
      const failed = once(sleeping, 'error')
      client.query(sleeping)
      setTimeout(() => cancelled(door, client, sleeping), 300)
      const [error] = (await failed) as [unknown]
      return [told(error), await asked(client, { text: 'SELECT 1' })]
    }),
  notices: (door) =>
    connected(door, async (client) => {
      const found: Json[] = []
      client.on('notice', ({ severity, code, message, detail, where }) =>
        found.push([severity ?? null, code ?? null, message ?? null, detail ?? null, where ?? null]),
      )
      await client.query('BEGIN; BEGIN')
      await client.query('ROLLBACK')
      await client.query('INSERT INTO noisy (label) VALUES ($1)', ['node'])
      return found
    }),
  'parameter status': async (door) => {
    const client = clientOf(door)
    const found = new Map<string, string>()
    const { connection } = client as unknown as { readonly connection: NodeJS.EventEmitter }
    connection.on('parameterStatus', (status: { parameterName: string; parameterValue: string }) =>
      found.set(status.parameterName, status.parameterValue),
    )
    await client.connect()
    await client.query("SET application_name = 'renamed'; SET TIME ZONE 'Asia/Kathmandu'")
    await client.end()
    // Sluice pins search_path at the login, so its value is its own.
    found.delete('search_path')
    return [...found].toSorted(([one], [other]) => one.localeCompare(other))
  },
  'a large result': (door) =>
    connected(door, async (client) => {
      const { rows } = await client.query<{ n: string; filler: string }>(
        'SELECT n, repeat(md5(n::text), 32) AS filler FROM generate_series(1, 10000) n',
      )
      return digest(rows.map(({ n, filler }) => `${n}:${filler}`))
    }),
  'a large parameter': (door) =>
    connected(door, (client) => {
      const text = '0123456789abcdef'.repeat(65_536)
      return asked(client, {
        text: 'SELECT length($1), md5($1), md5($2::bytea)',
        values: [text, Buffer.from(text)],
      })
    }),
  'empty queries': (door) =>
    connected(door, async (client) => [
      await asked(client, { text: '' }),
      await asked(client, { text: ';' }),
      await asked(client, { text: '-- nothing', values: [] }),
      await asked(client, { text: '/* nothing */', name: 'empty' }),
      await asked(client, { text: 'SELECT 1' }),
    ]),
  'many connections': async (door) => {
    const found: Json[] = []
    for (let n = 0; n < 40; n++)
      found.push(await connected(door, (client) => asked(client, { text: `SELECT ${n}` })))
    return found
  },
}

const allTypes = 'SELECT * FROM all_types ORDER BY id'
const severalStatements =
  "SELECT 1 AS a; INSERT INTO jobs (label) VALUES ('several'); SELECT label FROM jobs ORDER BY id; ;"
const failing: readonly (readonly [string, string[]])[] = [
  ['SELECT 1/0', []],
  ['SELECT 1/$1::int', ['0']],
  ['SELEC 1', []],
  ['SELEC $1', ['x']],
  ['SELECT * FROM nowhere', []],
  ['SELECT nothing FROM jobs', []],
  ['INSERT INTO jobs (label) VALUES ($1)', ['first']],
  ['INSERT INTO jobs (label) VALUES ($1)', ['']],
  ['INSERT INTO jobs (label, parent) VALUES ($1, 999)', ['orphan']],
  ['SELECT $1::int', ['abc']],
  ['SELECT $1, $2', ['too few']],
  ['SELECT * FROM forbidden', []],
]

export type Wanted = QueryConfig & { readonly binary?: boolean; readonly rows?: number }

interface Result {
  readonly command: string | null
  readonly rowCount: number | null
  readonly fields: readonly object[]
  readonly rows: readonly unknown[]
}

export const raw = { getTypeParser: () => (value: string | Buffer) => value } as NonNullable<
  QueryConfig['types']
>

export function clientOf({ host, port, user, password, database }: Login): Client {
  return new Client({ host, port, user, password, database })
}

/** On a connection of its own. */
export async function connected<T>(door: Login, work: (client: Client) => Promise<T>): Promise<T> {
  const client = clientOf(door)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

export async function asked(client: Client, wanted: Wanted): Promise<Json> {
  return plainResult(await client.query({ ...wanted, rowMode: 'array', types: raw } as QueryArrayConfig))
}

export function plainResult({ command, rowCount, fields, rows }: Result): Json {
  return [
    command,
    rowCount,
    fields.map((field) => plainRecord(field)),
    rows.map((row) => (row as unknown[]).map(plainValue)),
  ]
}

function plainRecord(field: object): Json {
  return Object.fromEntries(Object.entries(field).map(([key, value]) => [key, plainValue(value)]))
}

function plainValue(value: unknown): Json {
  if (Buffer.isBuffer(value)) return value.toString('hex')
  if (value === null || typeof value === 'string' || typeof value === 'number') return value
  return JSON.stringify(value) ?? null
}

export async function failure(work: Promise<unknown>): Promise<Json> {
  try {
    await work
  } catch (error) {
    return told(error)
  }
  throw new Error('it did not fail')
}

/** Every field of an error but the place in the server's source. */
export function told(error: unknown): Json {
  if (!(error instanceof DatabaseError)) throw error
  const { severity, code: sqlstate, message, detail, hint, position, where, ...named } = error
  const { schema, table, column, dataType, constraint } = named
  const fields = {
    severity,
    sqlstate,
    message,
    detail,
    hint,
    position,
    where,
    schema,
    table,
    column,
    dataType,
    constraint,
  }
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value ?? null]))
}

/** `pg` cancels over a second client, which it keeps out of its types. */
function cancelled(door: Login, client: Client, query: Query): void {
  const second = clientOf(door) as Client & {
    readonly connection: NodeJS.EventEmitter
    cancel(client: Client, query: Query): void
  }
  // The server closes it without a word, and not always gently.
  second.connection.on('error', () => {})
  second.cancel(client, query)
}

export function digest(parts: readonly string[]): Json {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:${part}`)
  return [parts.length, hash.digest('hex')]
}
