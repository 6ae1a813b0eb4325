import type { Action, Json, Refusal } from '@sluice/core'
import type { KnownNames } from './catalogue.ts'
import type { Portal, Prepared } from './names.ts'
import { familyOf } from './relation-family.ts'
import type { RelationName, Statement } from './statement.ts'
import { keyOf } from './walk/findings.ts'
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
/** A cursor that outlives its transaction has its rows, whatever becomes of their tables. */
const changedSince = closedRefusal('FETCH of a cursor whose tables have changed since it was declared')
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

/** FETCH is judged by what its cursor reads, which must be what `now` knows by these names: policies and masks go by them. */
export function fetched(fetch: Statement, portal: Portal | Refusal, now: KnownNames): Statement | Refusal {
  if ('code' in portal) return portal
  const { statement, catalogue } = portal
  if (catalogue !== now && !statement.touched.every((relation) => isAsItWas(relation, catalogue, now)))
    return changedSince
  const { name, kind } = fetch.action
  const action = { ...statement.action, name, kind }
  return { ...statement, action, effect: fetch.effect, effectFree: false }
}

/** The same columns under the same names, and in no other family: a mask of one table holds for all of it. */
function isAsItWas(name: RelationName, before: KnownNames, now: KnownNames): boolean {
  const [old, found] = [before, now].map(({ relations }) => relations.get(keyOf(name)))
  if (old === undefined) return true
  if (found === undefined || found.oid !== old.oid) return false
  if ([...old.attnums].some(([column, attnum]) => found.attnums.get(column) !== attnum)) return false
  const family = new Set(familyOf(found.oid, now).map(({ oid }) => oid))
  return familyOf(old.oid, before).every(({ oid }) => family.has(oid))
}
