import { closed } from './objection.ts'

/** A node of the parse tree: its type and what `grammar.ts` lists for it. */
export interface Node {
  /** Empty for the empty node, which stands for an absent element of a list. */
  readonly type: string
  readonly fields: Fields
}
export interface Fields {
  readonly [field: string]: unknown
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `{Type: {field: …}}` as libpg_query writes it. */
export function nodeOf(value: unknown): Node {
  if (!isFields(value)) return closed('A parse tree of unknown shape')
  let type = ''
  for (const key in value) {
    if (type !== '') return closed('A parse tree of unknown shape')
    type = key
  }
  if (type === '') return empty
  const fields = value[type]
  return isFields(fields) ? { type, fields } : closed('A parse tree of unknown shape')
}

const empty: Node = { type: '', fields: {} }

export function child(fields: Fields, name: string): Node | null {
  const value = fields[name]
  return value === undefined ? null : nodeOf(value)
}

/** A list of nodes; empty when the field is absent. */
export function children(fields: Fields, name: string): readonly Node[] {
  const value = fields[name]
  if (value === undefined) return []
  return Array.isArray(value) ? value.map(nodeOf) : closed('A parse tree of unknown shape')
}

/** A field whose type the grammar fixes, so that no type is written. */
export function part(fields: Fields, name: string): Fields | null {
  const value = fields[name]
  if (value === undefined) return null
  return isFields(value) ? value : closed('A parse tree of unknown shape')
}

/** A scalar text or enumeration; libpg_query leaves out the empty text. */
export function text(fields: Fields, name: string): string {
  const value = fields[name]
  return typeof value === 'string' ? value : ''
}

export function flag(fields: Fields, name: string): boolean {
  return fields[name] === true
}

export function number(fields: Fields, name: string): number {
  const value = fields[name]
  return typeof value === 'number' ? value : 0
}

/** Where it is written: bytes from the beginning of the text; 0 also for what has no place. */
export function locationOf(fields: Fields): number {
  return Math.max(0, number(fields, 'location'))
}

/** A list of names, e.g. of a function or a type. */
export function strings(fields: Fields, name: string): readonly string[] {
  return children(fields, name).map(stringOf)
}

export function stringOf(node: Node): string {
  return node.type === 'String' ? text(node.fields, 'sval') : closed('A name that is no plain name')
}

export type Constant = string | number | boolean | null

/** The value of an `A_Const`, which libpg_query writes in fields of their own. */
export function constantOf(fields: Fields): Constant {
  if (fields['isnull'] === true) return null
  let kind = ''
  for (const key in fields) {
    if (key === 'location') continue
    if (kind !== '') return closed('A constant of unknown shape')
    kind = key
  }
  const value = part(fields, kind)
  if (value === null) return closed('A constant of unknown shape')
  switch (kind) {
    case 'ival':
      return number(value, 'ival')
    case 'fval':
      return numeric(text(value, 'fval'))
    case 'boolval':
      return flag(value, 'boolval')
    case 'sval':
    case 'bsval':
      return text(value, kind)
    default:
      return closed('A constant of unknown shape')
  }
}

/** A number where JavaScript holds it exactly, else its digits. */
function numeric(digits: string): number | string {
  const value = Number(digits)
  return String(value) === digits ? value : digits
}
