import { lineage, pathOf } from './expression.ts'
import { child, children, locationOf, part, text, strings, type Fields, type Node } from './node.ts'
import { checkNamedOperator } from './operator.ts'
import { lineagesOf, note, union, type Lineage } from './lineage.ts'
import { reference } from './names.ts'
import type { Context, Scope } from './scope.ts'
import { checkType } from './type.ts'

/**
 * A condition. Below AND and OR, a column compared with constants for equality is used as `equality`, and one that is
 * asked whether it has a value as `presence`; every other use makes it a `predicate`. Gives the columns that its outcome
 * tells of.
 */
export function predicate(node: Node | null, scope: Scope, cx: Context): Lineage {
  if (node === null) return []
  const { type, fields } = node
  if (type === 'BoolExpr' && text(fields, 'boolop') !== 'NOT_EXPR') {
    cx.found.budget.spend(1)
    return union(
      children(fields, 'args').map((arg) => predicate(arg, scope, cx)),
      cx,
    )
  }
  const column = type === 'A_Expr' ? comparedColumn(fields) : null
  if (column !== null) return equality(column, fields, scope, cx)
  const found = type === 'BoolExpr' ? negation(fields, scope, cx) : lineage(node, scope, cx)
  note(found, 'predicate', cx)
  return found
}

/** NOT: what it negates is a value. */
function negation(fields: Fields, scope: Scope, cx: Context): Lineage {
  return union(
    children(fields, 'args').map((arg) => lineage(arg, scope, cx)),
    cx,
  )
}

/** `fields`: the two sides, of which one is the column. */
export function equality(
  { names, location }: ColumnName,
  fields: Fields,
  scope: Scope,
  cx: Context,
): Lineage {
  cx.found.budget.spend(1)
  checkNamedOperator(fields, 'name', cx)
  const columns = reference(names, 'equality', scope, cx, location)
  for (const side of ['lexpr', 'rexpr']) castsOf(child(fields, side), cx)
  return lineagesOf(columns, cx)
}

/** The column of `column = constant`, either way round, or of `column IN (constants)`. */
export function comparedColumn(fields: Fields): ColumnName | null {
  if (strings(fields, 'name').at(-1) !== '=') return null
  const left = child(fields, 'lexpr')
  const right = child(fields, 'rexpr')
  if (left === null || right === null) return null
  switch (text(fields, 'kind')) {
    case 'AEXPR_OP':
      if (isConstant(right)) return plainColumn(left)
      return isConstant(left) ? plainColumn(right) : null
    case 'AEXPR_IN':
      return right.type === 'List' && children(right.fields, 'items').every(isConstant)
        ? plainColumn(left)
        : null
    default:
      return null
  }
}

/** A column as it is written: its names, and where they stand (`Objection.location`). */
export interface ColumnName {
  readonly names: readonly string[]
  readonly location: number
}

/** A column that stands there as it is. */
export function plainColumn({ type, fields }: Node): ColumnName | null {
  if (type !== 'ColumnRef') return null
  const path = pathOf(fields)
  const names = path.filter((name) => name !== null)
  return names.length === path.length ? { names, location: locationOf(fields) } : null
}

/** A literal or a parameter, cast or not. */
export function isConstant({ type, fields }: Node): boolean {
  if (type === 'A_Const' || type === 'ParamRef') return true
  const arg = type === 'TypeCast' ? child(fields, 'arg') : null
  return arg !== null && (arg.type === 'A_Const' || arg.type === 'ParamRef')
}

function castsOf(node: Node | null, cx: Context): void {
  if (node?.type === 'List') for (const item of children(node.fields, 'items')) castsOf(item, cx)
  const typeName = node?.type === 'TypeCast' ? part(node.fields, 'typeName') : null
  if (typeName !== null) checkType(typeName, cx)
}
