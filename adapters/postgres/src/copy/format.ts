import { child, children, flag, number, stringOf, text, type Fields } from '../walk/node.ts'

/** How COPY … TO STDOUT writes its rows (PostgreSQL 18, COPY, File Formats). Delimiter, quote and escape are ASCII. */
export type CopyFormat = TextFormat | CsvFormat | { readonly kind: 'binary' }

export interface TextFormat {
  readonly kind: 'text'
  readonly delimiter: string
  /** What stands for NULL; no value is written so. */
  readonly null: string
  /** The first line holds names. */
  readonly header: boolean
}

export interface CsvFormat {
  readonly kind: 'csv'
  readonly delimiter: string
  /** What stands for NULL where it is not quoted. */
  readonly null: string
  readonly header: boolean
  readonly quote: string
  readonly escape: string
  /** Columns whose values are quoted always; `null` for all. */
  readonly quoted: readonly string[] | null
}

/** The options of a COPY TO; `null` for any that could not be kept in mind when its rows are read. */
export function copyFormat(options: readonly Fields[]): CopyFormat | null {
  const given = new Map(options.map((option) => [text(option, 'defname'), option]))
  if (given.size < options.length) return null
  // It is UTF8, or the statement is outside of the closed world.
  given.delete('encoding')
  const kind = wordOf(given, 'format', 'text')
  const only = (...names: readonly string[]): boolean =>
    [...given.keys()].every((name) => ['format', ...names].includes(name))
  switch (kind) {
    case 'binary':
      return only() ? { kind } : null
    case 'text':
      return only('delimiter', 'null', 'header') ? textFormat(given) : null
    case 'csv':
      return only('delimiter', 'null', 'header', 'quote', 'escape', 'force_quote') ? csvFormat(given) : null
    default:
      return null
  }
}

type Options = ReadonlyMap<string, Fields>

/** Letters, digits and signs that already mean something there, so that the server takes none of them. */
const noDelimiter = /[\\.a-z0-9\r\n]/
/** A backslash stands before a few letters only, so that no value is written like any of these. */
const unlikeValues = /^\\(?![bfnrtv])[A-Za-z]+$/

function textFormat(given: Options): TextFormat | null {
  const delimiter = signOf(given, 'delimiter', '\t')
  const none = wordOf(given, 'null', '\\N')
  const header = switchOf(given, 'header')
  if (delimiter === null || none === null || header === null) return null
  if (noDelimiter.test(delimiter) || !unlikeValues.test(none) || none.includes(delimiter)) return null
  return { kind: 'text', delimiter, null: none, header }
}

function csvFormat(given: Options): CsvFormat | null {
  const delimiter = signOf(given, 'delimiter', ',')
  const quote = signOf(given, 'quote', '"')
  const none = wordOf(given, 'null', '')
  const header = switchOf(given, 'header')
  if (delimiter === null || quote === null || none === null || header === null) return null
  const escape = signOf(given, 'escape', quote)
  const quoted = columnsOf(given.get('force_quote'))
  if (escape === null || quoted === undefined || delimiter === quote) return null
  if ([delimiter, quote, '\r', '\n'].some((sign) => none.includes(sign))) return null
  if (/[\r\n]/.test(delimiter + quote + escape)) return null
  return { kind: 'csv', delimiter, null: none, header, quote, escape, quoted }
}

/** A text; `null` for anything else. */
function wordOf(given: Options, name: string, missing: string): string | null {
  const option = given.get(name)
  if (option === undefined) return missing
  const arg = child(option, 'arg')
  return arg?.type === 'String' ? text(arg.fields, 'sval') : null
}

/** One sign of ASCII. NUL is in no text. */
function signOf(given: Options, name: string, missing: string): string | null {
  const word = wordOf(given, name, missing)
  return word?.length === 1 && word < '\x80' ? word : null
}

function switchOf(given: Options, name: string): boolean | null {
  const option = given.get(name)
  if (option === undefined) return false
  const arg = child(option, 'arg')
  if (arg === null) return true
  if (arg.type === 'Boolean') return flag(arg.fields, 'boolval')
  const word = arg.type === 'Integer' ? String(number(arg.fields, 'ival')) : text(arg.fields, 'sval')
  return switches.get(word.toLowerCase()) ?? null
}

const switches: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['on', true],
  ['1', true],
  ['false', false],
  ['off', false],
  ['0', false],
])

/** `undefined` for what is no list of columns. */
function columnsOf(option: Fields | undefined): readonly string[] | null | undefined {
  if (option === undefined) return []
  const arg = child(option, 'arg')
  if (arg?.type === 'A_Star') return null
  return arg?.type === 'List' ? children(arg.fields, 'items').map(stringOf) : undefined
}
