import { child, children, flag, strings, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { isUnion, query, select, type Around } from './query.ts'
import { anyPlace, hasExpanded } from './lineage.ts'
import type { Columns, Context, CteScope } from './scope.ts'

/** The names that a WITH clause adds. In a recursive one, a member may only refer to earlier ones and to itself. */
export function cteScope(withClause: Fields | null, { parent, ctes }: Around, cx: Context): CteScope | null {
  if (withClause === null) return ctes
  const members = children(withClause, 'ctes').map((member) => member.fields)
  const recursive = flag(withClause, 'recursive')
  let scope = ctes
  // The server sees all members of a recursive WITH at once: a later one must not be taken for a table.
  if (recursive)
    for (const member of members) scope = { name: text(member, 'ctename'), columns: null, parent: scope }
  for (const member of members) {
    const name = text(member, 'ctename')
    const columns = memberColumns(member, recursive, { parent, ctes: scope }, cx)
    scope = { name, columns, parent: scope }
  }
  return scope
}

function memberColumns(member: Fields, recursive: boolean, around: Around, cx: Context): Columns {
  const body: Node = child(member, 'ctequery') ?? closed('WITH without a query')
  const names = strings(member, 'aliascolnames')
  const rename = (columns: Columns): Columns => renamedColumns(columns, names, cx)
  return rename(
    recursive && isUnion(body)
      ? select(body.fields, around, cx, { name: text(member, 'ctename'), rename })
      : query(body, around, cx),
  )
}

/** `AS name (a, b)`: new names for the first columns. Where `*` brings in some of them, each place may be any's. */
export function renamedColumns({ columns, open }: Columns, names: readonly string[], cx: Context): Columns {
  if (names.length === 0) return { columns, open }
  const placed = hasExpanded(columns) ? anyPlace(columns, cx) : null
  return {
    columns: columns.map((column, at) => {
      const name = names[at]
      return name === undefined ? column : { ...(placed?.(column) ?? column), name }
    }),
    open,
  }
}

/** The columns of the innermost WITH member of that name; `null` if there is none. */
export function cteNamed(name: string, ctes: CteScope | null, cx: Context): Columns | null {
  for (let level = ctes; level !== null; level = level.parent) {
    cx.found.budget.spend(1)
    if (level.name === name) return level.columns ?? closed('A reference to a later member of WITH RECURSIVE')
  }
  return null
}
