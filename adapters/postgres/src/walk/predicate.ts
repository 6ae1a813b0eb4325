import { expression, pathOf } from './expression.ts'
import { child, children, part, text, strings, type Fields, type Node } from './node.ts'
import { checkNamedOperator } from './operator.ts'
import { reference, type Context, type Scope } from './scope.ts'
import { checkType } from './type.ts'

/**
 * A WHERE clause. Below AND and OR, a column compared with constants for equality is used as `equality`; every other
 * use is `elsewhere`.
 */
export function predicate(node: Node | null, scope: Scope, cx: Context): void {
  if (node === null) return
  const { type, fields } = node
  if (type === 'BoolExpr' && text(fields, 'boolop') !== 'NOT_EXPR') {
    cx.found.budget.spend(1)
    for (const arg of children(fields, 'args')) predicate(arg, scope, cx)
    return
  }
  const column = type === 'A_Expr' ? comparedColumn(fields) : null
  if (column === null) expression(node, scope, cx)
  else equality(column, fields, scope, cx)
}

function equality(column: readonly string[], fields: Fields, scope: Scope, cx: Context): void {
  cx.found.budget.spend(1)
  checkNamedOperator(fields, 'name', cx)
  reference(column, 'equality', scope, cx)
  for (const side of ['lexpr', 'rexpr']) castsOf(child(fields, side), cx)
}

/** The column of `column = constant`, either way round, or of `column IN (constants)`. */
function comparedColumn(fields: Fields): readonly string[] | null {
  if (strings(fields, 'name').at(-1) !== '=') return null
  const left = child(fields, 'lexpr')
  const right = child(fields, 'rexpr')
  if (left === null || right === null) return null
  switch (text(fields, 'kind')) {
    case 'AEXPR_OP':
      if (isConstant(right)) return columnOf(left)
      return isConstant(left) ? columnOf(right) : null
    case 'AEXPR_IN':
      return right.type === 'List' && children(right.fields, 'items').every(isConstant)
        ? columnOf(left)
        : null
    default:
      return null
  }
}

function columnOf({ type, fields }: Node): readonly string[] | null {
  if (type !== 'ColumnRef') return null
  const path = pathOf(fields)
  const names = path.filter((name) => name !== null)
  return names.length === path.length ? names : null
}

/** A literal or a parameter, cast or not. */
function isConstant({ type, fields }: Node): boolean {
  if (type === 'A_Const' || type === 'ParamRef') return true
  const arg = type === 'TypeCast' ? child(fields, 'arg') : null
  return arg !== null && (arg.type === 'A_Const' || arg.type === 'ParamRef')
}

function castsOf(node: Node | null, cx: Context): void {
  if (node?.type === 'List') for (const item of children(node.fields, 'items')) castsOf(item, cx)
  const typeName = node?.type === 'TypeCast' ? part(node.fields, 'typeName') : null
  if (typeName !== null) checkType(typeName, cx)
}
