import { settingAllowed, settingReadable } from '../settings.ts'
import type { SessionEffect } from '../statement.ts'
import {
  child,
  children,
  constantOf,
  number,
  part,
  strings,
  text,
  type Constant,
  type Fields,
  type Node,
} from './node.ts'
import { closed } from './objection.ts'
import type { Context } from './scope.ts'
import { isText } from './type.ts'

export const searchPath = 'search_path'

/** `set_config(name, value, is_local)` is SET by another name; of one that is a parameter when its value is known. */
export function checkSetConfig(call: Fields, cx: Context): void {
  const [name, value, local] = children(call, 'args')
  const constant = literal(value)
  const text = constant === undefined || constant === null ? null : String(constant)
  const isLocal = literal(local) !== false
  const alone = cx.found.loneCall === call
  const parameter = textParameter(name, cx)
  if (parameter !== null) {
    cx.found.settings.push({
      name: parameter,
      value: textParameter(value, cx) ?? text,
      local: isLocal,
      alone,
    })
    return
  }
  const setting = literal(name)
  if (typeof setting !== 'string')
    return closed('set_config of a name that is neither a literal nor a parameter')
  if (setting.toLowerCase() === searchPath)
    cx.found.effect = configuredPath(text, isLocal, alone, ownSchemas(cx))
  else checkSetting(setting, text, cx)
}

/** A search_path by set_config: only where it surely runs. `null`: one that is not known. */
export function configuredPath(
  path: string | null,
  local: boolean,
  alone: boolean,
  schemas: readonly string[],
): SessionEffect {
  if (!alone) closed('set_config of search_path within a larger statement')
  if (path === null) return closed('A search_path that is neither a literal nor a parameter')
  return pathEffect(pathOf(path), local, schemas)
}

/** The number of a parameter that is the text that it was given as; `null` for anything else. */
function textParameter(node: Node | undefined, cx: Context): number | null {
  if (node?.type === 'ParamRef') return number(node.fields, 'number')
  const arg = node?.type === 'TypeCast' ? child(node.fields, 'arg') : null
  const typeName = node === undefined ? null : part(node.fields, 'typeName')
  if (arg?.type !== 'ParamRef' || typeName === null || !isText(typeName, cx)) return null
  // A length would cut it.
  return strings(typeName, 'names').at(-1) === 'text' ? number(arg.fields, 'number') : null
}

/**
 * `current_setting(name)` is SHOW by another name. As a parameter the name is not known yet, and drivers do that when
 * they reflect a schema; what the gateway's own login may read of settings is then the server's to say.
 */
export function checkCurrentSetting(call: Fields): void {
  const [name] = children(call, 'args')
  if (isParameter(name)) return
  const setting = literal(name)
  if (typeof setting !== 'string' || !settingReadable(setting)) closed('current_setting of this name')
}

export const settingsView = 'pg_settings'

/**
 * `SELECT … FROM pg_settings WHERE name = 'max_index_keys'` is SHOW by another name: pgjdbc reads foreign keys so. Gives
 * the item of FROM; `null` for anything else.
 */
export function shownSetting(select: Fields): object | null {
  const [range, ...more] = children(select, 'fromClause')
  if (range?.type !== 'RangeVar' || more.length > 0 || text(range.fields, 'relname') !== settingsView)
    return null
  const where = child(select, 'whereClause')
  if (range.fields['alias'] !== undefined || where?.type !== 'A_Expr') return null
  if (text(where.fields, 'kind') !== 'AEXPR_OP' || strings(where.fields, 'name').join('.') !== '=')
    return null
  const column = child(where.fields, 'lexpr')
  if (column?.type !== 'ColumnRef' || strings(column.fields, 'fields').join('.') !== 'name') return null
  const name = literal(child(where.fields, 'rexpr') ?? undefined)
  return typeof name === 'string' && settingReadable(name) ? range.fields : null
}

/** `null`: a value that is not known. */
export function checkSetting(name: string, value: string | null, cx: Context): void {
  checkValue(name, value)
  noteSetting(name, cx)
}

export function checkValue(name: string, value: string | null): void {
  if (!settingAllowed(name, value)) closed(`The setting ${name} with this value`)
}

/** A server makes a setting of two words up when it hears of one that it does not know, and never forgets it. */
export function noteSetting(name: string, cx: Context): void {
  if (name.includes('.')) cx.found.lingers = true
}

/** The value of a constant, cast or not; `undefined` for anything else. */
export function literal(node: Node | undefined): Constant | undefined {
  if (node === undefined) return undefined
  if (node.type === 'A_Const') return constantOf(node.fields)
  const arg = node.type === 'TypeCast' ? child(node.fields, 'arg') : null
  return arg?.type === 'A_Const' ? constantOf(arg.fields) : undefined
}

/** `$n`, cast or not. */
export function isParameter(node: Node | undefined): boolean {
  const value = node?.type === 'TypeCast' ? child(node.fields, 'arg') : node
  return value?.type === 'ParamRef'
}

const pathElement = /^\s*(?:"([^"\0]+)"|([A-Za-z_][A-Za-z0-9_$]*))\s*$/

/** The value of search_path as one text, which the server splits at commas. */
function pathOf(value: string): readonly string[] {
  if (value.trim() === '') return []
  return value.split(',').map((element) => {
    const [, quoted, bare] = pathElement.exec(element) ?? closed('A search_path of this form')
    return quoted ?? (bare ?? '').toLowerCase()
  })
}

/** Those that a search_path may name. */
export function ownSchemas({ names }: Context): readonly string[] {
  return names.schemas ?? names.searchPaths.flat()
}

/** A new search_path may name the target's own schemas alone; the empty name is no schema. */
export function pathEffect(path: readonly string[], local: boolean, own: readonly string[]): SessionEffect {
  const known = new Set(own)
  const schemas = path.filter((schema) => schema !== '')
  for (const schema of schemas)
    if (!known.has(schema) && schema !== 'pg_catalog')
      closed('A search_path with other schemas than the target lists')
  return { kind: 'search_path', schemas, local }
}

/** What RESET and DEFAULT go back to. */
export function initialPath(local: boolean, cx: Context): SessionEffect {
  return { kind: 'search_path', schemas: cx.names.schemas ?? closed('RESET search_path'), local }
}
