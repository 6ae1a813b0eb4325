import { isUtf8 } from 'node:buffer'
import { excessive, malformed } from './objection.ts'
import { httpLimits } from './limits.ts'

/** One part of `multipart/form-data`: a field, or a file when it has a file name. */
export interface Part {
  readonly name: string
  readonly filename: string | null
  readonly type: string | null
  readonly content: Buffer
}

/** RFC 2046 §5.1.1, without the blank. */
const boundaryForm = /^[\w'()+,\-./:=?]{1,70}$/

/**
 * RFC 7578 as clients write it, and nothing else: no text before or after the parts, no line that only some take for a
 * border, one name for each part. So no server finds a part in it that was not judged.
 */
export function partsOf(body: Buffer, boundary: string | undefined): readonly Part[] {
  if (boundary === undefined || !boundaryForm.test(boundary)) throw unreadable()
  // One char is one byte.
  const text = `\r\n${body.toString('latin1')}`
  const pieces = text.split(`\r\n--${boundary}`, httpLimits.partsMax + 3)
  if (pieces.length > httpLimits.partsMax + 2)
    throw excessive('multipart', `A body may have ${httpLimits.partsMax} parts.`)
  const before = pieces.shift()
  const after = pieces.pop()
  if (before !== '' || (after !== '--' && after !== '--\r\n') || pieces.length === 0) throw unreadable()
  return pieces.map((piece) => partOf(piece, `--${boundary}`))
}

function partOf(piece: string, border: string): Part {
  const end = piece.indexOf('\r\n\r\n')
  if (!piece.startsWith('\r\n') || end < 2) throw unreadable()
  // Some end a line with one of the two.
  if (piece.includes(`\n${border}`) || piece.includes(`\r${border}`)) throw unreadable()
  const content = Buffer.from(piece.slice(end + 4), 'latin1')
  const headers = headersOf(piece.slice(2, end), content.length)
  const disposition = headers.get('content-disposition') ?? ''
  return { ...namesOf(disposition), type: headers.get('content-type')?.toLowerCase() ?? null, content }
}

/** What may be said of a part; a coding would make it another one. */
const admitted: readonly (readonly [string, (value: string, bytes: number) => boolean])[] = [
  ['content-disposition', () => true],
  ['content-type', () => true],
  ['content-transfer-encoding', (value) => /^(?:binary|[78]bit)$/i.test(value)],
  ['content-length', (value, bytes) => value === String(bytes)],
]

function headersOf(head: string, bytes: number): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  for (const line of head.split('\r\n')) {
    const [, name = '', value = ''] = /^([\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(line) ?? []
    const lower = name.toLowerCase()
    const [, fits] = admitted.find(([known]) => known === lower) ?? []
    if (fits === undefined || !fits(value, bytes) || headers.has(lower)) throw unreadable()
    headers.set(lower, value.trim())
  }
  return headers
}

const dispositionForm = /^form-data((?:;[ \t]*(?:file)?name="[^"\\]*")+)$/i
const dispositionNames = /;[ \t]*((?:file)?name)="([^"\\]*)"/gi

function namesOf(disposition: string): Pick<Part, 'name' | 'filename'> {
  const [, list] = dispositionForm.exec(disposition) ?? []
  if (list === undefined) throw unreadable()
  const names = new Map<string, string>()
  for (const [, key = '', value = ''] of list.matchAll(dispositionNames)) {
    if (names.has(key.toLowerCase())) throw unreadable()
    names.set(key.toLowerCase(), utf8(value))
  }
  const name = names.get('name')
  if (name === undefined) throw unreadable()
  // By this field a form says in which characters the others are.
  if (name === '_charset_') throw unreadable()
  return { name, filename: names.get('filename') ?? null }
}

function utf8(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1')
  if (!isUtf8(bytes)) throw unreadable()
  return bytes.toString()
}

function unreadable(): Error {
  return malformed('multipart', 'The body is no form of parts that can be read in one way only.')
}
