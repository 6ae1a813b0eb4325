import { cteNamed, renamedColumns } from './cte.ts'
import { told } from './expression.ts'
import { tableFunction } from './table-function.ts'
import { child, children, flag, part, strings, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { checkOperator } from './operator.ts'
import { columnsOf } from './output.ts'
import { predicate } from './predicate.ts'
import { query, type Around } from './query.ts'
import { queried, relationEntry, touch } from './relation.ts'
import { computedColumn, doubtfulColumn, hasExpanded, lineagesOf, record } from './lineage.ts'
import { reference } from './names.ts'
import { entryOf, scopeOf, type Columns, type Context, type RangeEntry } from './scope.ts'

/** What a FROM clause, or one item of it, brings into scope, and what `*` shows of it. */
export interface From {
  readonly entries: readonly RangeEntry[]
  readonly star: Columns
}

export function fromItems(nodes: readonly Node[], around: Around, cx: Context): From {
  const entries: RangeEntry[] = []
  const columns: Columns['columns'][] = []
  let open = false
  for (const node of nodes) {
    const item = fromItem(node, entries, around, cx)
    entries.push(...item.entries)
    columns.push(item.star.columns)
    open ||= item.star.open
  }
  return { entries, star: { columns: columns.flat(), open } }
}

/** `before` are the items to the left, which LATERAL can see. */
export function fromItem(
  { type, fields }: Node,
  before: readonly RangeEntry[],
  around: Around,
  cx: Context,
): From {
  cx.found.budget.spend(1)
  switch (type) {
    case 'RangeVar':
      return single(rangeVar(fields, around, cx))
    case 'RangeSubselect':
      return single(subselect(fields, before, around, cx))
    case 'RangeFunction':
      return single(tableFunction(fields, scopeOf(before, around.parent, around.ctes), cx))
    case 'RangeTableSample':
      return tableSample(fields, before, around, cx)
    case 'JoinExpr':
      return join(fields, before, around, cx)
    default:
      return closed(`The construct ${type} in FROM`)
  }
}

function single(entry: RangeEntry): From {
  return { entries: [entry], star: columnsOf(entry) }
}

function rangeVar(fields: Fields, { ctes }: Around, cx: Context): RangeEntry {
  const name = text(fields, 'relname')
  const cte = fields['schemaname'] === undefined ? cteNamed(name, ctes, cx) : null
  if (cte !== null) return aliased(cte, name, part(fields, 'alias'), cx)
  const located = queried(fields, cx)
  touch(located, 'read', cx)
  return relationEntry(fields, located, cx)
}

/** Rows of a query under an alias, whose columns it may rename. */
export function aliased(columns: Columns, name: string, alias: Fields | null, cx: Context): RangeEntry {
  cx.found.budget.spend(columns.columns.length)
  if (alias === null) return entryOf(name, columns)
  return entryOf(text(alias, 'aliasname'), renamedColumns(columns, strings(alias, 'colnames'), cx))
}

function subselect(
  fields: Fields,
  before: readonly RangeEntry[],
  { parent, ctes }: Around,
  cx: Context,
): RangeEntry {
  const body = child(fields, 'subquery') ?? closed('A subquery without a query')
  const seen = flag(fields, 'lateral') ? scopeOf(before, parent, ctes) : parent
  return aliased(query(body, { parent: seen, ctes }, cx), '', part(fields, 'alias'), cx)
}

const sampleMethods = new Set(['bernoulli', 'system'])

function tableSample(fields: Fields, before: readonly RangeEntry[], around: Around, cx: Context): From {
  const [method = '', ...more] = strings(fields, 'method')
  if (!sampleMethods.has(method) || more.length > 0) closed('A sampling method')
  const scope = scopeOf(before, around.parent, around.ctes)
  told(children(fields, 'args'), 'predicate', scope, cx)
  told(child(fields, 'repeatable'), 'predicate', scope, cx)
  return fromItem(child(fields, 'relation') ?? closed('A sample of nothing'), before, around, cx)
}

function join(fields: Fields, before: readonly RangeEntry[], around: Around, cx: Context): From {
  const left = fromItem(child(fields, 'larg') ?? closed('Half a join'), before, around, cx)
  const right = fromItem(
    child(fields, 'rarg') ?? closed('Half a join'),
    [...before, ...left.entries],
    around,
    cx,
  )
  cx.found.budget.spend(before.length + left.entries.length)
  const entries = [...left.entries, ...right.entries]
  predicate(child(fields, 'quals'), scopeOf(entries, around.parent, around.ctes), cx)
  const star = joined(fields, left, right, cx)
  const alias = part(fields, 'alias')
  return alias === null ? { entries, star } : single(aliased(star, '', alias, cx))
}

/** USING and NATURAL compare the columns of a name, and `*` shows one column for both. */
function joined(fields: Fields, left: From, right: From, cx: Context): Columns {
  const open = left.star.open || right.star.open
  const natural = flag(fields, 'isNatural')
  const names = natural ? commonNames(left.star, right.star, cx) : strings(fields, 'usingClause')
  if (names.length > 0 || natural) checkOperator(['='], cx)
  if (natural && open) for (const { star } of [left, right]) record(star.columns, 'predicate', cx)
  // A table may get a column by the name of any on the other side.
  if (natural && hasExpanded(right.star.columns)) mayJoin(left.star, cx)
  if (natural && hasExpanded(left.star.columns)) mayJoin(right.star, cx)
  const both = names.map((name) =>
    computedColumn(
      name,
      lineagesOf(
        [left, right].flatMap(({ entries }) =>
          reference([name], 'predicate', scopeOf(entries, null, null), cx),
        ),
        cx,
      ),
    ),
  )
  const merged = new Set(names)
  const rest = [...left.star.columns, ...right.star.columns].filter(({ name }) => !merged.has(name))
  return { columns: [...both, ...rest], open }
}

function mayJoin({ columns }: Columns, cx: Context): void {
  record(
    columns.map((column) => doubtfulColumn(column, 'natural')),
    'predicate',
    cx,
  )
}

function commonNames(left: Columns, right: Columns, cx: Context): readonly string[] {
  cx.found.budget.spend(left.columns.length + right.columns.length)
  const others = new Set(right.columns.map(({ name }) => name))
  return left.columns.map(({ name }) => name).filter((name) => others.has(name))
}
