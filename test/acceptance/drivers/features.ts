/** What a driver of PostgreSQL may be able to do: the rows of the matrix. */
export const features = [
  'settings at the start',
  'pool',
  'values in text',
  'binary formats',
  'parameters',
  'prepared statements',
  'pipeline',
  'errors in mid-pipeline',
  'several statements in a message',
  'COPY',
  'COPY that fails',
  'cursors',
  'cancel',
  'timeouts',
  'notifications',
  'notices',
  'transactions',
  'two-phase commit',
  'errors',
  'large values',
  'large objects',
  'the catalogue',
] as const

export type Feature = (typeof features)[number]

export const drivers = ['psycopg2', 'psycopg', 'asyncpg', 'pg', 'postgres-js', 'jdbc', 'pgx'] as const

/** They are fetched and compiled first, which takes longer than all others. */
export const compiled: ReadonlySet<string> = new Set(['jdbc', 'pgx'])

/** postgres.js and pgjdbc go by names that a target may have too. */
export type Driver = (typeof drivers)[number]
