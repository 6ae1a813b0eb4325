import type { Json } from '@sluice/core'

/** A text without its plain numbers: texts that differ only in them mean the same. */
export interface Pattern {
  readonly key: string
  /** The numbers, in the order of the text. */
  readonly values: readonly Json[]
}

/** Nothing but names, numbers and plain signs: no strings, quoted names, comments, parameters or casts to hide in. */
const plain = /^(?:select|update|delete|insert)\b[\w .,()=<>*+;\t\n\r]+$/i

/**
 * An unsigned number behind a comparison or a plus. There it can only be a value: not a position in ORDER BY, a type
 * modifier, a LIMIT or an argument, whose meaning may depend on what number it is.
 */
const number = /([=<>+][ \t\n\r]*)(\d+)(?![\w.])/g

/** NUL is in no text, so a pattern is never mistaken for one. */
export function patternOf(text: string): Pattern | null {
  if (text.length > patternCharsMax || !plain.test(text)) return null
  const values: Json[] = []
  const key = text.replace(number, (_match, before: string, digits: string) => {
    values.push(digits.length <= safeDigits ? Number(digits) : digits)
    return `${before}\0`
  })
  return values.length === 0 ? null : { key, values }
}

/** Longer texts repeat too seldom to be worth two lookups. */
const patternCharsMax = 1_024
/** Any number of so many digits is exact in JavaScript. */
const safeDigits = 15
