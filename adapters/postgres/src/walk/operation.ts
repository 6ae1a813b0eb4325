import { lineage, lineages } from './expression.ts'
import { child, children, strings, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { checkNamedOperator, checkOperator } from './operator.ts'
import { comparedColumn, equality } from './predicate.ts'
import { isShort } from './quiet.ts'
import { isScalar } from './scalar.ts'
import { note, union, type Lineage } from './lineage.ts'
import type { Context, Scope } from './scope.ts'

/** An operation. Most of them fail for some values, or choose by them; then its operands are used as in a condition. */
export function operation(node: Node, scope: Scope, cx: Context): Lineage {
  const { fields } = node
  const column = comparedColumn(fields)
  if (column !== null) return equality(column, fields, scope, cx)
  checkOperators(fields, cx)
  if (isOperator(fields, ['||'])) return concatenation(node, scope, cx)
  const left = operand(fields, 'lexpr', scope, cx)
  const right = operand(fields, 'rexpr', scope, cx)
  const found = union([left, right], cx)
  // A part of a document by its key: there, or NULL.
  note(isOperator(fields, ['->', '->>', '#>', '#>>']) ? right : found, 'predicate', cx)
  return found
}

function operand(fields: Fields, name: string, scope: Scope, cx: Context): Lineage {
  const value = fields[name]
  if (Array.isArray(value)) return lineages(children(fields, name), scope, cx)
  const node = child(fields, name)
  return node === null ? [] : lineage(node, scope, cx)
}

function isOperator(fields: Fields, operators: readonly string[]): boolean {
  return text(fields, 'kind') === 'AEXPR_OP' && operators.includes(strings(fields, 'name').at(-1) ?? '')
}

/** Parts that one value may be put together of: more of them could exceed what a server can hold, by their length. */
const partsMax = 16

/** `a || b || …` */
function concatenation(node: Node, scope: Scope, cx: Context): Lineage {
  const pieces = piecesOf(node)
  const found = lineages(pieces, scope, cx)
  cx.found.budget.spend(pieces.length)
  const isSmall =
    pieces.length <= partsMax &&
    pieces.every((piece) => isShort(piece, scope, cx) && isScalar(piece, scope, cx))
  if (!isSmall) note(found, 'predicate', cx)
  return found
}

function piecesOf(node: Node): readonly Node[] {
  const pieces: Node[] = []
  const open = [node]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { type, fields } = next
    if (type === 'A_Expr' && isOperator(fields, ['||']) && strings(fields, 'name').length === 1) {
      const both = [child(fields, 'rexpr'), child(fields, 'lexpr')]
      open.push(...both.filter((side) => side !== null))
    } else pieces.push(next)
  }
  return pieces
}

function checkOperators(fields: Fields, cx: Context): void {
  switch (text(fields, 'kind')) {
    case 'AEXPR_OP':
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
    case 'AEXPR_NULLIF':
    case 'AEXPR_IN':
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR':
      return checkNamedOperator(fields, 'name', cx)
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM':
      for (const operator of ['<', '<=', '>', '>=']) checkOperator([operator], cx)
      return
    default:
      closed('An operation of unknown kind')
  }
}
