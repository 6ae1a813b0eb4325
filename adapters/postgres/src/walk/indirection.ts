import { outputColumns, type FunctionClass } from '../functions.ts'
import { placeOf } from './call.ts'
import { castByName } from './cast-by-name.ts'
import { lineage, pathOf, told } from './expression.ts'
import { callable } from './function.ts'
import { child, children, stringOf, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { quietArguments } from './quiet.ts'
import { lineageOf, note, union, type Lineage } from './lineage.ts'
import { isEntry, reference, visible } from './names.ts'
import type { Context, Scope } from './scope.ts'

/**
 * Subscripts and fields of a value. PostgreSQL calls `f(value)` for `(value).f` when `f` is no field of it, so a name
 * that is not known to be a field is judged as the function that it may be.
 */
export function indirection(node: Node, scope: Scope, cx: Context): Lineage {
  const names = rowField(node, scope, cx)
  if (names !== null) return union(reference(names, null, scope, cx).map(lineageOf), cx)
  const value = child(node.fields, 'arg') ?? closed('A field of nothing')
  const found = [lineage(value, scope, cx)]
  for (const step of children(node.fields, 'indirection')) {
    if (step.type === 'A_Indices') found.push(subscript(step.fields, scope, cx))
    else if (step.type === 'String') field(stringOf(step), value, found.flat(), scope, cx)
    else if (step.type !== 'A_Star') closed('A subscript of unknown kind')
  }
  return union(found, cx)
}

/** `(t).column`: the names of the column that it is; `null` for anything else. */
export function rowField({ type, fields }: Node, scope: Scope, cx: Context): readonly string[] | null {
  if (type !== 'A_Indirection') return null
  const value = child(fields, 'arg')
  const [step, ...more] = children(fields, 'indirection')
  if (value?.type !== 'ColumnRef' || step?.type !== 'String' || more.length > 0) return null
  const [alias] = pathOf(value.fields)
  const name = stringOf(step)
  return typeof alias === 'string' && isRowField(name, value, scope, cx) ? [alias, name] : null
}

/** `(t).*`: the path of `t.*`; `null` for anything else. */
export function rowStar(
  { type, fields }: Node,
  scope: Scope,
  cx: Context,
): readonly (string | null)[] | null {
  if (type !== 'A_Indirection') return null
  const value = child(fields, 'arg')
  const [step, ...more] = children(fields, 'indirection')
  if (value?.type !== 'ColumnRef' || step?.type !== 'A_Star' || more.length > 0) return null
  const [alias, ...rest] = pathOf(value.fields)
  if (typeof alias !== 'string' || rest.length > 0 || visible(alias, scope, cx).certain) return null
  return isEntry(alias, scope) ? [alias, null] : null
}

/** One that is out of bounds gives NULL, but it is made a number of four bytes first, and fails where it is none. */
export function subscript(fields: Fields, scope: Scope, cx: Context): Lineage {
  return union(
    ['lidx', 'uidx'].map((name) => told(child(fields, name), 'predicate', scope, cx)),
    cx,
  )
}

/** Fields of the rows that listed functions return. */
export const knownFields: ReadonlySet<string> = new Set([...outputColumns.values()].flat())

/** What a function may do that is called by the name of a field. */
const harmless = new Set<FunctionClass>(['pure', 'aggregate', 'volatile', 'session', 'introspection', 'wait'])

function field(name: string, value: Node, of: Lineage, scope: Scope, cx: Context): void {
  const installed = cx.catalogue.functions.get(name) ?? []
  if (!installed.every(({ trusted }) => trusted)) closed('A function called as if it were a field')
  if (isRowField(name, value, scope, cx)) return
  castByName(name, of, cx)
  if (knownFields.has(name)) return
  // Somebody may make a type of that name before the server reads it.
  if (cx.catalogue.fields.has(name)) {
    cx.found.ownTypes = true
    return note(of, 'predicate', cx)
  }
  const called = callable([name], cx)
  if (!harmless.has(called.class)) closed('A function called as if it were a field')
  cx.found.functions.add(called.name)
  const [quiet] = quietArguments(called.name, { args: [{ [value.type]: value.fields }] }, scope, cx)
  if (quiet !== true) note(of, placeOf(called), cx)
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
