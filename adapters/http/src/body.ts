import { isUtf8 } from 'node:buffer'
import type { Json } from '@sluice/core'
import { contentTypeOf, type ContentType } from './content-type.ts'
import { parseJson, parseJsonLines } from './json.ts'
import { refuseOverride } from './method-override.ts'
import { partsOf, type Part } from './multipart.ts'
import { malformed } from './objection.ts'
import { pairsOf, valuesByName } from './pairs.ts'
import { undeclaredJson } from './undeclared-json.ts'

export type BodyKind = 'none' | 'json' | 'json_lines' | 'form' | 'multipart' | 'graphql' | 'text' | 'other'

/** What policies can see of a body, by what it says that it is. */
export interface BodyView {
  readonly kind: BodyKind
  /** Its media type; `null`: it has none, or there is no body. */
  readonly type: string | null
  /** What is in it, where that can be read: JSON as it is, whatever its type, forms as the values of each name. */
  readonly value: Json
  readonly parts: readonly Part[]
}

const empty: BodyView = { kind: 'none', type: null, value: null, parts: [] }

/** Throws `Refused` for what its own type says that it should be, and is not. */
export function viewOf(contentType: string | undefined, body: Buffer): BodyView {
  if (body.length === 0) return empty
  if (contentType === undefined) return { ...empty, kind: 'other', value: document(undeclaredJson(body)) }
  const media = contentTypeOf(contentType)
  const kind = kindOf(media.type)
  const view = { kind, type: media.type, value: null, parts: [] }
  switch (kind) {
    case 'json':
      return { ...view, value: document(parseJson(utf8(body, media))) }
    case 'json_lines':
      return { ...view, value: parseJsonLines(utf8(body, media)) }
    case 'form':
      requireNoDocument(body)
      return { ...view, value: valuesByName(pairsOf(utf8(body, media), 'form')) }
    case 'graphql':
      requireNoDocument(body)
      return { ...view, value: { query: utf8(body, media) } }
    case 'multipart':
      return { ...view, ...formOf(partsOf(body, media.parameters.get('boundary'))) }
    case 'text':
    case 'other':
      return { ...view, value: document(undeclaredJson(body)) }
  }
}

function kindOf(type: string): Exclude<BodyKind, 'none'> {
  if (/^(?:application|text)\/json$|^application\/x-amz-json-1\.[01]$|\+json$/.test(type)) return 'json'
  if (/^application\/(?:x-)?(?:ndjson|jsonl|jsonlines)$|\+x-ndjson$/.test(type)) return 'json_lines'
  if (type === 'application/x-www-form-urlencoded') return 'form'
  if (type === 'multipart/form-data') return 'multipart'
  if (type === 'application/graphql') return 'graphql'
  return type.startsWith('text/') ? 'text' : 'other'
}

/** Servers guess other character sets, and not all the same. */
function utf8(body: Buffer, { parameters }: ContentType): string {
  const charset = parameters.get('charset') ?? 'utf-8'
  if (!/^(?:utf-?8|us-ascii)$/i.test(charset))
    throw malformed('charset', 'A body that is to be read must be in UTF-8.', '415')
  const mark = body.subarray(0, 3).equals(byteOrderMark)
  if (mark || !isUtf8(body)) throw malformed('charset', 'The body is not UTF-8, or has a byte order mark.')
  return body.toString()
}

const byteOrderMark = Buffer.from('\ufeff')

/** Servers that read JSON whatever its type says would find in it what rules do not see, as in what `curl -d` sends by itself. */
function requireNoDocument(body: Buffer): void {
  if (undeclaredJson(body) !== null)
    throw malformed(
      'content_type',
      'The body is JSON, and its Content-Type says something else: send "Content-Type: application/json".',
    )
}

function document(value: Json): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    refuseOverride(Object.keys(value), 'body')
  return value
}

function formOf(parts: readonly Part[]): Pick<BodyView, 'value' | 'parts'> {
  refuseOverride(
    parts.map(({ name }) => name),
    'form',
  )
  const fields = parts.flatMap(({ name, filename, content }) =>
    filename === null && isUtf8(content) ? [[name, content.toString()] as const] : [],
  )
  return { value: valuesByName(fields), parts }
}
