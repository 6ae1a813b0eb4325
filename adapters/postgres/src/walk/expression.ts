import { call } from './call.ts'
import { indirection } from './indirection.ts'
import { child, children, part, stringOf, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { checkNamedOperator, checkOperator } from './operator.ts'
import { query } from './query.ts'
import { entriesNamed, record, reference, wholeRow, type Context, type Scope } from './scope.ts'
import { checkType } from './type.ts'

/** Walks a value: each column in it is used `elsewhere`. */
export function expression(node: Node, scope: Scope, cx: Context): void {
  cx.found.budget.spend(1)
  const { type, fields } = node
  switch (type) {
    case 'A_Const':
    case 'ParamRef':
    case 'SetToDefault':
    case 'SQLValueFunction':
    case 'MergeSupportFunc':
    case 'CurrentOfExpr':
      return
    case 'ColumnRef':
      return columnReference(fields, scope, cx)
    case 'A_Expr':
      return operation(fields, scope, cx)
    case 'FuncCall':
      call(fields, scope, cx)
      return
    case 'SubLink':
      return subquery(fields, scope, cx)
    case 'TypeCast':
      checkType(part(fields, 'typeName') ?? closed('A cast without a type'), cx)
      return parts(fields, ['arg'], scope, cx)
    case 'A_Indirection':
      return indirection(fields, scope, cx)
    case 'CaseExpr':
      if (fields['arg'] !== undefined) checkOperator(['='], cx)
      return parts(fields, ['arg', 'args', 'defresult'], scope, cx)
    case 'CaseWhen':
      return parts(fields, ['expr', 'result'], scope, cx)
    case 'MultiAssignRef':
      // The parser repeats the source of `(a, b) = …` in each of its columns.
      return fields['colno'] === 1 ? parts(fields, ['source'], scope, cx) : undefined
    case 'BoolExpr':
    case 'CoalesceExpr':
    case 'MinMaxExpr':
    case 'RowExpr':
    case 'GroupingFunc':
      return parts(fields, ['args'], scope, cx)
    case 'NullTest':
      return presence(child(fields, 'arg'), scope, cx)
    case 'CollateClause':
    case 'BooleanTest':
    case 'NamedArgExpr':
      return parts(fields, ['arg'], scope, cx)
    case 'A_ArrayExpr':
      return parts(fields, ['elements'], scope, cx)
    case 'List':
      return parts(fields, ['items'], scope, cx)
    default:
      return closed(`The construct ${type} in an expression`)
  }
}

export function expressions(nodes: readonly Node[], scope: Scope, cx: Context): void {
  for (const node of nodes) expression(node, scope, cx)
}

/** The named fields of a node, each an expression or a list of them, or absent. */
function parts(fields: Fields, names: readonly string[], scope: Scope, cx: Context): void {
  for (const name of names) {
    const value = fields[name]
    if (Array.isArray(value)) expressions(children(fields, name), scope, cx)
    else if (value !== undefined) optional(child(fields, name), scope, cx)
  }
}

export function optional(node: Node | null, scope: Scope, cx: Context): void {
  if (node !== null) expression(node, scope, cx)
}

/** A value of which only matters whether there is one: a plain column then tells nothing else of itself. */
export function presence(node: Node | null, scope: Scope, cx: Context): void {
  const path = node?.type === 'ColumnRef' ? pathOf(node.fields) : []
  const names = path.filter((name) => name !== null)
  if (names.length === 0 || names.length < path.length) return optional(node, scope, cx)
  cx.found.budget.spend(1)
  reference(names, 'presence', scope, cx)
}

/** The names of a column reference; `null` stands for `*`. */
export function pathOf(columnRef: Fields): readonly (string | null)[] {
  return children(columnRef, 'fields').map((field) => (field.type === 'A_Star' ? null : stringOf(field)))
}

function columnReference(fields: Fields, scope: Scope, cx: Context): void {
  const path = pathOf(fields)
  if (path.at(-1) !== null) {
    reference(children(fields, 'fields').map(stringOf), 'elsewhere', scope, cx)
    return
  }
  // `t.*` as a value, e.g. an argument, is a whole row; so is each of them for a lone `*`.
  const [first, second] = path
  const entries =
    path.length === 1
      ? scope.entries.filter(({ special }) => !special)
      : path.length === 2
        ? entriesNamed(first ?? '', null, scope, cx)
        : entriesNamed(second ?? '', first ?? '', scope, cx)
  for (const entry of entries) wholeRow(entry, cx)
}

function operation(fields: Fields, scope: Scope, cx: Context): void {
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
      checkNamedOperator(fields, 'name', cx)
      break
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM':
      for (const operator of ['<', '<=', '>', '>=']) checkOperator([operator], cx)
      break
    default:
      closed('An operation of unknown kind')
  }
  parts(fields, ['lexpr', 'rexpr'], scope, cx)
}

function subquery(fields: Fields, scope: Scope, cx: Context): void {
  const kind = text(fields, 'subLinkType')
  const select = child(fields, 'subselect') ?? closed('A subquery without a query')
  optional(child(fields, 'testexpr'), scope, cx)
  const output = query(select, { parent: scope, ctes: scope.ctes }, cx)
  switch (kind) {
    case 'EXISTS_SUBLINK':
      return
    case 'ANY_SUBLINK':
    case 'ALL_SUBLINK':
      checkNamedOperator(fields, 'operName', cx)
      break
    case 'EXPR_SUBLINK':
    case 'ARRAY_SUBLINK':
      break
    default:
      closed('A subquery of unknown kind')
  }
  record(output.columns, 'elsewhere', cx)
}
