import { isUtf8 } from 'node:buffer'
import type { Json } from '@sluice/core'
import { parseJson, parseJsonLines } from './json.ts'
import { malformed } from './objection.ts'

/**
 * The document in a body whose type does not say that it is one: many servers read JSON whatever its type, so rules see it
 * all the same. `null`: it is none. Throws `Refused` for one that could be read in another way. Readers of streams (Go's,
 * Jackson) take the first document for all of it, and some put another character in the place of what is not UTF-8.
 */
export function undeclaredJson(body: Buffer): Json {
  if (encodings.some((decoded) => opensDocument(decoded(body)))) throw notUtf8()
  const text = withoutMark(body.toString())
  if (!opening.test(text)) return null
  try {
    if (isUtf8(body)) return parseJson(text)
  } catch (error) {
    if (opensDocument(text)) return linesIn(text, error)
  }
  if (opensDocument(text)) throw notUtf8()
  return null
}

/** Clients stream lines of documents without a type, too. Throws `reason` where they are none. */
function linesIn(text: string, reason: unknown): Json {
  try {
    return parseJsonLines(text)
  } catch {
    throw reason
  }
}

function notUtf8(): Error {
  return malformed('charset', 'JSON in the body of a request must be in UTF-8.')
}

const opening = /^[ \t\r\n]*[{[]/
const mark = '\ufeff'

/** By which readers tell them apart: where the zeros are in the first characters (RFC 4627 §3). */
const encodings: readonly ((body: Buffer) => string)[] = [
  (body) => (zeros(body, 1) ? body.toString('utf16le') : ''),
  (body) =>
    zeros(body, 0)
      ? Buffer.from(body.subarray(0, body.length & ~1))
          .swap16()
          .toString('utf16le')
      : '',
  (body) => (zeros(body, 1, 2, 3) ? wide(body, 0) : ''),
  (body) => (zeros(body, 0, 1, 2) ? wide(body, 3) : ''),
]

/** Behind a mark of the byte order the first character is the second. */
function zeros(body: Buffer, ...places: readonly number[]): boolean {
  const width = places.length > 1 ? 4 : 2
  return [0, width].some((start) => places.every((at) => body[start + at] === 0))
}

/** Of UTF-32, as far as one byte says which character it is: whether it is a document depends on no other. */
function wide(body: Buffer, low: number): string {
  let text = ''
  for (let at = 0; at + 3 < body.length; at += 4) {
    const word = body.subarray(at, at + 4)
    const isLatin = word.every((byte, index) => index === low || byte === 0)
    text += isLatin ? String.fromCharCode(word[low] ?? 0) : '?'
  }
  return text.replace(/^\?/, '')
}

/** Without the mark of its byte order, which readers pass over. */
function withoutMark(text: string): string {
  return text.startsWith(mark) ? text.slice(mark.length) : text
}

/** Whether some reader finds a document in it: it is one, or begins with one that names something. */
function opensDocument(marked: string): boolean {
  const text = withoutMark(marked)
  if (!opening.test(text)) return false
  const { end, names } = firstValue(text)
  if (!names && /[^ \t\r\n]/.test(text.slice(end))) return false
  try {
    JSON.parse(text.slice(0, end))
    return true
  } catch {
    return false
  }
}

/** Where the object or array ends with which it begins, and whether an object in it has a member. */
function firstValue(text: string): { readonly end: number; readonly names: boolean } {
  let depth = 0
  let names = false
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (inString) {
      if (char === '\\') at++
      else inString = char !== '"'
    } else if (char === '"') inString = true
    else if (char === ':') names = true
    else if (char === '{' || char === '[') depth++
    else if ((char === '}' || char === ']') && --depth === 0) return { end: at + 1, names }
  }
  return { end: text.length, names }
}
