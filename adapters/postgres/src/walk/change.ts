import { cteScope } from './cte.ts'
import { told } from './expression.ts'
import { fromItem, fromItems } from './from.ts'
import { child, children, part, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { operatorClass } from './operator-class.ts'
import { columnsOf, targets, written } from './output.ts'
import { predicate } from './predicate.ts'
import { query, type Around } from './query.ts'
import { queried, relationEntry, touch } from './relation.ts'
import { record } from './lineage.ts'
import { reference } from './names.ts'
import { entryOf, scopeOf, type Columns, type Context, type RangeEntry, type Scope } from './scope.ts'

/** A statement that changes rows, at the top or in WITH: what it changes, what it reads, and what it returns. */
export function change(type: string, fields: Fields, { parent, ctes }: Around, cx: Context): Columns {
  const around = { parent, ctes: cteScope(part(fields, 'withClause'), { parent, ctes }, cx) }
  switch (type) {
    case 'InsertStmt':
      return insert(fields, around, cx)
    case 'UpdateStmt':
      return update(fields, around, cx)
    case 'DeleteStmt':
      return deletion(fields, around, cx)
    case 'MergeStmt':
      return merge(fields, around, cx)
    default:
      return closed(`The construct ${type} in a query`)
  }
}

const nothing: Columns = { columns: [], open: false }

type Access = 'insert' | 'update' | 'delete'

function target(fields: Fields, accesses: ReadonlyMap<Access, readonly string[]>, cx: Context): RangeEntry {
  const range = part(fields, 'relation') ?? closed('A change of nothing')
  const located = queried(range, cx)
  for (const [access, columns] of accesses) touch(located, access, cx, columns)
  return relationEntry(range, located, cx)
}

function insert(fields: Fields, around: Around, cx: Context): Columns {
  cx.found.does('insert')
  const outer = scopeOf([], around.parent, around.ctes)
  const columns = written(children(fields, 'cols'), outer, cx)
  const entry = target(fields, new Map([['insert', columns]]), cx)
  const source = child(fields, 'selectStmt')
  if (source !== null) record(query(source, around, cx).columns, 'moved', cx)
  const conflict = part(fields, 'onConflictClause')
  if (conflict !== null) onConflict(conflict, entry, around, cx)
  return returning(fields, [entry], columnsOf(entry), entry, around, cx)
}

function onConflict(fields: Fields, entry: RangeEntry, around: Around, cx: Context): void {
  const scope = scopeOf([entry, excluded(entry)], around.parent, around.ctes)
  const infer = part(fields, 'infer')
  if (infer !== null) {
    indexKeys(children(infer, 'indexElems'), 'predicate', scope, cx)
    told(child(infer, 'whereClause'), 'predicate', scope, cx)
  }
  if (text(fields, 'action') !== 'ONCONFLICT_UPDATE') return
  // Still an INSERT, of which each row changes at most the one that it met; the access says so.
  for (const relation of entry.relations)
    cx.found.touch(relation, 'update', assigned(fields, entry, scope, cx))
  predicate(child(fields, 'whereClause'), scope, cx)
}

/** EXCLUDED is the row that was to be inserted: the caller's own values. */
function excluded({ columns, open }: RangeEntry): RangeEntry {
  return entryOf('excluded', { columns: columns.map(({ name }) => ({ name, sources: [] })), open }, true)
}

/** Columns and expressions of an index, existing or to be made. */
export function indexKeys(
  items: readonly Node[],
  place: 'predicate' | 'elsewhere',
  scope: Scope,
  cx: Context,
): void {
  for (const { fields } of items) {
    operatorClass(fields, cx)
    const name = text(fields, 'name')
    if (name !== '') reference([name], place, scope, cx)
    told(child(fields, 'expr'), place, scope, cx)
  }
}

/** SET column = value, …: the columns. Whether a part of a value can be set depends on what there is of it. */
function assigned(fields: Fields, entry: RangeEntry, scope: Scope, cx: Context): readonly string[] {
  const items = children(fields, 'targetList')
  for (const item of items) {
    told(child(item.fields, 'val'), 'moved', scope, cx)
    const column = entry.index.get(text(item.fields, 'name'))
    if (column !== undefined && item.fields['indirection'] !== undefined) record([column], 'predicate', cx)
  }
  return written(items, scope, cx)
}

function update(fields: Fields, around: Around, cx: Context): Columns {
  cx.found.does('update')
  cx.found.where(fields['whereClause'] !== undefined)
  const columns = children(fields, 'targetList').map((item) => text(item.fields, 'name'))
  const entry = target(fields, new Map([['update', columns]]), cx)
  const from = fromItems(children(fields, 'fromClause'), around, cx)
  const entries = [entry, ...from.entries]
  const scope = scopeOf(entries, around.parent, around.ctes)
  assigned(fields, entry, scope, cx)
  predicate(child(fields, 'whereClause'), scope, cx)
  return returning(fields, entries, both(columnsOf(entry), from.star), entry, around, cx)
}

function deletion(fields: Fields, around: Around, cx: Context): Columns {
  cx.found.does('delete')
  cx.found.where(fields['whereClause'] !== undefined)
  const entry = target(fields, new Map([['delete', []]]), cx)
  const from = fromItems(children(fields, 'usingClause'), around, cx)
  const entries = [entry, ...from.entries]
  predicate(child(fields, 'whereClause'), scopeOf(entries, around.parent, around.ctes), cx)
  return returning(fields, entries, both(columnsOf(entry), from.star), entry, around, cx)
}

function both(one: Columns, other: Columns): Columns {
  return { columns: [...one.columns, ...other.columns], open: one.open || other.open }
}

const mergeAccess: { readonly [command: string]: Access } = {
  CMD_INSERT: 'insert',
  CMD_UPDATE: 'update',
  CMD_DELETE: 'delete',
}

function merge(fields: Fields, around: Around, cx: Context): Columns {
  cx.found.does('merge')
  const clauses = children(fields, 'mergeWhenClauses').map((clause) => clause.fields)
  const accesses = new Map<Access, readonly string[]>()
  for (const clause of clauses) {
    const access = mergeAccess[text(clause, 'commandType')]
    const columns = children(clause, 'targetList').map((item) => text(item.fields, 'name'))
    if (access !== undefined) accesses.set(access, [...(accesses.get(access) ?? []), ...columns])
  }
  const entry = target(fields, accesses, cx)
  const source = child(fields, 'sourceRelation') ?? closed('MERGE without a source')
  const from = fromItem(source, [], around, cx)
  const entries = [entry, ...from.entries]
  const scope = scopeOf(entries, around.parent, around.ctes)
  predicate(child(fields, 'joinCondition'), scope, cx)
  for (const clause of clauses) {
    predicate(child(clause, 'condition'), scope, cx)
    assigned(clause, entry, scope, cx)
    told(children(clause, 'values'), 'moved', scope, cx)
  }
  return returning(fields, entries, both(from.star, columnsOf(entry)), entry, around, cx)
}

/** RETURNING, where OLD and NEW name the row before and after unless something else has that name. */
function returning(
  fields: Fields,
  entries: readonly RangeEntry[],
  star: Columns,
  entry: RangeEntry,
  around: Around,
  cx: Context,
): Columns {
  const clause = part(fields, 'returningClause')
  if (clause === null) return nothing
  const versions = ['old', 'new']
    .filter((name) => entries.every((other) => other.name !== name))
    .map((name): RangeEntry => ({ ...entry, name, schemas: [], special: true }))
  return targets(
    children(clause, 'exprs'),
    star,
    scopeOf([...entries, ...versions], around.parent, around.ctes),
    cx,
  )
}
