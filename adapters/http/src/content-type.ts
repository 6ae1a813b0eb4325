import { malformed } from './objection.ts'

/** A media type as it is written, in lower case, and its parameters by name in lower case. */
export interface ContentType {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const media = new RegExp(`^(${token}/${token})[ \\t]*(?=;|$)`)
const parameter = new RegExp(`;[ \\t]*(?:(${token})=(?:(${token})|"([^"\\\\]*)")[ \\t]*)?(?=;|$)`, 'y')

/** RFC 6838 §4.2: two names of 127. */
const typeCharsMax = 255

/** RFC 9110 §8.3, strictly: what a parameter is must not depend on who reads it. */
export function contentTypeOf(value: string): ContentType {
  const [whole = '', type] = media.exec(value) ?? []
  if (type === undefined || type.length > typeCharsMax) throw unreadable()
  const parameters = new Map<string, string>()
  parameter.lastIndex = whole.length
  while (parameter.lastIndex < value.length) {
    const found = parameter.exec(value)
    if (found === null) throw unreadable()
    const [, name, plain, quoted = ''] = found
    if (name === undefined) continue
    // `charset*` is another spelling of `charset` (RFC 2231).
    if (name.endsWith('*') || parameters.has(name.toLowerCase())) throw unreadable()
    parameters.set(name.toLowerCase(), plain ?? quoted)
  }
  return { type: type.toLowerCase(), parameters }
}

function unreadable(): Error {
  return malformed('content_type', 'The Content-Type cannot be read in one way only.')
}
