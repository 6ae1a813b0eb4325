import { isUtf8 } from 'node:buffer'
import type { Json } from '@sluice/core'
import { parseJson } from './json.ts'
import { malformed } from './objection.ts'

/**
 * The document in a body whose type does not say that it is one: many servers read JSON whatever its type, so rules see it
 * all the same. `null`: it is none. Throws `Refused` for one that could be read in another way.
 */
export function undeclaredJson(body: Buffer): Json {
  const text = textOf(body)
  if (text === undefined || !/^[ \t\r\n]*[{[]/.test(text)) return null
  try {
    return parseJson(text)
  } catch (error) {
    if (isReadable(text)) throw error
    return null
  }
}

/** Without the mark of its byte order, which readers pass over. In UTF-16 and UTF-32, only what is no document. */
function textOf(body: Buffer): string | undefined {
  if (encodings.some((decoded) => isReadable(decoded(body))))
    throw malformed('charset', 'JSON in the body of a request must be in UTF-8.')
  if (!isUtf8(body)) return undefined
  const text = body.toString()
  return text.startsWith(mark) ? text.slice(mark.length) : text
}

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

function isReadable(text: string): boolean {
  const document = text.startsWith(mark) ? text.slice(mark.length) : text
  if (!/^[ \t\r\n]*[{[]/.test(document)) return false
  try {
    JSON.parse(document)
    return true
  } catch {
    return false
  }
}
