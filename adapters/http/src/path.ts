import { excessive, malformed } from './objection.ts'
import { unescaped } from './percent.ts'
import { httpLimits } from './limits.ts'

/**
 * A path has one spelling here, which is judged and sent. Escapes of characters that mean themselves are undone, others
 * are in upper case. What one server would resolve, fold or decode once more, and another would not, is refused: a
 * rule over a path must not depend on which of them reads it.
 */
export function canonicalPath(raw: string): string {
  if (raw.length > httpLimits.pathBytesMax) throw excessive('path', 'The path is too long.', '414')
  const segments = raw.split('/').slice(1)
  if (segments.length > httpLimits.segmentsMax)
    throw excessive('path', `A path may have ${httpLimits.segmentsMax} segments.`, '414')
  const last = segments.length - 1
  return segments.map((segment, index) => `/${canonicalSegment(segment, index === last)}`).join('')
}

/** Nearly every segment: nothing in it could be read in another way, so it need not be asked what else it might be. */
const unambiguous = /^[A-Za-z0-9\-_~]+(?:\.[A-Za-z0-9\-_~]+)*$/
/** RFC 3986 §3.3, nothing more: clients escape everything else. */
const pchars = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*$/
const escapes = /%[0-9A-Fa-f]{2}/g
/** They mean the same with and without an escape. `+` and `;` do not to everybody. */
const plain = /^[A-Za-z0-9\-._~!$&'()*,=:@]$/

function canonicalSegment(raw: string, isLast: boolean): string {
  if (unambiguous.test(raw)) return raw
  if (raw === '' && !isLast) throw malformed('path', 'A path must not have "//".')
  if (!pchars.test(raw))
    throw malformed('path', 'The path has a character or an escape that no path may have.')
  const text = unescaped(raw)
  if (text === null) throw malformed('path', 'The path has escapes that are not UTF-8.')
  refuseAmbiguous(text)
  return raw.replace(escapes, (code) => {
    const char = String.fromCharCode(Number.parseInt(code.slice(1), 16))
    return plain.test(char) ? char : code.toUpperCase()
  })
}

/** Separators, and signs that some servers take for one. */
const separators = /[/\\\u2044\u2215\u2216\u29f5\u29f8\u29f9]/
/** Controls, formats, what no character is assigned to, and all blanks but the space. */
const unseen = /\p{C}|[^\P{Z} ]/u
const escapedTwice = /%(?:[0-9a-f]{2}|u[0-9a-f]{4})/i
/** Also with parameters behind it; and what Windows drops from the end of a name. */
const dots = /^\.{1,2}(?:;|$)|[. ](?:;|$)|^ /

function refuseAmbiguous(text: string): void {
  if (separators.test(text)) throw malformed('path', 'The path has an escaped separator.')
  if (unseen.test(text)) throw malformed('path', 'The path has a character that cannot be seen.')
  if (escapedTwice.test(text)) throw malformed('path', 'The path is escaped twice.')
  if (dots.test(text))
    throw malformed('path', 'A segment of the path is "." or "..", or has a dot or a blank at its end.')
  // Full-width letters, ligatures and the like become others where they are folded.
  if (text.normalize('NFKC') !== text)
    throw malformed('path', 'The path has characters that stand for others (it must be in the form NFKC).')
}

/** What a target says of its paths. */
export interface PathRules {
  readonly case: 'sensitive' | 'insensitive'
  /** Whether `;` in a path means something to the target. */
  readonly path_parameters: boolean
}

/** A canonical path as one target reads it. */
export function pathFor(path: string, rules: PathRules): string {
  if (!rules.path_parameters && /;|%3B/.test(path))
    throw malformed('path', 'A path must not have ";" at this target.')
  if (path.includes('%3B')) throw malformed('path', 'The path has an escaped ";".')
  return rules.case === 'sensitive' ? path : path.replace(letters, lower)
}

const letters = /(?:%[0-9A-F]{2})+|[A-Z]+/g

function lower(found: string): string {
  if (!found.startsWith('%')) return found.toLowerCase()
  return encodeURIComponent(decodeURIComponent(found).toLowerCase())
}

/** What is between the slashes, as the target reads it: without escapes and without parameters. */
export function segmentsOf(path: string): readonly string[] {
  const raw = path.split('/').slice(1)
  if (raw.at(-1) === '') raw.pop()
  return raw.map((segment) => decodeURIComponent(segment.split(';', 1)[0] ?? ''))
}
