import { refuseOverride } from './method-override.ts'
import { excessive, malformed } from './objection.ts'
import { unescaped } from './percent.ts'
import { httpLimits } from './limits.ts'

/** Names and values in their order; a name may come more than once. */
export type Pairs = readonly (readonly [name: string, value: string])[]

/**
 * Names and values of a query or a form, as the URL standard reads them: `&` separates, `+` is a blank. `;` is part of
 * a value; `a[]` and `a` are two names. Nothing is dropped: whatever a server makes of it, policies see it.
 */
export function pairsOf(text: string, about: 'query' | 'form'): Pairs {
  if (text === '') return []
  const pieces = text.split('&', httpLimits.pairsMax + 1)
  if (pieces.length > httpLimits.pairsMax)
    throw excessive(about, `A ${about} may have ${httpLimits.pairsMax} parameters.`)
  const pairs = pieces.filter((piece) => piece !== '').map((piece) => pairOf(piece, about))
  refuseOverride(
    pairs.map(([name]) => name),
    about,
  )
  return pairs
}

function pairOf(piece: string, about: string): readonly [string, string] {
  const equals = piece.indexOf('=')
  const name = equals < 0 ? piece : piece.slice(0, equals)
  const value = equals < 0 ? '' : piece.slice(equals + 1)
  return [decoded(name, about), decoded(value, about)]
}

function decoded(text: string, about: string): string {
  const found = unescaped(text.replaceAll('+', ' '))
  if (found === null) throw malformed(about, `The ${about} has an escape that is incomplete or not UTF-8.`)
  if (found.includes('\0')) throw malformed(about, `The ${about} has a NUL.`)
  return found
}

/** All values of each name. A name may be any word, `__proto__` too. */
export function valuesByName(pairs: Pairs): { readonly [name: string]: readonly string[] } {
  const groups = Map.groupBy(pairs, ([name]) => name)
  return Object.fromEntries([...groups].map(([name, group]) => [name, group.map(([, value]) => value)]))
}
