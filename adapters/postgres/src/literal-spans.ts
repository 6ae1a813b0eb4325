import { tokensOf, type Token } from './redact/tokens.ts'

/**
 * Where the literals and comments of a text stand, by PostgreSQL's own scanner: beginning and end of each in bytes of
 * UTF-8, one after another. `null` when it cannot tell, so that whoever must hide them hides everything.
 */
export function literalSpans(text: string): readonly number[] | null {
  return tokensOf(text)?.flatMap(({ kind, from, to }) => (valued.has(kind) ? [from, to] : [])) ?? null
}

const valued: ReadonlySet<Token['kind']> = new Set(['string', 'number', 'comment'])
