import assert from 'node:assert/strict'
import { DatabaseError } from 'pg'
import postgres from 'postgres'
import type { Json } from '@sluice/core'
import type { Login } from '../../src/wire-client.ts'
import type { Case } from '../transcript.ts'
import { connected as withClient } from './node-postgres.ts'
import { connected as withSql } from './postgres-js.ts'
import { psql } from './psql.ts'

/** What a client saw of a refusal apart from the words, and the words. */
export interface ToldRefusal {
  readonly seen: readonly Json[]
  readonly words: readonly string[]
}

const insufficientPrivilege = '42501'

/** A refused statement by every client of this runtime and by psql. */
export function refusalCases(refused: string): Readonly<Record<string, Case<Login>>> {
  return {
    'node-postgres: one statement': (door) =>
      withClient(door, async (client) => {
        const told = new Told()
        await told.failure(client.query(refused))
        await told.failure(client.query({ name: 'refused', text: refused }))
        await told.failure(client.query({ text: refused, queryMode: 'extended' } as { text: string }))
        told.seen.push((await client.query('SELECT $1::int AS n', [1])).rows)
        return told.report()
      }),
    'node-postgres: in a transaction': (door) =>
      withClient(door, async (client) => {
        const told = new Told()
        await client.query('BEGIN')
        await client.query("INSERT INTO jobs (label) VALUES ('lost: node-postgres')")
        await client.query('SAVEPOINT s')
        await told.failure(client.query(refused))
        await told.failure(client.query('SELECT 1'))
        await client.query('ROLLBACK TO SAVEPOINT s')
        told.seen.push((await client.query('SELECT 2 AS n')).rows)
        await told.failure(client.query({ name: 'again', text: refused }))
        await told.failure(client.query('SELECT $1::int', [1]))
        told.seen.push((await client.query('COMMIT')).command)
        told.seen.push((await client.query("SELECT count(*) FROM jobs WHERE label LIKE 'lost: node%'")).rows)
        return told.report()
      }),
    'postgres.js: one statement': (door) =>
      withSql(door, async (sql) => {
        const told = new Told()
        await told.failure(sql.unsafe(refused))
        await told.failure(sql.unsafe(refused, [], { prepare: true }))
        told.seen.push(JSON.stringify(await sql`SELECT ${1}::int AS n`))
        return told.report()
      }),
    'postgres.js: parallel on one socket, the third refused': (door) =>
      withSql(door, async (sql) => {
        await sql`SELECT ${0}::int AS n`
        const told = new Told()
        const queries = Array.from({ length: 20 }, (_, n) =>
          n === 2 ? sql.unsafe(refused, [], { prepare: true }) : sql`SELECT ${n}::int AS n`,
        )
        for (const outcome of await Promise.allSettled(queries))
          if (outcome.status === 'fulfilled') told.seen.push(JSON.stringify(outcome.value))
          else told.error(outcome.reason)
        const inserts = Array.from({ length: 20 }, (_, n) =>
          n === 2
            ? sql.unsafe(refused, [], { prepare: true })
            : sql`INSERT INTO jobs (label) VALUES (${`js ${n}`})`,
        )
        for (const outcome of await Promise.allSettled(inserts))
          if (outcome.status === 'fulfilled') told.seen.push(outcome.value.count)
          else told.error(outcome.reason)
        told.seen.push(JSON.stringify(await sql`SELECT label FROM jobs WHERE label LIKE 'js %' ORDER BY id`))
        return told.report()
      }),
    'postgres.js: parallel in a transaction, the third refused': (door) =>
      withSql(door, async (sql) => {
        const told = new Told()
        const work = sql.begin(async (inside) => {
          const queries = Array.from({ length: 10 }, (_, n) =>
            n === 2
              ? inside.unsafe(refused, [], { prepare: true })
              : inside`INSERT INTO jobs (label) VALUES (${`in ${n}`})`,
          )
          for (const outcome of await Promise.allSettled(queries))
            if (outcome.status === 'fulfilled') told.seen.push(outcome.value.count)
            else told.error(outcome.reason)
          await Promise.all(queries)
        })
        await assert.rejects(work)
        told.seen.push(JSON.stringify(await sql`SELECT label FROM jobs WHERE label LIKE 'in %' ORDER BY id`))
        return told.report()
      }),
    'psql: and on it goes': async (door) => {
      const script = `SELECT 1;\n${refused};\nSELECT 2;\nBEGIN;\nSELECT 3;\n${refused};\nSELECT 4;\nROLLBACK;\nSELECT 5;\n`
      const { code, out, err } = await psql(door, script)
      const states = [...err.matchAll(/^psql:.*|^(ERROR|FATAL): {2}(\w{5}): (.*)$/gm)]
      const words = states
        .filter(([, , state]) => state === insufficientPrivilege)
        .map(([, , , text]) => text ?? '')
      return new Told(
        [code, out, states.map(([, severity, state]) => [severity ?? null, state ?? null])],
        words,
      ).report()
    },
  }
}

class Told {
  readonly seen: Json[]
  readonly words: string[]

  constructor(seen: Json[] = [], words: string[] = []) {
    this.seen = seen
    this.words = words
  }

  async failure(work: Promise<unknown>): Promise<void> {
    const outcome = await work.then(
      () => null,
      (error: unknown) => ({ error }),
    )
    assert.ok(outcome !== null, 'it did not fail')
    this.error(outcome.error)
  }

  error(error: unknown): void {
    assert.ok(error instanceof DatabaseError || error instanceof postgres.PostgresError, String(error))
    this.seen.push([error.name, error.severity ?? null, error.code ?? null])
    if (error.code === insufficientPrivilege) this.words.push(error.message)
  }

  report(): Json {
    return { seen: this.seen, words: this.words }
  }
}
