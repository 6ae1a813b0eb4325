import { readFileSync } from 'node:fs'
import { TLSSocket } from 'node:tls'
import { Client } from 'pg'
import postgres from 'postgres'
import type { Login } from '../../src/wire-client.ts'
import { psql } from './psql.ts'

/** What a client is told to accept: anything in clear, or only a server that this authority vouches for. */
export interface Trust {
  readonly mode: 'verify-full' | 'disable'
  /** A PEM file. */
  readonly authority?: string
}

/** It got in, and how; or what the client says. */
export type Outcome = { readonly encrypted: boolean; readonly one: number } | { readonly words: string }

/** One attempt to log in, by each client of this runtime and by psql. */
export const logins: Readonly<Record<string, (door: Login, trust: Trust) => Promise<Outcome>>> = {
  'node-postgres': async ({ host, port, user, password, database }, trust) => {
    const client = new Client({ host, port, user, password, database, ssl: sslOf(trust) })
    // The server may hang up behind its answer.
    client.on('error', () => {})
    try {
      await client.connect()
      const { rows } = await client.query<{ one: number }>('SELECT 1 AS one')
      const { connection } = client as unknown as { readonly connection: { readonly stream: unknown } }
      return { encrypted: connection.stream instanceof TLSSocket, one: rows[0]?.one ?? 0 }
    } catch (error) {
      return words(error)
    } finally {
      await client.end()
    }
  },
  'postgres.js': async ({ host, port, user, password, database }, trust) => {
    const sql = postgres({ host, port, user, password, database, max: 1, ssl: sslOf(trust), connection: {} })
    try {
      const [row] = await sql<{ one: number }[]>`SELECT 1 AS one`
      return { encrypted: trust.mode === 'verify-full', one: row?.one ?? 0 }
    } catch (error) {
      return words(error)
    } finally {
      await sql.end({ timeout: 1 })
    }
  },
  psql: async (door, { mode, authority = '' }) => {
    const options = ['--no-align', '--tuples-only', '-c', '\\conninfo', '-c', 'SELECT 1']
    const { code, out, err } = await psql(door, '', options, { PGSSLMODE: mode, PGSSLROOTCERT: authority })
    if (code !== 0) return { words: err }
    return { encrypted: out.includes('SSL connection'), one: Number(out.trim().split('\n').at(-1)) }
  },
}

function sslOf({ mode, authority }: Trust): false | { readonly ca: string } {
  return mode === 'disable' || authority === undefined ? false : { ca: readFileSync(authority, 'utf8') }
}

function words(error: unknown): Outcome {
  return { words: error instanceof Error ? error.message : String(error) }
}
