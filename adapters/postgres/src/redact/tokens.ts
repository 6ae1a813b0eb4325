import { loadModule, parseSync, scanSync } from 'libpg-query'
import { isFields, type Fields } from '../walk/node.ts'

/** PostgreSQL's own scanner, once compiled for the process. */
await loadModule()

/** One piece of a text, by PostgreSQL's own scanner. Places are in bytes of UTF-8. */
export interface Token {
  readonly kind: 'name' | 'string' | 'number' | 'parameter' | 'comment' | 'sign'
  readonly from: number
  readonly to: number
  /** As it is written. */
  readonly text: string
}

/** `null` when the scanner cannot tell, e.g. where a string has no end. */
export function tokensOf(text: string): readonly Token[] | null {
  if (text === '') return []
  try {
    const bytes = controls.test(text) ? Buffer.from(text) : null
    return scanSync(text.replaceAll(allControls, ' ')).tokens.map(
      ({ start, end, text: scanned, tokenName }): Token => {
        const written = bytes === null ? scanned : bytes.toString('utf8', start, end)
        return { kind: kindOf(tokenName, written), from: start, to: end, text: written }
      },
    )
  } catch {
    return null
  }
}

/** The scanner's answer is no JSON where a string holds one. Outside of strings none has a meaning. */
const controls = /[^\t\n\r -~\u0080-\uffff]/
const allControls = new RegExp(controls, 'g')

const stringStart = /^(?:[ebxn]|u&)?'|^\$(?!\d)/i
const nameStart = /^(?:u&)?"|^[a-z_\u0080-\uffff]/i

/** Many tokens have no name in the scanner's answer. */
function kindOf(tokenName: string, text: string): Token['kind'] {
  if (tokenName.endsWith('COMMENT')) return 'comment'
  if (tokenName === 'ICONST' || tokenName === 'FCONST') return 'number'
  if (tokenName === 'PARAM') return 'parameter'
  if (stringStart.test(text)) return 'string'
  return nameStart.test(text) ? 'name' : 'sign'
}

/** A name as the server reads it; `null` for one whose letters are written as code points. */
export function nameOf({ kind, text }: Token): string | null {
  if (kind !== 'name' || /^u&"/i.test(text)) return null
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase()
}

/** Where the value of a string lies in it as it is written; `null` when quotes or escapes make it another. */
export function innerOf({ text, from, to }: Token): readonly [from: number, to: number] | null {
  const tag = /^\$[^$]*\$/.exec(text)?.[0]
  if (tag !== undefined) return [from + Buffer.byteLength(tag), to - Buffer.byteLength(tag)]
  const before = /^[en]?'/i.exec(text)?.[0].length
  if (before === undefined || /['\\]/.test(text.slice(before, -1))) return null
  return [from + before, to - 1]
}

/** The value of a string, by PostgreSQL's own parser; `null` for what is none by itself. */
export function valueOf({ text }: Token): string | null {
  try {
    const tree = parseSync(`select ${text}`) as unknown
    return found(tree, [
      'stmts',
      '0',
      'stmt',
      'SelectStmt',
      'targetList',
      '0',
      'ResTarget',
      'val',
      'A_Const',
      'sval',
    ])
  } catch {
    return null
  }
}

function found(tree: unknown, path: readonly string[]): string | null {
  let at = tree
  for (const step of path) at = isFields(at) || Array.isArray(at) ? (at as Fields)[step] : undefined
  if (!isFields(at)) return null
  // libpg_query leaves out the empty text.
  return typeof at['sval'] === 'string' ? at['sval'] : ''
}
