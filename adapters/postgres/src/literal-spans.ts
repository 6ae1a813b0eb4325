import { scanSync } from 'libpg-query'
// Compiles the scanner too.
import './parse.ts'

/**
 * Where the literals and comments of a text stand, by PostgreSQL's own scanner: beginning and end of each in bytes of
 * UTF-8, one after another. `null` when it cannot tell, so that whoever must hide them hides everything.
 */
export function literalSpans(text: string): readonly number[] | null {
  if (text === '') return []
  try {
    return scanSync(text).tokens.flatMap((token) => (holdsValue(token) ? [token.start, token.end] : []))
  } catch {
    return null
  }
}

const valued: ReadonlySet<string> = new Set(['SCONST', 'ICONST', 'FCONST', 'SQL_COMMENT', 'C_COMMENT'])
/** Bit strings and strings with Unicode escapes have no name in the scanner's answer. */
const quoted = /^(?:[bx]|u&)?'/i

function holdsValue({ tokenName, text }: { readonly tokenName: string; readonly text: string }): boolean {
  return valued.has(tokenName) || quoted.test(text)
}
