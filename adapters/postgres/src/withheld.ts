import type { MaskPlan } from './statement.ts'
import { back } from './messages.ts'
import { conditionNames } from './sqlstates.ts'
import { buildError, parseError, type ErrorFields } from './wire.ts'

/** Whole messages of a server that are the same whatever the values are, in the language that servers speak at first. */
const constantWords: ReadonlySet<string> = new Set([
  'canceling statement due to lock timeout',
  'canceling statement due to statement timeout',
  'canceling statement due to user request',
  'could not serialize access due to concurrent delete',
  'could not serialize access due to concurrent update',
  'could not serialize access due to read/write dependencies among transactions',
  'current transaction is aborted, commands ignored until end of transaction block',
  'cursor can only scan forward',
  'deadlock detected',
  'division by zero',
  'more than one row returned by a subquery used as an expression',
  'ON CONFLICT DO UPDATE command cannot affect row a second time',
  'terminating connection due to administrator command',
  'terminating connection due to idle-in-transaction timeout',
  'there is already a transaction in progress',
  'there is no transaction in progress',
])

/**
 * An ErrorResponse or NoticeResponse without what may quote values: a client needs the SQLSTATE, a person or a model its name. A
 * trigger that says one of the constant messages says no more by it than by a SQLSTATE.
 */
export function withheld(message: Buffer): Buffer {
  const fields = parseError(message)
  const kept = ['S', 'V', 'C'].flatMap((code): [string, string][] => {
    const value = fields.get(code)
    return value === undefined ? [] : [[code, value]]
  })
  const words = fields.get('M') ?? ''
  const text = constantWords.has(words) ? words : withoutWords(fields.get('C') ?? 'unknown')
  return buildError(message[0] ?? back.errorResponse, new Map([...kept, ['M', text]]))
}

function withoutWords(state: string): string {
  const name = conditionNames.get(state)
  const known = name === undefined ? '' : `, ${name}`
  return `The target reported SQLSTATE ${state}${known}. Its words are withheld because a table with masked columns is involved.`
}

/** It is about a relation with masked columns: a constraint there may fail for what was changed elsewhere. */
export function isAboutMasked(message: Buffer, plan: MaskPlan): boolean {
  const relation = relationOf(parseError(message))
  if (relation === null) return false
  return [...plan.columns.values()].some((masks) =>
    [...masks.values()].some(({ column }) => column.startsWith(`${relation}.`)),
  )
}

/** Schema and table, which a server names for a broken constraint. */
function relationOf(fields: ErrorFields): string | null {
  const schema = fields.get('s')
  const table = fields.get('t')
  return schema === undefined || table === undefined ? null : `${schema}.${table}`
}
