import { call } from './call.ts'
import { caseOf } from './case.ts'
import { indirection } from './indirection.ts'
import { child, children, locationOf, part, stringOf, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { operation } from './operation.ts'
import { plainColumn, predicate } from './predicate.ts'
import { query } from './query.ts'
import { isShort } from './quiet.ts'
import { isScalar, isScalarColumn } from './scalar.ts'
import { checkNamedOperator } from './operator.ts'
import type { ColumnUse } from '../statement.ts'
import { anyOf, lineageOf, lineagesOf, note, record, union, wholeRows, type Lineage } from './lineage.ts'
import { entriesNamed, reference } from './names.ts'
import type { Context, Scope } from './scope.ts'
import { checkType, isText } from './type.ts'

/**
 * Walks a value and gives the columns that it may tell of. What a value tells besides (by failing, by how long it takes,
 * by how many rows it makes) is recorded here; what becomes of the value itself is recorded by who asks for it.
 */
export function lineage(node: Node, scope: Scope, cx: Context): Lineage {
  cx.found.budget.spend(1)
  const { type, fields } = node
  switch (type) {
    case 'A_Const':
    case 'ParamRef':
    case 'SetToDefault':
    case 'SQLValueFunction':
    case 'MergeSupportFunc':
      return nothing
    case 'CurrentOfExpr':
      return currentRow(scope, cx)
    case 'ColumnRef':
      return columnReference(fields, scope, cx)
    case 'A_Expr':
      return operation(node, scope, cx)
    case 'FuncCall':
      return call(fields, scope, cx).lineage
    case 'SubLink':
      return subquery(fields, scope, cx)
    case 'TypeCast':
      return cast(fields, scope, cx)
    case 'A_Indirection':
      return indirection(node, scope, cx)
    case 'BoolExpr':
      return predicate(node, scope, cx)
    case 'CaseExpr':
      return caseOf(fields, scope, cx)
    case 'MultiAssignRef':
      // The parser repeats the source of `(a, b) = …` in each of its columns.
      return fields['colno'] === 1 ? parts(fields, 'source', scope, cx) : nothing
    case 'CoalesceExpr':
      return choice(children(fields, 'args'), scope, cx)
    case 'MinMaxExpr':
      return told(children(fields, 'args'), 'predicate', scope, cx)
    case 'RowExpr':
    case 'GroupingFunc':
      return parts(fields, 'args', scope, cx)
    case 'NullTest':
      return presence(child(fields, 'arg'), scope, cx)
    case 'CollateClause':
    case 'BooleanTest':
    case 'NamedArgExpr':
      return parts(fields, 'arg', scope, cx)
    case 'A_ArrayExpr':
      return array(children(fields, 'elements'), scope, cx)
    case 'List':
      return parts(fields, 'items', scope, cx)
    default:
      return closed(`The construct ${type} in an expression`)
  }
}

const nothing: Lineage = []

/** The row at which a cursor stands. Its query may have come to another order than was judged, and MOVE shows no columns. */
function currentRow({ entries: [target] }: Scope, cx: Context): Lineage {
  cx.found.atCursor = true
  return target?.relations.map(anyOf) ?? nothing
}

export function lineages(nodes: readonly Node[], scope: Scope, cx: Context): Lineage {
  return union(
    nodes.map((node) => lineage(node, scope, cx)),
    cx,
  )
}

/** Walks values that are used at `place`; `null`: whoever asks for them says where. */
export function told(
  nodes: Node | readonly Node[] | null,
  place: ColumnUse['place'] | null,
  scope: Scope,
  cx: Context,
): Lineage {
  const found =
    nodes === null ? nothing : 'type' in nodes ? lineage(nodes, scope, cx) : lineages(nodes, scope, cx)
  if (place !== null) note(found, place, cx)
  return found
}

/** A field of a node: an expression, a list of them, or absent. */
function parts(fields: Fields, name: string, scope: Scope, cx: Context): Lineage {
  const value = fields[name]
  if (value === undefined) return nothing
  if (Array.isArray(value)) return lineages(children(fields, name), scope, cx)
  const node = child(fields, name)
  return node === null ? nothing : lineage(node, scope, cx)
}

/**
 * A value of which only matters whether there is one: a plain column then tells nothing else of itself. Whether an
 * expression has one may depend on what is in it.
 */
export function presence(node: Node | null, scope: Scope, cx: Context): Lineage {
  if (node === null) return nothing
  const column = plainColumn(node)
  if (column === null) return lineage(node, scope, cx)
  cx.found.budget.spend(1)
  const columns = reference(column.names, null, scope, cx, column.location)
  if (columns.some(({ from }) => from !== undefined)) return lineagesOf(columns, cx)
  record(columns, 'presence', cx)
  return nothing
}

/** COALESCE: what stands behind a value is computed only if there is none, and might fail then. */
function choice(args: readonly Node[], scope: Scope, cx: Context): Lineage {
  const found = args.map((arg) => lineage(arg, scope, cx))
  for (const [at, arg] of args.entries()) {
    if (args.slice(at + 1).every((later) => isShort(later, scope, cx))) continue
    note(plainColumn(arg) === null ? (found[at] ?? nothing) : presence(arg, scope, cx), 'predicate', cx)
  }
  return union(found, cx)
}

/** ARRAY[…] */
function array(elements: readonly Node[], scope: Scope, cx: Context): Lineage {
  return union(
    elements.map((element) => {
      const found = lineage(element, scope, cx)
      if (found.length > 0 && !isScalar(element, scope, cx)) note(found, 'predicate', cx)
      return found
    }),
    cx,
  )
}

/** The names of a column reference; `null` stands for `*`. */
export function pathOf(columnRef: Fields): readonly (string | null)[] {
  return children(columnRef, 'fields').map((field) => (field.type === 'A_Star' ? null : stringOf(field)))
}

function columnReference(fields: Fields, scope: Scope, cx: Context): Lineage {
  const path = pathOf(fields)
  const location = locationOf(fields)
  if (path.at(-1) !== null)
    return union(
      reference(children(fields, 'fields').map(stringOf), null, scope, cx, location).map(lineageOf),
      cx,
    )
  // `t.*` as a value, e.g. an argument, is a whole row; so is each of them for a lone `*`.
  const [first, second] = path
  const entries =
    path.length === 1
      ? scope.entries.filter(({ special }) => !special)
      : path.length === 2
        ? entriesNamed(first ?? '', null, location, scope, cx)
        : entriesNamed(second ?? '', first ?? '', location, scope, cx)
  return wholeRows(entries, cx)
}

/** A cast may fail by what the value is, but for one to a text of what is short. */
function cast(fields: Fields, scope: Scope, cx: Context): Lineage {
  const typeName = part(fields, 'typeName') ?? closed('A cast without a type')
  checkType(typeName, cx)
  const found = parts(fields, 'arg', scope, cx)
  const arg = child(fields, 'arg')
  if (found.length === 0) return found
  if (arg === null || !isText(typeName, cx) || !isShort(arg, scope, cx)) note(found, 'predicate', cx)
  return found
}

function subquery(fields: Fields, scope: Scope, cx: Context): Lineage {
  const kind = text(fields, 'subLinkType')
  const select = child(fields, 'subselect') ?? closed('A subquery without a query')
  const test = parts(fields, 'testexpr', scope, cx)
  const output = query(select, { parent: scope, ctes: scope.ctes }, cx)
  switch (kind) {
    case 'EXISTS_SUBLINK':
      return nothing
    case 'ANY_SUBLINK':
    case 'ALL_SUBLINK': {
      checkNamedOperator(fields, 'operName', cx)
      const compared = union([test, lineagesOf(output.columns, cx)], cx)
      note(compared, 'predicate', cx)
      return compared
    }
    case 'EXPR_SUBLINK':
      return lineagesOf(output.columns, cx)
    case 'ARRAY_SUBLINK':
      record(
        output.columns.filter((column) => !isScalarColumn(column, cx)),
        'predicate',
        cx,
      )
      return lineagesOf(output.columns, cx)
    default:
      return closed('A subquery of unknown kind')
  }
}
