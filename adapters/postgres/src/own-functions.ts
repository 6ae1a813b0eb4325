import { SchemaError } from '@sluice/core'
import type { RelationName } from './statement.ts'

/**
 * A function of the database that its operator vouches for: the gateway reads no bodies. It stands for every overload of
 * its name in its schema.
 */
export interface OwnFunction extends RelationName {
  /** Whose rows it may tell of. */
  readonly reads: readonly RelationName[]
  /** Whose rows it may change, and tell of. */
  readonly changes: readonly RelationName[]
  /** Of a function that stands in FROM, where it has several. */
  readonly columns: readonly string[]
  /** How many rows it has, whether it fails and how long it takes has nothing to do with what is in masked columns. */
  readonly quiet: boolean
}

const keys = ['name', 'reads', 'changes', 'columns', 'quiet'] as const
const place = 'functions'

/** `schema.name`, or a mapping with what more is to be said. Throws `SchemaError` with its place in the target's entry. */
export function ownFunctions(value: unknown): readonly OwnFunction[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw new SchemaError([place], `"${place}" must be a list`)
  const entries: readonly unknown[] = value
  const seen = new Set<string>()
  return entries.map((entry, index) => {
    const at = [place, String(index)]
    const own = ownFunction(entry, at)
    const name = `${own.schema}.${own.name}`
    if (seen.has(name)) throw new SchemaError(at, `a second function named ${name}`)
    seen.add(name)
    return own
  })
}

function ownFunction(entry: unknown, at: readonly string[]): OwnFunction {
  if (typeof entry === 'string')
    return { ...qualified(entry, at), reads: [], changes: [], columns: [], quiet: false }
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    throw new SchemaError(at, 'a function is "schema.name", or a mapping with "name"')
  const given: Readonly<Record<string, unknown>> = { ...entry }
  for (const key of Object.keys(given))
    if (!keys.some((known) => known === key))
      throw new SchemaError([...at, key], `unknown key "${key}"; a function has ${keys.join(', ')}`)
  return {
    ...qualified(given['name'], [...at, 'name']),
    reads: texts(given['reads'], [...at, 'reads']).map((name) => qualified(name, [...at, 'reads'])),
    changes: texts(given['changes'], [...at, 'changes']).map((name) => qualified(name, [...at, 'changes'])),
    columns: texts(given['columns'], [...at, 'columns']),
    quiet: flag(given['quiet'], [...at, 'quiet']),
  }
}

/** Names are exact, as the catalogue has them: lower case where they were made without quotes. */
function qualified(value: unknown, at: readonly string[]): RelationName {
  const [schema = '', name = '', ...more] = typeof value === 'string' ? value.split('.') : []
  if (schema === '' || name === '' || more.length > 0 || `${schema}${name}`.includes('\0'))
    throw new SchemaError(at, 'a name must be "schema.name"')
  if (schema === 'pg_catalog' || schema === 'information_schema')
    throw new SchemaError(at, `${schema} is the server's own: nobody can vouch for it here`)
  return { schema, name }
}

function flag(value: unknown, at: readonly string[]): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true
  throw new SchemaError(at, '"quiet" must be true or false')
}

function texts(value: unknown, at: readonly string[]): readonly string[] {
  if (value === undefined) return []
  const list: readonly unknown[] = Array.isArray(value) ? value : []
  const found = list.filter((item): item is string => typeof item === 'string' && item !== '')
  if (found.length === 0 || found.length !== list.length)
    throw new SchemaError(at, `"${at.at(-1) ?? ''}" must be a list of at least one name`)
  return found
}
