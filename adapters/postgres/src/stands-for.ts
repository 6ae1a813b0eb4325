import type { Action, Json, Refusal } from '@sluice/core'
import type { Portal, Prepared } from './names.ts'
import type { Statement } from './statement.ts'
import { closedRefusal } from './walk/objection.ts'

/** What EXECUTE and FETCH stand for: what was prepared or declared under their name. */

/** What SQL's own PREPARE takes. A Parse takes more, whose effects EXECUTE would hide. */
export const plannable: ReadonlySet<string> = new Set([
  'sql.select',
  'sql.insert',
  'sql.update',
  'sql.delete',
  'sql.merge',
])
export const notPlannable: Refusal = closedRefusal('EXECUTE of a statement that is no query')

export function bodyOf(statement: Statement | undefined, { body }: Prepared): Statement | undefined {
  if (!body || statement === undefined) return statement
  return statement.effect.kind === 'prepare' ? statement.effect.body : undefined
}

/** What EXECUTE does is what was prepared, and what its arguments do: they may call functions. */
export function withArguments(inner: Statement, values: readonly Json[], execute: Statement): Statement {
  const both = (name: string): readonly Json[] => [...list(inner.action[name]), ...list(execute.action[name])]
  const action: Action = {
    ...inner.action,
    read_only: inner.action.read_only && execute.action.read_only,
    relations: both('relations'),
    functions: [...new Set(both('functions'))],
    parameters: [...list(inner.action['parameters']), ...values, ...list(execute.action['parameters'])],
  }
  return {
    ...inner,
    action,
    derived: [...inner.derived, ...execute.derived],
    namesakes: [...inner.namesakes, ...execute.namesakes],
    touched: [...inner.touched, ...execute.touched],
    explains: execute.explains || inner.explains,
    lingers: execute.lingers || inner.lingers,
    effectFree: false,
  }
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : []
}

/** FETCH is judged by what its cursor reads. */
export function fetched(fetch: Statement, portal: Portal | Refusal): Statement | Refusal {
  if ('code' in portal) return portal
  const { name, kind } = fetch.action
  const action = { ...portal.statement.action, name, kind }
  return { ...portal.statement, action, effect: fetch.effect, effectFree: false }
}
