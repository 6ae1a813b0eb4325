import { change } from './change.ts'
import { cteScope } from './cte.ts'
import { lineage, told } from './expression.ts'
import { sortOperator, window } from './call.ts'
import { fromItems } from './from.ts'
import { child, children, flag, part, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { outputOnly, outputReference, targets } from './output.ts'
import { predicate } from './predicate.ts'
import {
  computedColumn,
  covers,
  doubtful,
  hasExpanded,
  lineageOf,
  lineagesOf,
  record,
  union,
} from './lineage.ts'
import { scopeOf, type Columns, type Context, type CteScope, type Scope } from './scope.ts'

/** What a query can see besides its own FROM. */
export interface Around {
  readonly parent: Scope | null
  readonly ctes: CteScope | null
}

/** Any query: its output columns, with what they are. Uses of the output are recorded by whom it goes to. */
export function query({ type, fields }: Node, around: Around, cx: Context): Columns {
  cx.found.budget.spend(1)
  return type === 'SelectStmt' ? select(fields, around, cx) : change(type, fields, around, cx)
}

/** The member of a recursive WITH that a UNION may refer to in its second half. */
export interface Recursion {
  readonly name: string
  readonly rename: (columns: Columns) => Columns
}

export function select(fields: Fields, { parent, ctes }: Around, cx: Context, self?: Recursion): Columns {
  cx.found.budget.spend(1)
  const into = fields['intoClause']
  if (into !== undefined && into !== cx.found.into) closed('INTO within a query')
  const inner = { parent, ctes: cteScope(part(fields, 'withClause'), { parent, ctes }, cx) }
  for (const name of ['limitOffset', 'limitCount'])
    told(child(fields, name), 'predicate', scopeOf([], parent, inner.ctes), cx)
  if (fields['lockingClause'] !== undefined) cx.found.readOnly = false
  if (text(fields, 'op') !== 'SETOP_NONE') return setOperation(fields, inner, cx, self)
  return fields['valuesLists'] === undefined ? plain(fields, inner, cx) : values(fields, inner, cx)
}

function plain(fields: Fields, { parent, ctes }: Around, cx: Context): Columns {
  const from = fromItems(children(fields, 'fromClause'), { parent, ctes }, cx)
  const scope = scopeOf(from.entries, parent, ctes)
  const output = targets(children(fields, 'targetList'), from.star, scope, cx)
  predicate(child(fields, 'whereClause'), scope, cx)
  for (const key of children(fields, 'groupClause')) groupKey(key, output, scope, cx)
  predicate(child(fields, 'havingClause'), scope, cx)
  for (const { fields: definition } of children(fields, 'windowClause')) window(definition, scope, cx)
  distinct(children(fields, 'distinctClause'), output, scope, cx)
  for (const { fields: sortBy } of children(fields, 'sortClause')) {
    sortOperator(sortBy, cx)
    outputReference(sortKey(sortBy), output, scope, cx, false)
  }
  return output
}

function sortKey(sortBy: Fields): Node {
  return child(sortBy, 'node') ?? closed('ORDER BY without a key')
}

/** GROUP BY looks into FROM first and then at the aliases of the output. */
function groupKey(key: Node, output: Columns, scope: Scope, cx: Context): void {
  if (key.type !== 'GroupingSet') outputReference(key, output, scope, cx, true)
  else for (const item of children(key.fields, 'content')) groupKey(item, output, scope, cx)
}

/** DISTINCT compares what comes out, DISTINCT ON what it names. */
function distinct(items: readonly Node[], output: Columns, scope: Scope, cx: Context): void {
  for (const item of items) {
    if (item.type === '') record(output.columns, 'predicate', cx)
    else outputReference(item, output, scope, cx, false)
  }
}

/** What comes out of a set operation has no origin any more. All but UNION ALL compare the rows. */
function setOperation(fields: Fields, { parent, ctes }: Around, cx: Context, self?: Recursion): Columns {
  const largs = part(fields, 'larg') ?? closed('Half a set operation')
  const rargs = part(fields, 'rarg') ?? closed('Half a set operation')
  const left = select(largs, { parent, ctes }, cx)
  const right = (ctesThere: CteScope | null): Columns => select(rargs, { parent, ctes: ctesThere }, cx)
  const output = self === undefined ? merged(left, right(ctes), cx) : repeated(left, right, self, ctes, cx)
  if (text(fields, 'op') !== 'SETOP_UNION' || !flag(fields, 'all')) record(output.columns, 'predicate', cx)
  for (const { fields: sortBy } of children(fields, 'sortClause')) {
    sortOperator(sortBy, cx)
    outputOnly(sortKey(sortBy), output, cx)
  }
  return output
}

/** A recursive query reads what it has made: until nothing is added to what its columns may be computed from. */
function repeated(
  first: Columns,
  next: (ctes: CteScope | null) => Columns,
  { name, rename }: Recursion,
  ctes: CteScope | null,
  cx: Context,
): Columns {
  let columns = merged(first, { columns: [], open: false }, cx)
  for (;;) {
    const more = merged(columns, next({ name, columns: rename(columns), parent: ctes }), cx)
    if (more.open === columns.open && addsNothing(more, columns, cx)) return more
    columns = more
  }
}

/** Their number does not tell: many sources become one, which is their whole relation. */
function addsNothing(more: Columns, { columns }: Columns, cx: Context): boolean {
  return more.columns.every((column, at) => {
    const before = columns[at]
    return before !== undefined && covers(lineageOf(before), lineageOf(column), cx)
  })
}

/** Column by column; where nobody can count them, any of them may be any other. */
function merged(left: Columns, right: Columns, cx: Context): Columns {
  const open = left.open || right.open
  const all =
    open || hasExpanded([...left.columns, ...right.columns])
      ? doubtful(lineagesOf([...left.columns, ...right.columns], cx), 'place')
      : null
  const columns = left.columns.map((column, at) => {
    const other = right.columns[at]
    const both = other === undefined ? lineageOf(column) : union([lineageOf(column), lineageOf(other)], cx)
    return computedColumn(column.name, all === null ? both : union([both, all], cx))
  })
  return { columns, open }
}

function values(fields: Fields, { parent, ctes }: Around, cx: Context): Columns {
  const scope = scopeOf([], parent, ctes)
  const rows = children(fields, 'valuesLists').map((row) =>
    children(row.fields, 'items').map((item) => lineage(item, scope, cx)),
  )
  const columns = (rows[0] ?? []).map((_, at) =>
    computedColumn(
      `column${String(at + 1)}`,
      union(
        rows.map((row) => row[at] ?? []),
        cx,
      ),
    ),
  )
  for (const { fields: sortBy } of children(fields, 'sortClause'))
    outputOnly(sortKey(sortBy), { columns, open: false }, cx)
  return { columns, open: false }
}

export function isUnion({ type, fields }: Node): boolean {
  return type === 'SelectStmt' && text(fields, 'op') === 'SETOP_UNION'
}
