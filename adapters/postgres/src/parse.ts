import { loadModule, parseSync, SqlError } from 'libpg-query'
import { refusal, type Refusal } from '@sluice/core'
import { positioned } from './position.ts'

/** What libpg_query makes of one text: its tree, or why it is none. */
export type Parsed =
  { readonly kind: 'tree'; readonly tree: unknown } | { readonly kind: 'refused'; readonly refusal: Refusal }

/** PostgreSQL's own parser, once compiled for the process. */
await loadModule()

const nothing: Parsed = { kind: 'tree', tree: { stmts: [] } }

/** Parses on this thread, in a time that grows with the text. Throws nothing. */
export function parseHere(text: string): Parsed {
  // libpg_query calls an empty text an error; to the server it is an empty query.
  if (text === '') return nothing
  try {
    return { kind: 'tree', tree: parseSync(text) }
  } catch (error) {
    return { kind: 'refused', refusal: refusalFor(error) }
  }
}

/** A syntax error as the server words it; anything else (memory, stack) is a text that nobody can vouch for. */
function refusalFor(error: unknown): Refusal {
  if (error instanceof SqlError && error.sqlDetails !== undefined && !/memory|stack/i.test(error.message)) {
    const { message, cursorPosition } = error.sqlDetails
    // In characters from 0, below that where there is none.
    return positioned(refusal('malformed', 'adapter/parse', message, '42601'), cursorPosition + 1)
  }
  return refusal('too_large', 'adapter/limits', 'The statement is too complex to be analysed.', '54001')
}
