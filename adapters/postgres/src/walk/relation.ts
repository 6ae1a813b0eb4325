import { isDerived, type CatalogueRelation } from '../catalogue.ts'
import type { RelationName } from '../statement.ts'
import { isSystemRelation } from '../system-relations.ts'
import { keyOf, type Access } from './findings.ts'
import { locationOf, strings, part, text, type Fields } from './node.ts'
import { closed, unknownRelation } from './objection.ts'
import { creationSchema, throughPaths } from './path.ts'
import { anyPlace, unlistedColumns } from './lineage.ts'
import type { Column, Context, RangeEntry } from './scope.ts'
import { settingsView } from './setting.ts'

/** What the name of a relation leads to. */
export type Located = Leading & {
  /**
   * What it would lead to if that were gone, which anybody may do before the server comes to read the name: the relations
   * of that name further down its search_path.
   */
  readonly namesakes: readonly Entry[]
}

type Leading =
  | { readonly kind: 'known'; readonly relation: CatalogueRelation }
  /**
   * The session's own: a temporary table, or one that this message or transaction creates, alters or drops; its columns
   * are not known. It may be gone again, or be what it was: then the name leads to what it `shadows`.
   */
  | { readonly kind: 'own'; readonly name: RelationName; readonly shadows: CatalogueRelation | null }
  | { readonly kind: 'absent'; readonly name: RelationName }

type Entry = CatalogueRelation | RelationName

export const temporarySchema = 'pg_temp'
/** Names of the same and of other sessions': what is made there is found before everything else. */
const numbered = /^pg_(?:toast_)?temp_\d+$/

export function isTemporary(schema: string): boolean {
  return schema === temporarySchema || numbered.test(schema)
}

/** Finds a `RangeVar` as the server would, without touching it. */
export function locate(range: Fields, cx: Context): Located {
  const showsSetting = range === cx.found.shownSetting
  return locateName(text(range, 'schemaname'), text(range, 'relname'), cx, showsSetting)
}

export function locateName(schema: string, name: string, cx: Context, showsSetting = false): Located {
  cx.found.budget.spend(1)
  if (numbered.test(schema)) closed('A temporary schema by its number')
  const own = cx.names.tempTables.has(name)
  if (schema === temporarySchema && own)
    return { kind: 'own', name: { schema, name }, shadows: null, namesakes: [] }
  if (schema !== '') return leading(inSchema({ schema, name }, cx), { schema, name }, [], cx, showsSetting)
  const found = throughPaths(cx, (candidate) => inSchema({ schema: candidate, name }, cx))
  if (own) return shadowing(name, found, cx)
  if (found === null) return { kind: 'absent', name: { schema: creationSchema(cx), name }, namesakes: [] }
  return leading(found, { schema, name }, namesakesOf(name, found, cx), cx, showsSetting)
}

function shadowing(name: string, found: Entry | null, cx: Context): Located {
  const shadows = found !== null && 'oid' in found ? readable(found) : null
  const namesakes = namesakesOf(name, shadows, cx)
  return { kind: 'own', name: { schema: temporarySchema, name }, shadows, namesakes }
}

function leading(
  found: Entry | undefined,
  name: RelationName,
  namesakes: readonly Entry[],
  cx: Context,
  showsSetting: boolean,
): Located {
  if (found === undefined) return { kind: 'absent', name, namesakes }
  if (!('oid' in found)) return { kind: 'own', name: found, shadows: null, namesakes }
  const relation = readable(found, showsSetting)
  return cx.reshaped.has(keyOf(relation.name))
    ? { kind: 'own', name: relation.name, shadows: relation, namesakes }
    : { kind: 'known', relation, namesakes }
}

function namesakesOf(name: string, found: Entry | null, cx: Context): readonly Entry[] {
  const schemas = new Set(cx.names.searchPaths.flat())
  return [...schemas].flatMap((schema) => {
    const other = inSchema({ schema, name }, cx)
    if (other === undefined || other === found) return []
    return 'oid' in other ? readable(other) : other
  })
}

function inSchema(name: RelationName, cx: Context): Entry | undefined {
  const key = keyOf(name)
  return cx.catalogue.relations.get(key) ?? cx.created.get(key)
}

/** Of the server's own relations only those that tell of the schema, and one setting where that is all that is asked. */
function readable(relation: CatalogueRelation, showsSetting = false): CatalogueRelation {
  const { schema, name } = relation.name
  if (schema !== 'pg_catalog' && schema !== 'information_schema') return relation
  if (showsSetting && name === settingsView) return relation
  return isSystemRelation(relation.name) ? relation : closed(`The relation ${schema}.${name}`)
}

/** A relation that must exist for the statement to make sense: the server's own error if it does not. */
export function existing(range: Fields, cx: Context): Exclude<Located, { kind: 'absent' }> {
  const located = locate(range, cx)
  return located.kind === 'absent' ? unknownRelation(written(range), 0) : located
}

/** The same within a query, of which the server says the place. */
export function queried(range: Fields, cx: Context): Exclude<Located, { kind: 'absent' }> {
  const located = locate(range, cx)
  return located.kind === 'absent' ? unknownRelation(written(range), locationOf(range)) : located
}

function written(range: Fields): string {
  const schema = text(range, 'schemaname')
  const name = text(range, 'relname')
  return schema === '' ? name : `${schema}.${name}`
}

export function nameOf(located: Located): RelationName {
  return located.kind === 'known' ? located.relation.name : located.name
}

/** Notes that the statement names it, for `access`. */
export function touch(located: Located, access: Access, cx: Context, columns: readonly string[] = []): void {
  cx.found.touch(nameOf(located), access, columns)
  for (const namesake of located.namesakes) touchNamesake(namesake, access, columns, cx)
  const relation = behind(located)
  if (relation === null) return
  if (cx.moved && access !== 'ddl') closed('A relation in a message that also renames or moves names')
  if (relation.name !== nameOf(located)) cx.found.touch(relation.name, access, columns)
  if (isDerived(relation)) cx.found.derived.set(keyOf(relation.name), relation.name)
}

/** Of one that is read instead, nobody knows by which columns. */
function touchNamesake(namesake: Entry, access: Access, columns: readonly string[], cx: Context): void {
  const known = 'oid' in namesake
  const name = known ? namesake.name : namesake
  const all = known && access === 'read' ? namesake.columns.map((column) => column.name) : columns
  cx.found.touch(name, access, all)
  cx.found.namesakes.set(keyOf(name), name)
  if (known && isDerived(namesake)) cx.found.derived.set(keyOf(name), name)
}

/** The catalogue's relation whose rows may come out under the name. */
export function behind(located: Located): CatalogueRelation | null {
  if (located.kind === 'known') return located.relation
  return located.kind === 'own' ? located.shadows : null
}

/** A relation as an item of FROM, by its alias if it has one. */
export function relationEntry(range: Fields, located: Located, cx: Context): RangeEntry {
  const alias = part(range, 'alias')
  const relation = behind(located)
  const name = nameOf(located)
  const open = located.kind === 'own'
  const columns = relation?.columns ?? []
  cx.found.budget.spend(1)
  const entry: RangeEntry = {
    name: name.name,
    schemas:
      located.kind === 'own' && relation !== null ? [name.schema, relation.name.schema] : [name.schema],
    columns,
    index: relation?.index ?? new Map<string, Column>(),
    relations: relation === null || relation.name === name ? [name] : [name, relation.name],
    open,
    special: false,
  }
  return alias === null ? entry : renamed(entry, text(alias, 'aliasname'), strings(alias, 'colnames'), cx)
}

/** `AS alias (a, b)`: the first columns get new names, and the old ones are gone. */
function renamed(entry: RangeEntry, alias: string, names: readonly string[], cx: Context): RangeEntry {
  if (names.length === 0) return { ...entry, name: alias, schemas: [] }
  cx.found.budget.spend(entry.columns.length)
  // By the time that the server counts them others may stand at their places.
  const placed = anyPlace([...entry.columns, ...unlistedColumns(entry)], cx)
  const columns = entry.columns.map((column, at): Column => {
    const given = names[at]
    return given === undefined ? column : { ...placed(column), name: given }
  })
  const own = new Set(entry.columns)
  const system = [...entry.index.values()].filter((column) => !own.has(column))
  const index = new Map([...system, ...columns].map((column) => [column.name, column]))
  return { ...entry, name: alias, schemas: [], columns, index }
}
