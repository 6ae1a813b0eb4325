import { SchemaError, type Schema } from '@sluice/core'
import { ownFunctions, type OwnFunction } from './own-functions.ts'

/** What a PostgreSQL target needs beside its address and credential. */
export interface PostgresSettings {
  readonly database: string
  /** `verify-full` checks the chain and the host name; there is no mode that falls back to clear text. */
  readonly tls: 'disable' | 'verify-full'
  /** PEM of the authority that signed the server's certificate, if it is not a public one. */
  readonly tls_ca: string | null
  /** The search_path of every connection, and the only schemas that SET search_path may name. */
  readonly schemas: readonly string[]
  readonly connect_timeout_ms: number
  /** Statements that provably leave nothing behind need not wait until their decision is durable; their answers do. */
  readonly overlap_reads: boolean
  /** `null`: each session has a connection of its own, made for it. */
  readonly pool: PoolSettings | null
  /** Functions of the database that statements may call, beyond those of the server and of known extensions. */
  readonly functions: readonly OwnFunction[]
}

/** Connections that are kept for further sessions. */
export interface PoolSettings {
  /** Connections of this target: a session that comes when all are in use waits. */
  readonly max: number
  /** How long one is kept that nobody uses. */
  readonly idle_s: number
  /** How long one is used at all: what a server changes for new logins alone counts at the latest then. */
  readonly life_s: number
  /** How long a session waits for one to be free. */
  readonly wait_ms: number
}

const keys = [
  'database',
  'tls',
  'tls_ca',
  'schemas',
  'connect_timeout_ms',
  'overlap_reads',
  'pool',
  'functions',
] as const
const poolBounds = {
  max: { least: 1, most: 10_000, otherwise: 20 },
  idle_s: { least: 1, most: 86_400, otherwise: 300 },
  life_s: { least: 1, most: 86_400, otherwise: 3_600 },
  // A client that has not logged in by then is cut off.
  wait_ms: { least: 0, most: 20_000, otherwise: 5_000 },
} as const
const connectTimeoutMs = 10_000

export const postgresTarget: Schema<PostgresSettings> = { parse }

function parse(value: unknown): PostgresSettings {
  const given = mapping(value, [], keys)
  return {
    database: text(given, 'database'),
    tls: tls(given.get('tls')),
    tls_ca: given.has('tls_ca') ? text(given, 'tls_ca') : null,
    schemas: schemas(given.get('schemas')),
    connect_timeout_ms: timeout(given.get('connect_timeout_ms')),
    overlap_reads: flag(given, 'overlap_reads'),
    pool: given.has('pool') ? pool(given.get('pool')) : null,
    functions: ownFunctions(given.get('functions')),
  }
}

function mapping(
  value: unknown,
  at: readonly string[],
  known: readonly string[],
): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SchemaError(at, at.length === 0 ? 'must be a mapping' : `"${at.join('.')}" must be a mapping`)
  const given = new Map<string, unknown>(Object.entries(value))
  for (const key of given.keys())
    if (!known.includes(key))
      throw new SchemaError([...at, key], `unknown key "${key}"; did you mean "${nearest(key, known)}"?`)
  return given
}

function pool(value: unknown): PoolSettings {
  const given = mapping(value, ['pool'], Object.keys(poolBounds))
  const whole = (key: keyof PoolSettings): number => {
    const { least, most, otherwise } = poolBounds[key]
    const number = given.get(key) ?? otherwise
    if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most)
      return number
    const bounds = `between ${String(least)} and ${String(most)}`
    throw new SchemaError(['pool', key], `"pool.${key}" must be a whole number ${bounds}`)
  }
  return { max: whole('max'), idle_s: whole('idle_s'), life_s: whole('life_s'), wait_ms: whole('wait_ms') }
}

function text(given: ReadonlyMap<string, unknown>, key: string): string {
  const value = given.get(key)
  if (typeof value !== 'string' || value === '' || value.includes('\0'))
    throw new SchemaError([key], `"${key}" must be a text that is not empty`)
  return value
}

function tls(value: unknown): PostgresSettings['tls'] {
  if (value === undefined || value === 'verify-full') return 'verify-full'
  if (value === 'disable') return 'disable'
  throw new SchemaError(['tls'], '"tls" must be "verify-full" or "disable"')
}

function schemas(value: unknown): readonly string[] {
  if (value === undefined) return ['public']
  const names: readonly unknown[] = Array.isArray(value) ? value : []
  const valid = names.filter(
    (name): name is string => typeof name === 'string' && name !== '' && !/[\0"]/.test(name),
  )
  if (valid.length === 0 || valid.length !== names.length)
    throw new SchemaError(['schemas'], '"schemas" must be a list of at least one schema name')
  return valid
}

function timeout(value: unknown): number {
  if (value === undefined) return connectTimeoutMs
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value
  throw new SchemaError(['connect_timeout_ms'], '"connect_timeout_ms" must be a whole number of at least 1')
}

function flag(given: ReadonlyMap<string, unknown>, key: string): boolean {
  const value = given.get(key) ?? false
  if (typeof value !== 'boolean') throw new SchemaError([key], `"${key}" must be true or false`)
  return value
}

/** The valid key with the smallest edit distance. */
function nearest(key: string, keys: readonly string[]): string {
  const ranked = keys.map((known) => ({ known, distance: distance(key, known) }))
  return ranked.reduce((best, next) => (next.distance < best.distance ? next : best)).known
}

function distance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const change = (previous[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      row.push(Math.min(change, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    previous = row
  }
  return previous[to.length] ?? 0
}
