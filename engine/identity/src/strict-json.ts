import type { Json } from '@sluice/core'

export type JsonObject = { readonly [name: string]: Json }

/**
 * One JSON object whose names are unique at every level. `JSON.parse` keeps the last of two equal names and other
 * parsers keep the first, so a token with two would mean different things to its issuer and to us.
 *
 * @throws SyntaxError when the text is anything else.
 */
export function parseObject(bytes: Uint8Array): JsonObject {
  const text = utf8.decode(bytes)
  const value = JSON.parse(text) as Json
  if (!isObject(value)) throw new SyntaxError('not a JSON object')
  if (hasDuplicateNames(text)) throw new SyntaxError('a name occurs twice in one JSON object')
  return value
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text is valid JSON, so strings and brackets are all that matters, and only a name is followed by a colon. */
function hasDuplicateNames(text: string): boolean {
  const open: Set<string>[] = []
  for (const [, string, colon, bracket] of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|([{}])/g)) {
    if (bracket === '{') open.push(new Set())
    else if (bracket === '}') open.pop()
    else if (colon !== undefined && string !== undefined) {
      const names = open.at(-1)
      const name = JSON.parse(string) as string
      if (names === undefined || names.has(name)) return true
      names.add(name)
    }
  }
  return false
}
