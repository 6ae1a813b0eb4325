import { informationTypes, serialTypes, types } from '../types.ts'
import { children, flag, strings, type Fields } from './node.ts'
import { closed, unknown } from './objection.ts'
import { throughPaths } from './path.ts'
import type { Context } from './scope.ts'

/** A type that a cast or a parameter names: one whose input and output only compute. */
export function checkType(typeName: Fields, cx: Context): void {
  if (flag(typeName, 'setof')) closed('A set of a type')
  for (const modifier of children(typeName, 'typmods'))
    if (modifier.type !== 'A_Const' && modifier.type !== 'ColumnRef') closed('A type modifier')
  const names = strings(typeName, 'names')
  const [first = '', second = ''] = names
  if (names.length === 1) unqualified(first, cx)
  else if (names.length === 2) qualified(first, second, cx)
  else closed('A type of more than two names')
}

const texts = new Set(['text', 'varchar', 'bpchar', 'name'])

/** A text of the server's own, which every value can be made. Of one byte (`"char"`) a number must be a small one. */
export function isText(typeName: Fields, cx: Context): boolean {
  const names = strings(typeName, 'names')
  const name = names.at(-1) ?? ''
  if (!texts.has(name) || children(typeName, 'arrayBounds').length > 0) return false
  return (names.length === 1 ? schemaOf(name, cx) : names[0]) === 'pg_catalog'
}

/** A type of a column's definition: there, `serial` is one too. */
export function checkColumnType(typeName: Fields, cx: Context): void {
  const names = strings(typeName, 'names')
  const [name = ''] = names
  if (names.length === 1 && serialTypes.has(name)) return
  checkType(typeName, cx)
}

function unqualified(name: string, cx: Context): void {
  // Every table is a type as well, and the session's own come first.
  if (cx.names.tempTables.has(name)) closed(`The type ${name}`)
  const schema = schemaOf(name, cx)
  if (schema === null) unknown(`The type ${name}`)
  else qualified(schema, name, cx)
}

function schemaOf(name: string, cx: Context): string | null {
  return throughPaths(cx, (candidate) => (exists(candidate, name, cx) ? candidate : undefined))
}

function exists(schema: string, name: string, cx: Context): boolean {
  if (schema === 'pg_catalog') return isServersType(name, cx)
  if (isNew(schema, name, cx)) return true
  return (cx.catalogue.types.get(name) ?? []).some((type) => type.schema === schema)
}

function qualified(schema: string, name: string, cx: Context): void {
  if (schema === 'pg_catalog' ? listed(name) : schema === 'information_schema' && informationTypes.has(name))
    return
  cx.found.ownTypes = true
  const installed = (cx.catalogue.types.get(name) ?? []).filter((type) => type.schema === schema)
  if (installed.length === 0) {
    if (!isNew(schema, name, cx)) unknown(`The type ${name}`)
  } else if (!installed.every(({ trusted }) => trusted)) closed(`The type ${name}`)
}

/** Made by this session a moment ago: an enumeration, or the rows of a table, whose casts only compute. */
function isNew(schema: string, name: string, cx: Context): boolean {
  return cx.created.has(`${schema}\0${name}`)
}

export function isServersType(name: string, cx: Context): boolean {
  return listed(name) || serverType(name, cx)
}

/** The array of a listed type goes by the type's name with an underscore before it. */
function listed(name: string): boolean {
  return types.has(name) || (name.startsWith('_') && types.has(name.slice(1)))
}

/** Unlisted types of the server, which a type of that name elsewhere must not be taken for; its relations are types. */
function serverType(name: string, cx: Context): boolean {
  return otherTypes.has(name) || name.startsWith('pg_') || cx.catalogue.relations.has(`pg_catalog\0${name}`)
}
const otherTypes = new Set(
  'any anyarray anyelement cstring internal record refcursor trigger unknown void xml aclitem'.split(' '),
)
