import { change } from './change.ts'
import { cteScope } from './cte.ts'
import { expressions, optional } from './expression.ts'
import { sortOperator, window } from './call.ts'
import { fromItems } from './from.ts'
import { child, children, part, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { outputOnly, outputReference, targets } from './output.ts'
import { predicate } from './predicate.ts'
import {
  record,
  scopeOf,
  type Column,
  type Columns,
  type Context,
  type CteScope,
  type Scope,
} from './scope.ts'

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
    optional(child(fields, name), scopeOf([], parent, inner.ctes), cx)
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
  optional(child(fields, 'havingClause'), scope, cx)
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
    if (item.type === '') record(output.columns, 'elsewhere', cx)
    else outputReference(item, output, scope, cx, false)
  }
}

/** UNION, INTERSECT and EXCEPT compare or mix rows: what comes out has no origin any more. */
function setOperation(fields: Fields, { parent, ctes }: Around, cx: Context, self?: Recursion): Columns {
  const largs = part(fields, 'larg') ?? closed('Half a set operation')
  const rargs = part(fields, 'rarg') ?? closed('Half a set operation')
  const left = select(largs, { parent, ctes }, cx)
  record(left.columns, 'elsewhere', cx)
  const output = computed(left)
  const rightCtes =
    self === undefined ? ctes : { name: self.name, columns: self.rename(output), parent: ctes }
  record(select(rargs, { parent, ctes: rightCtes }, cx).columns, 'elsewhere', cx)
  for (const { fields: sortBy } of children(fields, 'sortClause')) {
    sortOperator(sortBy, cx)
    outputOnly(sortKey(sortBy), output)
  }
  return output
}

function computed({ columns, open }: Columns): Columns {
  return { columns: columns.map(({ name }): Column => ({ name, sources: [] })), open }
}

function values(fields: Fields, { parent, ctes }: Around, cx: Context): Columns {
  const scope = scopeOf([], parent, ctes)
  const rows = children(fields, 'valuesLists')
  for (const row of rows) expressions(children(row.fields, 'items'), scope, cx)
  const [first] = rows
  const width = first === undefined ? 0 : children(first.fields, 'items').length
  const columns = Array.from({ length: width }, (_, at): Column => ({
    name: `column${String(at + 1)}`,
    sources: [],
  }))
  for (const { fields: sortBy } of children(fields, 'sortClause'))
    outputOnly(sortKey(sortBy), { columns, open: false })
  return { columns, open: false }
}

export function isUnion({ type, fields }: Node): boolean {
  return type === 'SelectStmt' && text(fields, 'op') === 'SETOP_UNION'
}
