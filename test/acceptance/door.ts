import type { Login } from '../src/wire-client.ts'

/** The address as the variables that libpq, asyncpg and their descendants read. */
export function environmentOf({
  host,
  port,
  user,
  password,
  database,
}: Login): Readonly<Record<string, string>> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: process.env['HOME'] ?? '/nonexistent',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    PGSSLMODE: 'prefer',
  }
}
