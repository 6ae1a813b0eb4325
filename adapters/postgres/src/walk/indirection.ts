import { outputColumns, type FunctionClass } from '../functions.ts'
import { expression, optional, pathOf } from './expression.ts'
import { callable } from './function.ts'
import { child, children, stringOf, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { visible, type Context, type Scope } from './scope.ts'

/**
 * Subscripts and fields of a value. PostgreSQL calls `f(value)` for `(value).f` when `f` is no field of it, so a name
 * that is not known to be a field is judged as the function that it may be.
 */
export function indirection(fields: Fields, scope: Scope, cx: Context): void {
  const value = child(fields, 'arg') ?? closed('A field of nothing')
  expression(value, scope, cx)
  for (const step of children(fields, 'indirection')) {
    if (step.type === 'A_Indices') subscript(step.fields, scope, cx)
    else if (step.type === 'String') field(stringOf(step), value, scope, cx)
    else if (step.type !== 'A_Star') closed('A subscript of unknown kind')
  }
}

export function subscript(fields: Fields, scope: Scope, cx: Context): void {
  optional(child(fields, 'lidx'), scope, cx)
  optional(child(fields, 'uidx'), scope, cx)
}

/** Fields of the rows that listed functions return. */
const knownFields = new Set([...outputColumns.values()].flat())

/** What a function may do that is called by the name of a field. */
const harmless = new Set<FunctionClass>(['pure', 'aggregate', 'volatile', 'session', 'introspection', 'wait'])

function field(name: string, value: Node, scope: Scope, cx: Context): void {
  const installed = cx.catalogue.functions.get(name) ?? []
  if (!installed.every(({ trusted }) => trusted)) closed('A function called as if it were a field')
  if (knownFields.has(name) || isRowField(name, value, scope, cx)) return
  const called = callable([name], cx)
  if (!harmless.has(called.class)) closed('A function called as if it were a field')
  cx.found.functions.add(called.name)
}

/** `(t).column`, where `t` is a row and no column. */
function isRowField(name: string, { type, fields }: Node, scope: Scope, cx: Context): boolean {
  const [alias, ...more] = type === 'ColumnRef' ? pathOf(fields) : []
  if (typeof alias !== 'string') return false
  if (more.length > 0) return more.length === 1 && more[0] === null && entryHas(alias, name, scope)
  return !visible(alias, scope, cx).certain && entryHas(alias, name, scope)
}

function entryHas(alias: string, column: string, scope: Scope): boolean {
  for (let level: Scope | null = scope; level !== null; level = level.parent) {
    const entries = level.entries.filter((entry) => entry.name === alias)
    if (entries.length > 0) return entries.every((entry) => entry.index.has(column))
  }
  return false
}
