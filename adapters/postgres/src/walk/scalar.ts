import { scalars } from '../types.ts'
import type { Output } from '../statement.ts'
import { callable } from './function.ts'
import { keyOf } from './findings.ts'
import { child, part, strings, text, type Fields, type Node } from './node.ts'
import { plainColumn } from './predicate.ts'
import { isEntry, reference, visible } from './names.ts'
import type { Context, Scope } from './scope.ts'
import { isText } from './type.ts'

/** Functions whose value is of the type of an argument, or an array of it. */
const handingOn = new Set('any_value array_agg first_value lag last_value lead max min nth_value'.split(' '))

/**
 * Certainly no array. Arrays of arrays, and what is joined to one, must be alike in their lengths: whether a server puts
 * them together tells how many elements there are.
 */
export function isScalar({ type, fields }: Node, scope: Scope, cx: Context): boolean {
  cx.found.budget.spend(1)
  switch (type) {
    case 'A_Const':
    case 'BoolExpr':
    case 'BooleanTest':
    case 'CollateClause':
    case 'NullTest':
    case 'RowExpr':
      return true
    case 'ColumnRef':
      return isScalarReference({ type, fields }, scope, cx)
    case 'TypeCast': {
      const typeName = part(fields, 'typeName')
      return typeName !== null && isText(typeName, cx)
    }
    case 'FuncCall':
      return !handingOn.has(callable(strings(fields, 'funcname'), cx).name)
    case 'A_Expr':
      return isConcatenated(fields, scope, cx)
    default:
      return false
  }
}

/** A column of a type that is known, or a row. */
function isScalarReference(node: Node, scope: Scope, cx: Context): boolean {
  const column = plainColumn(node)
  if (column === null) return true
  const [alias = '', ...more] = column.names
  if (more.length === 0 && !visible(alias, scope, cx).certain && isEntry(alias, scope)) return true
  return reference(column.names, null, scope, cx, column.location).every((found) => isScalarColumn(found, cx))
}

export function isScalarColumn({ sources: [source, ...others], from }: Output, cx: Context): boolean {
  return from === undefined && source !== undefined && others.length === 0 && isScalarSource(source, cx)
}

function isScalarSource({ relation, column }: Output['sources'][number], { catalogue }: Context): boolean {
  const attribute = catalogue.relations.get(keyOf(relation))?.attributes.get(column)
  return attribute !== undefined && scalars.has(attribute.type)
}

/** `a || b` is an array where one of them is. */
function isConcatenated(fields: Fields, scope: Scope, cx: Context): boolean {
  const isJoined = text(fields, 'kind') === 'AEXPR_OP' && strings(fields, 'name').at(-1) === '||'
  const sides = [child(fields, 'lexpr'), child(fields, 'rexpr')]
  return isJoined && sides.every((side) => side !== null && isScalar(side, scope, cx))
}
