import { Unreadable } from './unreadable.ts'

/** How content is read. */
export type Kind = 'json' | 'ndjson' | 'events' | 'form' | 'text'

const kinds: ReadonlyMap<string, Kind> = new Map([
  ['application/json', 'json'],
  ['text/json', 'json'],
  ['application/x-ndjson', 'ndjson'],
  ['application/ndjson', 'ndjson'],
  ['application/jsonl', 'ndjson'],
  ['application/x-jsonlines', 'ndjson'],
  ['text/event-stream', 'events'],
  ['application/x-www-form-urlencoded', 'form'],
])

/** By the type alone: what bytes look like is no promise. Throws `Unreadable`. */
export function kindOf(contentType: string | null): Kind {
  if (contentType === null) throw new Unreadable('the content has no type')
  const [, type = '', parameters = ''] = form.exec(contentType) ?? []
  const kind = kinds.get(type.toLowerCase()) ?? bySuffix(type.toLowerCase())
  if (kind === undefined) throw new Unreadable('nothing can be masked in content of this type')
  const charsets = [...parameters.matchAll(parameter)].flatMap(([, name = '', value = '']) =>
    name.toLowerCase() === 'charset' ? [value.replaceAll('"', '').toLowerCase()] : [],
  )
  if (charsets.length > 1 || !readable.has(charsets[0] ?? 'utf-8'))
    throw new Unreadable('only UTF-8 can be read')
  return kind
}

const readable = new Set(['utf-8', 'utf8', 'us-ascii'])
const token = "[\\w!#$%&'*+.^`|~-]+"
const parameter = new RegExp(`;[ \\t]*(${token})=(${token}|"[^"\\\\]*")[ \\t]*`, 'g')
const form = new RegExp(
  `^[ \\t]*(${token}/${token})[ \\t]*((?:;[ \\t]*${token}=(?:${token}|"[^"\\\\]*")[ \\t]*)*);?$`,
)

function bySuffix(type: string): Kind | undefined {
  if (type.endsWith('+json')) return 'json'
  // XML can put a value together from entities of its own, which nobody sees who does not read all of it.
  if (type.endsWith('/xml') || type.endsWith('+xml')) return undefined
  return type.startsWith('text/') ? 'text' : undefined
}
