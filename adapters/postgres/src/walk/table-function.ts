import { outputColumns } from '../functions.ts'
import { call } from './call.ts'
import { renamedColumns } from './cte.ts'
import { lineage } from './expression.ts'
import { figureName } from './figure.ts'
import { children, flag, part, strings, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { computedColumn, lineagesOf, type Lineage } from './lineage.ts'
import { entryOf, type Column, type Columns, type Context, type RangeEntry, type Scope } from './scope.ts'
import { checkColumnType } from './type.ts'

/**
 * A function in FROM. Its columns are computed from what it is given; where nobody lists them, there may be others than
 * the one assumed.
 */
export function tableFunction(fields: Fields, scope: Scope, cx: Context): RangeEntry {
  const alias = part(fields, 'alias')
  const aliasName = alias === null ? '' : text(alias, 'aliasname')
  const parts = children(fields, 'functions')
  const definitions = children(fields, 'coldeflist')
  const results = parts.map((item) =>
    result(item, definitions, parts.length === 1 ? aliasName : '', scope, cx),
  )
  const columns = results.flatMap((each) => each.columns)
  if (flag(fields, 'ordinality')) columns.push(computedColumn('ordinality', []))
  const all = renamedColumns(
    { columns, open: results.some(({ open }) => open) },
    alias === null ? [] : strings(alias, 'colnames'),
    cx,
  )
  return entryOf(aliasName === '' ? functionName(parts) : aliasName, named(all, alias, cx))
}

/** Without an alias the item goes by the name of its first function. */
function functionName([first]: readonly Node[]): string {
  const [called] = first === undefined ? [] : children(first.fields, 'items')
  return called === undefined ? '' : figureName(called)
}

/** Aliases of columns that were not foreseen, e.g. of `unnest(a, b) AS u (x, y)`. */
function named({ columns, open }: Columns, alias: Fields | null, cx: Context): Columns {
  const names = alias === null ? [] : strings(alias, 'colnames')
  const from = lineagesOf(columns, cx)
  const more = names.slice(columns.length).map((name) => computedColumn(name, from))
  return { columns: [...columns, ...more], open }
}

function result(item: Node, definitions: readonly Node[], alias: string, scope: Scope, cx: Context): Columns {
  const [called, own] = children(item.fields, 'items')
  if (called === undefined) return closed('ROWS FROM nothing')
  const name = figureName(called)
  const by = called.type === 'FuncCall' ? call(called.fields, scope, cx) : undefined
  const from = by?.lineage ?? lineage(called, scope, cx)
  const defined = own?.type === 'List' ? children(own.fields, 'items') : definitions
  if (defined.length > 0)
    return { columns: defined.map((definition) => columnOf(definition, from, cx)), open: false }
  const said = by?.own?.columns ?? []
  const listed = said.length > 0 ? said : by?.own === undefined ? outputColumns.get(name) : undefined
  if (listed !== undefined)
    return { columns: listed.map((column) => computedColumn(column, from)), open: false }
  return { columns: [computedColumn(alias === '' ? name : alias, from)], open: true }
}

function columnOf({ fields }: Node, from: Lineage, cx: Context): Column {
  checkColumnType(part(fields, 'typeName') ?? closed('A column without a type'), cx)
  return computedColumn(text(fields, 'colname'), from)
}
