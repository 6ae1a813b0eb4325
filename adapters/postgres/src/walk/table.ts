import type { SessionEffect } from '../statement.ts'
import { indexKeys } from './change.ts'
import { told } from './expression.ts'
import { changeFamily, familyCommands, newChild, partitionKey } from './family.ts'
import { keyOf } from './findings.ts'
import { child, children, part, strings, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { creationSchema } from './path.ts'
import { existing, locateName, nameOf, queried, relationEntry, temporarySchema, touch } from './relation.ts'
import { anyOf, note } from './lineage.ts'
import { reference } from './names.ts'
import { entryOf, scopeOf, type Column, type Context, type RangeEntry, type Scope } from './scope.ts'
import { checkColumnType } from './type.ts'

/** CREATE TABLE, ALTER TABLE and CREATE INDEX: what they name, and the expressions in them. */

/** A new relation: known by name from here on, unless the catalogue knows one of that name already. */
export function create(range: Fields, cx: Context): SessionEffect {
  cx.found.readOnly = false
  const name = text(range, 'relname')
  const schema = text(range, 'schemaname')
  if (schema === temporarySchema || text(range, 'relpersistence') === 't') {
    cx.found.touch({ schema: temporarySchema, name }, 'ddl')
    return { kind: 'temp_table', name }
  }
  const located = locateName(schema === '' ? creationSchema(cx) : schema, name, cx)
  touch(located, 'ddl', cx)
  if (located.kind !== 'absent') return { kind: 'ddl' }
  cx.created.set(keyOf(located.name), located.name)
  return { kind: 'ddl', creates: located.name }
}

export function createTable(fields: Fields, cx: Context): SessionEffect {
  const range = part(fields, 'relation') ?? closed('CREATE TABLE without a name')
  newChild(fields, cx)
  const effect = create(range, cx)
  const elements = children(fields, 'tableElts')
  for (const { type, fields: element } of elements) if (type === 'TableLikeClause') like(element, cx)
  const own = elements.filter(({ type }) => type === 'ColumnDef').map((element) => newColumn(element.fields))
  const scope = scopeOf([entryOf(text(range, 'relname'), { columns: own, open: true })], null, null)
  const inside = knowing(effect, cx)
  for (const element of [...elements, ...children(fields, 'constraints')])
    if (element.type !== 'TableLikeClause') tableElement(element, scope, inside)
  const key = part(fields, 'partspec')
  if (key !== null) partitionKey(key, scope, inside)
  return effect
}

/** A table may refer to itself, a temporary one too. */
function knowing(effect: SessionEffect, cx: Context): Context {
  if (effect.kind !== 'temp_table') return cx
  const tempTables = new Set([...cx.names.tempTables, effect.name])
  return { ...cx, names: { ...cx.names, tempTables } }
}

/** LIKE copies the shape of a relation, none of its rows. */
function like(fields: Fields, cx: Context): void {
  touch(queried(part(fields, 'relation') ?? closed('LIKE nothing'), cx), 'read', cx)
}

function newColumn(definition: Fields): Column {
  return { name: text(definition, 'colname'), sources: [] }
}

function tableElement({ type, fields }: Node, scope: Scope, cx: Context): void {
  if (type === 'ColumnDef') columnDefinition(fields, scope, cx)
  else if (type === 'Constraint') constraint(fields, scope, cx)
  else closed(`The construct ${type} in a table`)
}

function columnDefinition(fields: Fields, scope: Scope, cx: Context): void {
  const typeName = part(fields, 'typeName')
  if (typeName !== null) checkColumnType(typeName, cx)
  // In ALTER COLUMN … TYPE this is the expression after USING.
  told(child(fields, 'raw_default'), 'moved', scope, cx)
  for (const item of children(fields, 'constraints')) constraint(item.fields, scope, cx)
}

/** Of a column, a table or a domain. */
export function constraint(fields: Fields, scope: Scope, cx: Context): void {
  if (text(fields, 'contype') === 'CONSTR_EXCLUSION') closed('An exclusion constraint')
  // What is generated is written.
  const place = text(fields, 'contype') === 'CONSTR_GENERATED' ? 'moved' : 'elsewhere'
  told(child(fields, 'raw_expr'), place, scope, cx)
  told(child(fields, 'where_clause'), 'elsewhere', scope, cx)
  for (const name of ['keys', 'including', 'fk_attrs', 'fk_del_set_cols'])
    for (const column of strings(fields, name)) reference([column], 'elsewhere', scope, cx)
  const range = part(fields, 'pktable')
  if (range !== null) foreignKey(range, strings(fields, 'pk_attrs'), cx)
}

/** A foreign key tells of each new value whether the other table has it: a use of those columns. */
function foreignKey(range: Fields, columns: readonly string[], cx: Context): void {
  const located = existing(range, cx)
  touch(located, 'read', cx)
  const scope = scopeOf([relationEntry(range, located, cx)], null, null)
  for (const column of columns) reference([column], 'elsewhere', scope, cx)
  // Its primary key, whose columns the catalogue does not tell apart.
  if (columns.length === 0) note([anyOf(nameOf(located))], 'equality', cx)
}

export function createIndex(fields: Fields, cx: Context): SessionEffect {
  const entry = changed(fields, cx)
  const scope = scopeOf([entry], null, null)
  const keys = [...children(fields, 'indexParams'), ...children(fields, 'indexIncludingParams')]
  indexKeys(keys, 'elsewhere', scope, cx)
  told(child(fields, 'whereClause'), 'elsewhere', scope, cx)
  const name = text(fields, 'idxname')
  if (name !== '') cx.found.objects.add(name)
  return { kind: 'ddl' }
}

/** Columns and expressions whose values the server counts; nobody reads the figures through the gateway. */
export function createStatistics(fields: Fields, cx: Context): SessionEffect {
  for (const range of children(fields, 'relations')) {
    const scope = scopeOf([changed({ relation: range.fields }, cx)], null, null)
    indexKeys(children(fields, 'exprs'), 'elsewhere', scope, cx)
  }
  cx.found.objects.add(strings(fields, 'defnames').join('.'))
  return { kind: 'ddl' }
}

/** The relation that a definition is about. */
function changed(fields: Fields, cx: Context): RangeEntry {
  cx.found.readOnly = false
  const range = part(fields, 'relation') ?? closed('A definition of nothing')
  const located = existing(range, cx)
  touch(located, 'ddl', cx)
  return relationEntry(range, located, cx)
}

/** Changes that neither move rows under another name nor hand the table to somebody else. */
const commands = new Set(
  `AddColumn DropColumn ColumnDefault DropNotNull SetNotNull AlterColumnType AddConstraint DropConstraint
  ValidateConstraint SetStatistics SetStorage SetCompression AddIdentity DropIdentity SetIdentity DropExpression
  SetExpression SetLogged SetUnLogged SetRelOptions ResetRelOptions ClusterOn DropCluster ReplicaIdentity`
    .split(/\s+/)
    .map((name) => `AT_${name}`),
)

/** Behind them, other columns stand at the places of `*`. */
const reshapers = new Set(['AT_AddColumn', 'AT_DropColumn'])

export function alterTable(fields: Fields, cx: Context): SessionEffect {
  const items = children(fields, 'cmds').map((item) => item.fields)
  const added = items.flatMap((item) => {
    const definition = text(item, 'subtype') === 'AT_AddColumn' ? child(item, 'def') : null
    return definition === null ? [] : [newColumn(definition.fields)]
  })
  const entries = alteredEntries(fields, added, cx)
  const scope = scopeOf(entries, null, null)
  for (const item of items) alterCommand(item, fields, scope, cx)
  const reshaping = items.some((item) => reshapers.has(text(item, 'subtype')))
  const reshapes = reshaping ? entries.flatMap(({ relations }) => relations) : []
  return reshapes.length === 0 ? { kind: 'ddl' } : { kind: 'ddl', reshapes }
}

function alteredEntries(fields: Fields, added: readonly Column[], cx: Context): readonly RangeEntry[] {
  // The catalogue does not list indexes.
  if (text(fields, 'objtype') === 'OBJECT_INDEX') {
    cx.found.readOnly = false
    cx.found.objects.add(text(part(fields, 'relation') ?? {}, 'relname'))
    return []
  }
  return [changed(fields, cx), entryOf('', { columns: added, open: false })]
}

/** A value that does not fit makes the change fail, and so tells of itself. */
function valuesTried(subtype: string, column: string, scope: Scope, cx: Context): void {
  if (subtype === 'AT_AlterColumnType') reference([column], 'predicate', scope, cx)
  if (subtype === 'AT_SetNotNull') reference([column], 'presence', scope, cx)
}

function alterCommand(fields: Fields, table: Fields, scope: Scope, cx: Context): void {
  const subtype = text(fields, 'subtype')
  if (!commands.has(subtype) && !familyCommands.has(subtype)) closed(`ALTER TABLE with ${subtype}`)
  const definition = child(fields, 'def')
  valuesTried(subtype, text(fields, 'name'), scope, cx)
  if (definition === null) return
  if (definition.type === 'ColumnDef' || definition.type === 'Constraint') tableElement(definition, scope, cx)
  else if (subtype === 'AT_ColumnDefault' || subtype === 'AT_SetExpression')
    told(definition, 'elsewhere', scope, cx)
  else if (familyCommands.has(subtype)) changeFamily(definition, table, cx)
}
