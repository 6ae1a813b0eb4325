import type { HttpDoor } from '../src/gateway.ts'
import type { Login } from '../src/wire-client.ts'

export type Door = Login | HttpDoor

/** The address as the variables that the clients, or the scripts, read. */
export function environmentOf(door: Door): Readonly<Record<string, string>> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: process.env['HOME'] ?? '/nonexistent',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    ...('url' in door ? httpVariables(door) : postgresVariables(door)),
  }
}

/** As libpq, asyncpg and their descendants know them. */
function postgresVariables({
  host,
  port,
  user,
  password,
  database,
}: Login): Readonly<Record<string, string>> {
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGSSLMODE: 'prefer',
  }
}

function httpVariables({ url, headers }: HttpDoor): Readonly<Record<string, string>> {
  return { BASE_URL: url, BASE_HEADERS: JSON.stringify(headers) }
}
