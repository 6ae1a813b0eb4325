import type { Callable } from './function.ts'
import { callable } from './function.ts'
import { expression, expressions, presence } from './expression.ts'
import { child, children, flag, part, strings, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { locateName, touch } from './relation.ts'
import type { Context, Scope } from './scope.ts'
import { checkCurrentSetting, checkSetConfig, isParameter, literal } from './setting.ts'
import { checkNamedOperator } from './operator.ts'

/** A function call: who is called, what that does, and the expressions it is given. */
export function call(fields: Fields, scope: Scope, cx: Context): Callable {
  const called = callable(strings(fields, 'funcname'), cx)
  cx.found.functions.add(called.name)
  effects(called, fields, cx)
  const args = children(fields, 'args')
  if (called.name === 'count' && args.length === 1 && !flag(fields, 'agg_distinct'))
    presence(args[0] ?? null, scope, cx)
  else expressions(args, scope, cx)
  sorting(children(fields, 'agg_order'), scope, cx)
  const filter = child(fields, 'agg_filter')
  if (filter !== null) expression(filter, scope, cx)
  const over = part(fields, 'over')
  if (over !== null) window(over, scope, cx)
  return called
}

/** Functions of the class `sequence` that move nothing. */
const sequenceReads = new Set(['currval', 'lastval', 'pg_sequence_last_value'])

function effects({ name, class: kind }: Callable, fields: Fields, cx: Context): void {
  if (kind === 'lock') cx.found.readOnly = false
  if (kind === 'sequence') {
    if (!sequenceReads.has(name)) cx.found.readOnly = false
    sequence(literal(children(fields, 'args')[0]), cx)
  }
  if (kind === 'notification') notification(fields, cx)
  if (name === 'set_config') checkSetConfig(fields, cx)
  if (name === 'current_setting') checkCurrentSetting(fields)
}

/**
 * `pg_notify(channel, payload)` as a statement of its own, of constants and parameters: what it says can then be no
 * more than what NOTIFY says. A channel that is a parameter is not known yet.
 */
function notification(call: Fields, cx: Context): void {
  const args = children(call, 'args')
  if (cx.found.loneCall !== call || !args.every((arg) => isParameter(arg) || literal(arg) !== undefined))
    closed('The function pg_notify within a larger statement')
  cx.found.notifies = true
  cx.found.readOnly = false
  const channel = literal(args[0])
  if (typeof channel === 'string') cx.found.objects.add(channel)
}

const qualifiedName = /^(?:("?)([^".]+)\1\.)?("?)([^".]+)\3$/

/** `nextval('schema.sequence')`: noted where the literal is a plain name; the server finds any other. */
function sequence(name: unknown, cx: Context): void {
  const match = typeof name === 'string' ? qualifiedName.exec(name) : null
  if (match === null) return
  const [, schemaQuote, schema = '', nameQuote, plain = ''] = match
  const located = locateName(folded(schema, schemaQuote), folded(plain, nameQuote), cx)
  if (located.kind !== 'absent') touch(located, 'read', cx)
}

function folded(name: string, quote: string | undefined): string {
  return quote === '"' ? name : name.toLowerCase()
}

/** OVER (…) or an element of WINDOW. */
export function window(fields: Fields, scope: Scope, cx: Context): void {
  expressions(children(fields, 'partitionClause'), scope, cx)
  sorting(children(fields, 'orderClause'), scope, cx)
  for (const name of ['startOffset', 'endOffset']) {
    const offset = child(fields, name)
    if (offset !== null) expression(offset, scope, cx)
  }
}

/** ORDER BY inside a call or a window: there, a number or an alias has no special meaning. */
function sorting(items: readonly Node[], scope: Scope, cx: Context): void {
  for (const { fields } of items) {
    sortOperator(fields, cx)
    const key = child(fields, 'node')
    if (key !== null) expression(key, scope, cx)
  }
}

/** ORDER BY … USING operator. */
export function sortOperator(sortBy: Fields, cx: Context): void {
  if (text(sortBy, 'sortby_dir') === 'SORTBY_USING') checkNamedOperator(sortBy, 'useOp', cx)
}
