import type { Json } from '@sluice/core'
import { misread } from '../transcript.ts'
import type { Driver } from './features.ts'

/** A place where a client sees something else through Sluice than at the server. */
export interface Leaf {
  /** E.g. `/2/position`, within what the scenario has seen. */
  readonly at: string
  readonly direct: Json | undefined
  readonly through: Json | undefined
  /** The record that holds it. */
  readonly beside: Json
}

/** A difference that is known and wanted, or known and not yet mended: the reason says which. */
export interface Difference {
  readonly reason: string
  /** Where it shows, by driver: a difference that a driver no longer shows fails the suite. */
  readonly scenarios: Readonly<Partial<Record<Driver, readonly string[]>>>
  readonly explains: (leaf: Leaf) => boolean
}

export const differences: readonly Difference[] = [
  {
    reason:
      'A gap: where Sluice says in the server’s place that a text or a name is none, the hint is missing.',
    scenarios: {
      psycopg: ['errors_of_syntax_and_names'],
    },
    explains: ({ at, through, beside }) =>
      at.endsWith('/hint') && through === null && misread.has(stateOf(beside)),
  },
  {
    reason: 'Wanted: a transaction that another session may end is nothing that Sluice can vouch for.',
    scenarios: {
      psycopg2: ['two_phases'],
      psycopg: ['two_phases'],
      asyncpg: ['two_phases'],
      pg: ['two phases'],
      'postgres-js': ['two phases'],
      jdbc: ['two phases'],
      pgx: ['two phases'],
    },
    explains: ({ through }) => isRefusal(through, '42501', /TransactionStmt cannot be analysed/),
  },
  {
    reason: 'Wanted: large objects have no rows and columns that a policy could name.',
    scenarios: {
      psycopg: ['large_objects'],
      'postgres-js': ['large objects'],
      pgx: ['large objects'],
    },
    explains: ({ through }) => isRefusal(through, '42501', /The function lo_\w+ cannot be analysed/),
  },
  {
    reason: 'Wanted: libpq and pgjdbc call the functions of large objects outside of SQL.',
    scenarios: { psycopg2: ['large_objects'], jdbc: ['large objects'] },
    explains: ({ through }) => /function calls outside of SQL/.test(JSON.stringify(through)),
  },
  {
    reason: 'A gap: values cannot be cast to composite types and domains, whose checks may run code.',
    scenarios: { psycopg: ['parameters_of_own_types'] },
    explains: ({ through }) => isRefusal(through, '42501', /The type (place|address) cannot be analysed/),
  },
]

/** The places where two records differ: the smallest, as long as their shapes agree. */
export function leavesOf(direct: Json, through: Json, at = '', beside: Json = null): readonly Leaf[] {
  if (Array.isArray(direct) && Array.isArray(through) && direct.length === through.length)
    return direct.flatMap((item: Json, index) =>
      leavesOf(item, through[index] as Json, `${at}/${index}`, through),
    )
  if (isRecord(direct) && isRecord(through) && sameKeys(direct, through))
    return Object.keys(direct).flatMap((key) =>
      leavesOf(direct[key] ?? null, through[key] ?? null, `${at}/${key}`, through),
    )
  return JSON.stringify(direct) === JSON.stringify(through) ? [] : [{ at, direct, through, beside }]
}

type JsonRecord = { readonly [key: string]: Json }

function isRecord(value: Json | undefined): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sameKeys(one: JsonRecord, other: JsonRecord): boolean {
  return JSON.stringify(Object.keys(one).toSorted()) === JSON.stringify(Object.keys(other).toSorted())
}

function stateOf(error: Json): string {
  return isRecord(error) && typeof error['sqlstate'] === 'string' ? error['sqlstate'] : ''
}

/** An error as the cases tell it, some with the name of its class before it. */
function isRefusal(seen: Json | undefined, state: string, words: RegExp): boolean {
  const error = Array.isArray(seen) ? (seen as readonly Json[]).at(-1) : seen
  if (!isRecord(error) || stateOf(error) !== state) return false
  return typeof error['message'] === 'string' && words.test(error['message'])
}
