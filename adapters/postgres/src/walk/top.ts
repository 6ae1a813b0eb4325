import type { SessionEffect } from '../statement.ts'
import { leavesNothing } from './effect-free.ts'
import type { Label } from './label.ts'
import { child, children, flag, number, part, text, type Fields, type Node } from './node.ts'
import { query } from './query.ts'
import { record } from './lineage.ts'
import type { Columns, Context } from './scope.ts'
import { shownSetting } from './setting.ts'

/** What the walk over a statement comes to; the rest is in the findings. */
export interface Outcome {
  readonly label: Label
  readonly effect: SessionEffect
}

export const noEffect: SessionEffect = { kind: 'none' }

/** A query whose rows go to the caller: a plain output column keeps its origin on the wire. */
export function shownQuery(node: Node, cx: Context): Outcome {
  const output = query(node, { parent: null, ctes: null }, cx)
  record(output.columns, 'output', cx)
  settleOrders(!output.open && leavesNothing(cx.found) ? output.columns : [], cx)
  if (!output.open) cx.found.outputs = output.columns
  if (output.open || output.columns.some(({ sources }) => sources.length !== 1)) cx.found.computed = true
  return { label: queryLabel(cx), effect: cx.found.effect }
}

/**
 * The answer shows all that comes out of a query where it has these columns: others than are known now would be seen before
 * a row of it leaves, and nobody is shown what they have decided. Elsewhere they may decide.
 */
export function settleOrders(shown: Columns['columns'], cx: Context): void {
  const answer = new Set<unknown>(shown)
  for (const { output, columns } of cx.found.displaced.splice(0)) {
    cx.found.budget.spend(output.length)
    if (output.length === 0 || !output.every((column) => answer.has(column))) record(columns, 'predicate', cx)
  }
}

/** A query whose rows go elsewhere (a new table, COPY): no origin tells of a column any more. */
export function storedQuery(node: Node, cx: Context): Columns {
  const output = query(node, { parent: null, ctes: null }, cx)
  record(output.columns, 'moved', cx)
  return output
}

/** A query is named after the strongest thing in it, e.g. a DELETE in its WITH. */
export function queryLabel({ found }: Context): Label {
  if (found.notifies) return { name: 'sql.notify', kind: 'notify' }
  return { name: `sql.${found.verb}`, kind: found.verb }
}

/** A query as a statement of its own: some functions may be called when it does nothing else. */
export function queryStatement(node: Node, cx: Context): Outcome {
  if (node.type === 'SelectStmt') {
    cx.found.loneCall = loneCall(node.fields)
    cx.found.shownSetting = shownSetting(node.fields)
  }
  return shownQuery(node, cx)
}

/** The one target of a SELECT without FROM or WHERE. */
function loneCall(select: Fields): object | null {
  const others = Object.keys(select).filter((name) => !['targetList', 'limitOption', 'op'].includes(name))
  const [target, ...more] = children(select, 'targetList')
  const value = target === undefined ? null : child(target.fields, 'val')
  return others.length > 0 || more.length > 0 || value?.type !== 'FuncCall' ? null : value.fields
}

/** INTO of a SELECT, which a set operation keeps in its first branch. */
export function intoOf(select: Fields): Fields | null {
  let first = select
  for (let left = part(first, 'larg'); left !== null; left = part(first, 'larg')) first = left
  return part(first, 'intoClause')
}

/** A truth value of an option: it is on unless it says that it is off. */
export function isOn(option: Fields): boolean {
  const arg = child(option, 'arg')
  if (arg === null) return true
  if (arg.type === 'String') return !['false', 'off'].includes(text(arg.fields, 'sval').toLowerCase())
  if (arg.type === 'Boolean') return flag(arg.fields, 'boolval')
  return arg.type !== 'Integer' || number(arg.fields, 'ival') !== 0
}
