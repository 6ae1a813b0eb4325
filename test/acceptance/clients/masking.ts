import assert from 'node:assert/strict'
import { text as textOf } from 'node:stream/consumers'
import { DatabaseError } from 'pg'
import type { Json } from '@sluice/core'
import type { Login } from '../../src/wire-client.ts'
import type { Case } from '../transcript.ts'
import { copiedOut } from './copy-out.ts'
import { asked, connected as withClient, type Wanted } from './node-postgres.ts'
import { connected as withSql } from './postgres-js.ts'
import { plain, psql } from './psql.ts'

const columns = 'id, name, email, ssn, card'
const named = `SELECT ${columns} FROM customers WHERE id <= 5 ORDER BY id`
const byId = `SELECT ${columns} FROM customers WHERE id = $1`

/** Protected columns by every client of this runtime and by psql, in text and binary. */
export const maskingCases: Readonly<Record<string, Case<Login>>> = {
  'node-postgres: simple': (door) => withClient(door, (client) => asked(client, { text: named })),
  'node-postgres: star': (door) =>
    withClient(door, (client) =>
      asked(client, { text: 'SELECT * FROM customers WHERE id <= 5 ORDER BY id' }),
    ),
  'node-postgres: extended': (door) =>
    withClient(door, (client) => asked(client, { text: byId, values: [2] })),
  'node-postgres: binary': (door) =>
    withClient(door, (client) => {
      const text = 'SELECT name, email, ssn AS card, card AS ssn FROM customers WHERE id <= $1 ORDER BY id'
      return asked(client, { text, values: [5], binary: true })
    }),
  'node-postgres: a named statement': (door) =>
    withClient(door, async (client) => {
      const found: Json[] = []
      for (const id of [1, 2, 1]) found.push(await asked(client, { name: 'by-id', text: byId, values: [id] }))
      return found
    }),
  'node-postgres: a portal with a row limit': (door) =>
    withClient(door, (client) =>
      asked(client, {
        text: `SELECT ${columns} FROM customers WHERE id <= $1 ORDER BY id`,
        values: [25],
        rows: 10,
      } as Wanted),
    ),
  'node-postgres: COPY': (door) =>
    withClient(door, async (client) => {
      const found: Json[] = []
      for (const form of ['', ' (FORMAT csv, HEADER)', ' (FORMAT binary)'])
        found.push([...(await copiedOut(client, `COPY (${named}) TO STDOUT${form}`))])
      return [...found, await asked(client, { text: byId, values: [3] })]
    }),
  'node-postgres: COPY that fails between its rows': (door) =>
    withClient(door, async (client) => {
      const text =
        'COPY (SELECT id, ssn, email, card, 1 / (id - 900) FROM customers WHERE id < 1000) TO STDOUT'
      const failed = await copiedOut(client, text).then(
        () => assert.fail('it did not fail'),
        (error: unknown) =>
          error instanceof DatabaseError ? [error.code ?? '', error.message] : [String(error)],
      )
      return [failed, await asked(client, { text: byId, values: [3] })]
    }),
  'postgres.js: extended': (door) =>
    withSql(door, async (sql) =>
      JSON.stringify(await sql`SELECT * FROM customers WHERE id <= ${5} ORDER BY id`),
    ),
  'postgres.js: simple': (door) => withSql(door, async (sql) => JSON.stringify(await sql.unsafe(named))),
  'postgres.js: a cursor': (door) =>
    withSql(door, async (sql) => {
      const found: Json[] = []
      await sql`SELECT email, ssn, card FROM customers WHERE id <= ${25} ORDER BY id`.cursor(10, (rows) => {
        found.push(JSON.stringify(rows))
      })
      return found
    }),
  'postgres.js: parallel on one socket': (door) =>
    withSql(door, async (sql) => {
      const queries = Array.from(
        { length: 20 },
        (_, n) => sql`SELECT email, ssn, card FROM customers WHERE id = ${n + 1}`,
      )
      return (await Promise.all(queries)).map((rows) => JSON.stringify(rows))
    }),
  'postgres.js: COPY': (door) =>
    withSql(door, async (sql) => textOf(await sql.unsafe(`COPY (${named}) TO STDOUT`).readable())),
  'postgres.js: COPY, extended': (door) =>
    withSql(door, async (sql) =>
      textOf(
        await sql`COPY (SELECT card, ssn, email FROM customers ORDER BY id) TO STDOUT CSV HEADER`.readable(),
      ),
    ),
  'psql: COPY': async (door) =>
    plain(
      await psql(
        door,
        `COPY customers TO STDOUT;\nCOPY customers (email, card) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE (card));\n`,
      ),
    ),
  'psql: \\copy': async (door) =>
    plain(
      await psql(
        door,
        `\\copy (${named}) to pstdout csv header\n\\copy customers to pstdout delimiter '|'\n`,
      ),
    ),
  'psql: aligned and expanded': async (door) => plain(await psql(door, `${named};\n\\x\n${named};\n`)),
  'psql: rows in portions': async (door) =>
    plain(
      await psql(
        door,
        `\\set FETCH_COUNT 3\nSELECT email, ssn, card FROM customers WHERE id <= 10 ORDER BY id;\n`,
      ),
    ),
}
