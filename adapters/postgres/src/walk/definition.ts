import type { RelationName, SessionEffect } from '../statement.ts'
import { functions } from '../functions.ts'
import { keyOf } from './findings.ts'
import { knownFields } from './indirection.ts'
import { child, children, part, strings, text, type Fields, type Node } from './node.ts'
import { closed } from './objection.ts'
import { creationSchema } from './path.ts'
import { existing, isTemporary, locateName, nameOf, relationEntry, touch, type Located } from './relation.ts'
import { note, wholeRows } from './lineage.ts'
import { reference } from './names.ts'
import { entryOf, scopeOf, type Context } from './scope.ts'
import { constraint, create } from './table.ts'
import { storedQuery } from './top.ts'
import { checkType, isServersType } from './type.ts'

/** The other definitions: what they name, and what they show under another name. */

const defined: SessionEffect = { kind: 'ddl' }

/** A view or a new table shows a query's rows under a name of its own. */
export function createView(fields: Fields, cx: Context): SessionEffect {
  storedQuery(child(fields, 'query') ?? closed('A view without a query'), cx)
  const view = part(fields, 'view') ?? closed('A view without a name')
  const readsTemporary = Array.from(cx.found.touched.values()).some(({ schema }) => isTemporary(schema))
  const effect = create(view, cx)
  // The server makes it temporary then, whatever is written, and finds it before any other of its name.
  return readsTemporary ? { kind: 'temp_table', name: text(view, 'relname') } : effect
}

export function createTableAs(fields: Fields, cx: Context): SessionEffect {
  const body = child(fields, 'query') ?? closed('A table without a query')
  return createInto(body, part(fields, 'into') ?? closed('A table without a name'), cx)
}

export function createInto(body: Node, into: Fields, cx: Context): SessionEffect {
  storedQuery(body, cx)
  return create(part(into, 'rel') ?? closed('A table without a name'), cx)
}

export function createSequence(fields: Fields, cx: Context): SessionEffect {
  return create(part(fields, 'sequence') ?? closed('A sequence without a name'), cx)
}

export function alterSequence(fields: Fields, cx: Context): SessionEffect {
  return changeOf(part(fields, 'sequence'), cx)
}

export function refreshView(fields: Fields, cx: Context): SessionEffect {
  return changeOf(part(fields, 'relation'), cx)
}

function changeOf(range: Fields | null, cx: Context): SessionEffect {
  cx.found.readOnly = false
  touch(existing(range ?? closed('A definition of nothing'), cx), 'ddl', cx)
  return defined
}

/** CREATE SCHEMA, TYPE, EXTENSION; ALTER TYPE: nothing but a name. */
export function object(name: string, cx: Context): SessionEffect {
  cx.found.readOnly = false
  cx.found.objects.add(name)
  return defined
}

export function createEnum(fields: Fields, cx: Context): SessionEffect {
  return createType(strings(fields, 'typeName'), cx)
}

/** CREATE TYPE … AS (field type, …) */
export function createComposite(fields: Fields, cx: Context): SessionEffect {
  for (const field of children(fields, 'coldeflist'))
    checkType(part(field.fields, 'typeName') ?? closed('A field without a type'), cx)
  const range = part(fields, 'typevar') ?? closed('A type without a name')
  return createType(namesOf({ type: 'RangeVar', fields: range }), cx)
}

/** CREATE TYPE … AS RANGE in the order that its values have anyway. The server makes a multirange of another name with it. */
export function createRange(fields: Fields, cx: Context): SessionEffect {
  const names = strings(fields, 'typeName')
  let multirange: readonly string[] = [multirangeOf(names.at(-1) ?? '')]
  for (const { fields: option } of children(fields, 'params')) {
    const name = text(option, 'defname')
    const arg = child(option, 'arg')
    if (arg?.type !== 'TypeName') return closed(`The ${name} of a range`)
    if (name === 'subtype') checkType(arg.fields, cx)
    else if (name === 'multirange_type_name') multirange = strings(arg.fields, 'names')
    else if (name !== 'collation') closed(`The ${name} of a range`)
  }
  const [name = '', ...more] = multirange
  if (more.length > 0 || isServers(name, cx)) closed('A multirange of this name')
  return createType(names, cx)
}

/** As the server calls it where nobody says how. */
function multirangeOf(range: string): string {
  return range.includes('range') ? range.replace('range', 'multirange') : `${range}_multirange`
}

/** Its conditions and its default are expressions like those of a column. */
export function createDomain(fields: Fields, cx: Context): SessionEffect {
  checkType(part(fields, 'typeName') ?? closed('A domain without a type'), cx)
  const value = entryOf('', { columns: [{ name: 'value', sources: [] }], open: false })
  for (const item of children(fields, 'constraints'))
    constraint(item.fields, scopeOf([value], null, null), cx)
  return createType(strings(fields, 'domainname'), cx)
}

/** A type by name from here on, whose values only compute. */
function createType(names: readonly string[], cx: Context): SessionEffect {
  const effect = object(names.join('.'), cx)
  if (names.length > 2) closed('A type of more than two names')
  // It would be found before the server's own types, under their names.
  if (names.length === 2 && isTemporary(names[0] ?? '')) closed('A temporary type')
  const name = names.at(-1) ?? ''
  // Found in their place it would be a cast in every statement that somebody has judged already (`cast-by-name.ts`).
  if (isServers(name, cx)) closed('A type by the name of what the server has')
  const creates = {
    schema: names.length === 2 ? (names[0] ?? '') : creationSchema(cx),
    name,
  }
  if ((cx.catalogue.types.get(creates.name) ?? []).some(({ schema }) => schema === creates.schema))
    return effect
  cx.created.set(keyOf(creates), creates)
  return { kind: 'ddl', creates }
}

/** A type, a function, or a field of what a function returns. */
function isServers(name: string, cx: Context): boolean {
  return isServersType(name, cx) || functions.has(name) || knownFields.has(name)
}

const relationObjects = new Set(
  ['TABLE', 'VIEW', 'MATVIEW', 'SEQUENCE', 'FOREIGN_TABLE'].map((name) => `OBJECT_${name}`),
)

/** Named behind the relation that they belong to. */
const partsOfRelations = new Set(
  ['TRIGGER', 'RULE', 'POLICY', 'TABCONSTRAINT', 'COLUMN'].map((name) => `OBJECT_${name}`),
)

export function drop(fields: Fields, cx: Context): SessionEffect {
  cx.found.readOnly = false
  const relations = relationObjects.has(text(fields, 'removeType'))
  const reshapes: RelationName[] = []
  for (const item of children(fields, 'objects')) {
    const names = namesOf(item)
    if (relations) reshapes.push(touchNamed(names, cx))
    else cx.found.objects.add(names.join('.'))
    if (partsOfRelations.has(text(fields, 'removeType'))) touchNamed(names.slice(0, -1), cx)
  }
  return reshapes.length === 0 ? defined : { kind: 'ddl', reshapes }
}

/** A relation by a list of names; one that does not exist is the server's to refuse or to skip. */
function touchNamed(names: readonly string[], cx: Context): RelationName {
  const located = locateNamed(names, cx)
  touch(located, 'ddl', cx)
  return nameOf(located)
}

function locateNamed(names: readonly string[], cx: Context): Located {
  if (names.length > 2) closed('A relation of more than two names')
  return locateName(names.length === 2 ? (names[0] ?? '') : '', names.at(-1) ?? '', cx)
}

function namesOf({ type, fields }: Node): readonly string[] {
  switch (type) {
    case 'List':
      return strings(fields, 'items')
    case 'TypeName':
      return strings(fields, 'names')
    case 'String':
      return [text(fields, 'sval')]
    case 'RangeVar':
      return [text(fields, 'schemaname'), text(fields, 'relname')].filter((name) => name !== '')
    case 'RoleSpec':
      return [text(fields, 'rolename')]
    case 'ObjectWithArgs':
      return strings(fields, 'objname')
    case 'AccessPriv':
      return [text(fields, 'priv_name')]
    default:
      return closed(`The construct ${type} as a name`)
  }
}

export function truncate(fields: Fields, cx: Context): SessionEffect {
  cx.found.readOnly = false
  for (const relation of children(fields, 'relations')) touch(existing(relation.fields, cx), 'delete', cx)
  return { kind: 'none' }
}

const renamable = new Set([...relationObjects, 'OBJECT_COLUMN', 'OBJECT_TABCONSTRAINT', 'OBJECT_INDEX'])

/** A rename shows the same rows or column under a name that no mask names: a use of all of it. */
export function rename(fields: Fields, cx: Context): SessionEffect {
  cx.found.readOnly = false
  const kind = text(fields, 'renameType')
  if (!renamable.has(kind)) closed(`A rename of ${kind}`)
  const range = part(fields, 'relation') ?? closed('A rename of nothing')
  if (kind === 'OBJECT_INDEX') return object(text(range, 'relname'), cx)
  const located = existing(range, cx)
  touch(located, 'ddl', cx)
  if (kind === 'OBJECT_TABCONSTRAINT') return defined
  const entry = relationEntry(range, located, cx)
  if (kind === 'OBJECT_COLUMN')
    reference([text(fields, 'subname')], 'moved', scopeOf([entry], null, null), cx)
  else note(wholeRows([entry], cx), 'moved', cx)
  return { kind: 'ddl', moves: true }
}

export function setSchema(fields: Fields, cx: Context): SessionEffect {
  cx.found.readOnly = false
  if (!relationObjects.has(text(fields, 'objectType'))) closed('SET SCHEMA of this object')
  const range = part(fields, 'relation') ?? closed('SET SCHEMA of nothing')
  const located = existing(range, cx)
  touch(located, 'ddl', cx)
  note(wholeRows([relationEntry(range, located, cx)], cx), 'moved', cx)
  return { kind: 'ddl', moves: true }
}

export function comment(fields: Fields, cx: Context): SessionEffect {
  cx.found.readOnly = false
  const names = namesOf(child(fields, 'object') ?? closed('COMMENT on nothing'))
  const kind = text(fields, 'objtype')
  if (relationObjects.has(kind)) touchNamed(names, cx)
  else if (partsOfRelations.has(kind)) touchNamed(names.slice(0, -1), cx)
  else cx.found.objects.add(names.join('.'))
  return defined
}

/** GRANT and REVOKE of privileges. */
export function grant(fields: Fields, cx: Context): SessionEffect {
  cx.found.readOnly = false
  for (const item of children(fields, 'objects')) {
    if (item.type === 'RangeVar') touch(existing(item.fields, cx), 'ddl', cx)
    else cx.found.objects.add(namesOf(item).join('.'))
  }
  return defined
}

export function grantRole(fields: Fields, cx: Context): SessionEffect {
  cx.found.readOnly = false
  for (const item of children(fields, 'granted_roles')) cx.found.objects.add(namesOf(item).join('.'))
  return defined
}
