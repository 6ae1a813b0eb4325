import { lineage, pathOf, told } from './expression.ts'
import { rowField, rowStar, subscript } from './indirection.ts'
import { child, children, constantOf, locationOf, stringOf, text, type Fields, type Node } from './node.ts'
import { closed, unknownColumn } from './objection.ts'
import {
  computedColumn,
  doubtfulColumn,
  hasExpanded,
  note,
  oneOf,
  record,
  unlistedColumns,
} from './lineage.ts'
import { entriesNamed, reference, visibleHere } from './names.ts'
import type { Column, Columns, Context, RangeEntry, Scope } from './scope.ts'
import { figureName } from './figure.ts'

/**
 * The target list of a query or of RETURNING. Each column is handed on with what it is, or what it is computed from; who
 * takes the output records the use.
 */
export function targets(items: readonly Node[], star: Columns, scope: Scope, cx: Context): Columns {
  const columns: Column[] = []
  let open = false
  for (const item of items) {
    const value = child(item.fields, 'val') ?? closed('A target without a value')
    const path = value.type === 'ColumnRef' ? pathOf(value.fields) : rowStar(value, scope, cx)
    if (path?.at(-1) === null) {
      const expanded =
        path.length === 1
          ? everything(star, scope, cx)
          : wholeEntry(path, locationOf(value.fields), scope, cx)
      columns.push(...expanded.columns)
      open ||= expanded.open
      continue
    }
    if (value.type === 'A_Indirection' && children(value.fields, 'indirection').at(-1)?.type === 'A_Star')
      open = true
    columns.push(columnOf(nameOf(item.fields, value), value, scope, cx))
  }
  cx.found.budget.spend(columns.length)
  return { columns, open }
}

/** The name that `ORDER BY` or an outer query knows the column by. */
function nameOf(target: Fields, value: Node): string {
  const alias = text(target, 'name')
  return alias === '' ? figureName(value) : alias
}

function columnOf(name: string, value: Node, scope: Scope, cx: Context): Column {
  const names =
    value.type === 'ColumnRef' ? children(value.fields, 'fields').map(stringOf) : rowField(value, scope, cx)
  if (names === null) return computedColumn(name, lineage(value, scope, cx))
  const { sources, from } = oneOf(reference(names, null, scope, cx, locationOf(value.fields)), cx)
  return from === undefined ? { name, sources } : { name, sources, from }
}

/** `*`: all of FROM, in the order of its joins. */
function everything(star: Columns, { entries }: Scope, cx: Context): Columns {
  for (const entry of entries) if (!entry.special) touchAll(entry, cx)
  return star
}

/** `t.*`, `schema.t.*`. */
function wholeEntry(path: readonly (string | null)[], location: number, scope: Scope, cx: Context): Columns {
  const [first = '', second = ''] = path.map((name) => name ?? '')
  const entries =
    path.length === 2
      ? entriesNamed(first, null, location, scope, cx)
      : entriesNamed(second, first, location, scope, cx)
  const [entry] = entries
  if (entry === undefined || entries.length > 1) return closed('An alias that two FROM items have')
  touchAll(entry, cx)
  return columnsOf(entry)
}

/** What `*` shows of one entry. */
export function columnsOf(entry: RangeEntry): Columns {
  const { columns, open, relations } = entry
  if (relations.length === 0) return { columns, open }
  const listed = columns.map((column): Column => ({ ...column, expanded: true }))
  return { columns: [...listed, ...unlistedColumns(entry)], open }
}

/** All columns of it are named to be read. */
export function touchAll(entry: RangeEntry, cx: Context): void {
  for (const relation of entry.relations) cx.found.touch(relation, 'read', ['*'])
}

/** A number or an alias of the output in ORDER BY, DISTINCT ON or GROUP BY; else an expression over the input. */
export function outputReference(
  node: Node,
  output: Columns,
  scope: Scope,
  cx: Context,
  inputFirst: boolean,
): void {
  if (node.type === 'A_Const') {
    const position = constantOf(node.fields)
    if (typeof position !== 'number') return
    ordinal(position, output, cx)
    if (hasExpanded(output.columns.slice(0, position))) displaced(output.columns, output, cx)
    return
  }
  const name = plainName(node)
  cx.found.budget.spend(output.columns.length)
  const named = output.columns.filter((column) => column.name === name)
  if (name === null || named.length === 0 || output.open || (inputFirst && hasInput(name, scope, cx)))
    told(node, 'predicate', scope, cx)
  // Also where a column of FROM has that name now: it may be gone by then.
  record(named, 'predicate', cx)
  if (name !== null && hasExpanded(named))
    displaced(reference([name], null, scope, cx, locationOf(node.fields)), output, cx)
}

/** What else the server may find there if the columns that `*` shows are others by then. */
function displaced(columns: readonly Column[], output: Columns, cx: Context): void {
  const doubted = columns.map((column) => doubtfulColumn(column, 'place'))
  cx.found.displaced.push({ output: output.columns, columns: doubted })
}

function ordinal(position: number, output: Columns, cx: Context): void {
  const column = output.columns[position - 1]
  // Behind columns that nobody can count, the number may mean any of them.
  const meant = output.open || column === undefined ? output.columns : [column]
  record(meant, 'predicate', cx)
}

/** ORDER BY of a UNION and the like knows the names and numbers of the output alone. */
export function outputOnly(node: Node, output: Columns, cx: Context): void {
  if (node.type === 'A_Const') {
    const position = constantOf(node.fields)
    return ordinal(typeof position === 'number' ? position : 0, output, cx)
  }
  const name = plainName(node)
  if (name === null) return closed('ORDER BY an expression over a set operation')
  const named = output.columns.filter((column) => column.name === name)
  if (!output.open && named.length === 0) unknownColumn(`"${name}"`, locationOf(node.fields))
  record(output.open ? output.columns : named, 'predicate', cx)
}

function plainName({ type, fields }: Node): string | null {
  if (type !== 'ColumnRef') return null
  const [first, ...rest] = pathOf(fields)
  return rest.length === 0 ? (first ?? null) : null
}

function hasInput(name: string, scope: Scope, cx: Context): boolean {
  const { columns, maybe } = visibleHere(name, scope, cx)
  return columns.length > 0 || maybe.length > 0
}

/** Targets of INSERT, UPDATE and MERGE: the columns they write, and the subscripts in them. */
export function written(items: readonly Node[], scope: Scope, cx: Context): readonly string[] {
  return items.map(({ fields }) => {
    for (const step of children(fields, 'indirection')) {
      if (step.type === 'A_Indices') note(subscript(step.fields, scope, cx), 'moved', cx)
      else stringOf(step)
    }
    return text(fields, 'name')
  })
}
