/** A character that is no letter and no digit, in the way of one language or library. */
interface Escape {
  readonly of: RegExp
  readonly as: (char: string) => string
}

const hexOf = (char: string): string => (char.codePointAt(0) ?? 0).toString(16)
const inUnicode = (char: string): string =>
  Array.from(
    { length: char.length },
    (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('')
const percent = (char: string): string =>
  Array.from(Buffer.from(char), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
/** As in the address of a page that is part of another's, e.g. of a login that leads back to it. */
const percentTwice = (char: string): string => percent(char).replaceAll('%', '%25')
const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const entity = (char: string): string => named[char] ?? `&#x${hexOf(char)};`
const decimal = (char: string): string => `&#${char.codePointAt(0)};`

const escapes: readonly Escape[] = [
  // URLs: what a component may not have, what RFC 3986 §2.3 does not let stand, and forms.
  { of: /[^\w.~!*'()-]/gu, as: percent },
  { of: /[^\w.~-]/gu, as: percent },
  { of: /[^\w.*-]/gu, as: percent },
  { of: /[^\w.~!*'()-]/gu, as: percentTwice },
  { of: /[^\w.~-]/gu, as: percentTwice },
  // JSON: what must be, with the slash, for pages, beyond ASCII, as .NET does it, and all.
  { of: /["\\]/g, as: (char) => `\\${char}` },
  { of: /["\\/]/g, as: (char) => `\\${char}` },
  { of: /["\\]|[&<>]/g, as: (char) => (/["\\]/.test(char) ? `\\${char}` : inUnicode(char)) },
  { of: /["\\]|[^\x20-\x7e]/gu, as: (char) => (/["\\]/.test(char) ? `\\${char}` : inUnicode(char)) },
  { of: /["'&<>+`\\]|[^\x20-\x7e]/gu, as: (char) => (char === '\\' ? '\\\\' : inUnicode(char)) },
  { of: /[^A-Za-z0-9]/gu, as: inUnicode },
  // HTML and XML, with more or fewer of the signs that need it.
  { of: /[&<>]/g, as: entity },
  { of: /[&<>"']/g, as: entity },
  { of: /[&<>"']/g, as: (char) => (char === "'" || char === '"' ? decimal(char) : entity(char)) },
  { of: /[&<>"'+]/g, as: (char) => (/[&<>]/.test(char) ? entity(char) : decimal(char)) },
  { of: /[&<>"'/`=]/g, as: (char) => (char === "'" ? decimal(char) : entity(char)) },
]

/**
 * A text in the escapes that servers use where they show one back: for URLs, JSON and pages, their digits in either case.
 * Of one of letters and digits alone there is nothing but itself.
 */
export function escapesOf(text: string): ReadonlySet<string> {
  const found = new Set<string>()
  for (const { of, as } of escapes)
    for (const spell of [as, upper(as)]) found.add(text.replace(of, (char) => spell(char)))
  return found
}

/** Only digits have a case that says nothing. */
function upper(as: Escape['as']): Escape['as'] {
  return (char) => as(char).replace(/(?<=%|\\u|&#x)[0-9a-f]+/g, (digits) => digits.toUpperCase())
}
