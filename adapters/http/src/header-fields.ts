import { excessive, malformed } from './objection.ts'
import { headerOf, type Headers } from './replies.ts'
import { httpLimits } from './limits.ts'

/** The lines of a head as names in lower case and values, each of which can be read in one way only. */
export function headerFields(raw: readonly string[]): Headers {
  if (raw.length > 2 * httpLimits.headersMax)
    throw excessive('head', `A request may have ${httpLimits.headersMax} headers.`, '431')
  const fields: (readonly [string, string])[] = []
  for (let at = 0; at < raw.length; at += 2) fields.push(fieldOf(raw[at] ?? '', raw[at + 1] ?? ''))
  refuseRepeated(fields)
  return fields.filter(([name]) => unfolded.test(name))
}

/** RFC 9110 §5.1 and §5.5; controls, NUL and what is left of a folded line are in neither. */
const token = /^[!#$%&'*+\-.^`|~\w]+$/
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/
/** Many servers make `-` and `_` the same; such a name would be another header behind the gateway's back. */
const unfolded = /^[a-z0-9-]+$/

function fieldOf(name: string, value: string): readonly [string, string] {
  if (name.length + value.length > httpLimits.headerBytesMax)
    throw excessive('head', 'A header of the request is too long.', '431')
  if (!token.test(name)) throw malformed('head', 'A header of the request has a name that is none.')
  if (!fieldValue.test(value)) throw malformed('head', 'A header of the request has a control character.')
  return [name.toLowerCase(), value]
}

/** Of two of these one server takes the first, another the last. */
const single = new Set([
  'host',
  'authorization',
  'proxy-authorization',
  'x-sluice-authorization',
  'x-sluice-run-id',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'content-length',
  'content-type',
  'content-encoding',
  'content-range',
  'content-location',
  'transfer-encoding',
  'cookie',
  'expect',
  'upgrade',
  'range',
  'if-range',
  'if-modified-since',
  'if-unmodified-since',
  'origin',
  'referer',
  'from',
  'date',
  'user-agent',
  'idempotency-key',
  'traceparent',
])

function refuseRepeated(fields: Headers): void {
  const seen = new Set<string>()
  for (const [name] of fields) {
    if (seen.has(name) && single.has(name))
      throw malformed('head', `There is more than one header "${name}".`)
    seen.add(name)
  }
}

/** All values of a header that is a list, in their order and in lower case. */
export function listed(fields: Headers, name: string): readonly string[] {
  const value = headerOf(fields, name)
  if (value === undefined) return []
  const items = value.split(',').map((item) => item.trim().toLowerCase())
  return items.filter((item) => item !== '')
}
