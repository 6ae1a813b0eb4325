import { isUtf8 } from 'node:buffer'
import { Undecodable, type DataType } from './data-type.ts'

/** What is known of a row's fields: OIDs of their types in binary, only how many there are in text. */
type Fields = readonly (number | null)[]

/** A composite value: a mask leaves a row of NULLs with as many fields, since clients count on those. */
export const record: DataType<Fields> = {
  name: 'record',
  decode: (bytes, format) => (format === 'binary' ? fromBinary(bytes) : fromText(bytes)),
  encode(fields, format) {
    if (format === 'text') return Buffer.from(`(${','.repeat(Math.max(0, fields.length - 1))})`)
    const bytes = Buffer.alloc(4 + 8 * fields.length)
    bytes.writeInt32BE(fields.length)
    for (const [index, type] of fields.entries()) {
      bytes.writeUInt32BE(type ?? 0, 4 + 8 * index)
      bytes.writeInt32BE(-1, 8 + 8 * index)
    }
    return bytes
  },
  canonical: (fields) => String(fields.length),
  redacted: (fields) => fields,
}

function fromBinary(bytes: Buffer): Fields {
  const count = bytes.length < 4 ? -1 : bytes.readInt32BE(0)
  const fields: number[] = []
  let at = 4
  for (let index = 0; index < count; index++) {
    if (at + 8 > bytes.length) throw new Undecodable('record')
    fields.push(bytes.readUInt32BE(at))
    at += 8 + Math.max(0, bytes.readInt32BE(at + 4))
  }
  if (count < 0 || at !== bytes.length) throw new Undecodable('record')
  return fields
}

/** Commas outside of quotes: a quote within quotes is doubled, or has a backslash in front. */
function fromText(bytes: Buffer): Fields {
  const text = isUtf8(bytes) ? bytes.toString() : ''
  if (!text.startsWith('(') || !text.endsWith(')')) throw new Undecodable('record')
  const fields: null[] = [null]
  let quoted = false
  for (let at = 1; at < text.length - 1; at++) {
    const char = text[at]
    if (char === '\\') at++
    else if (char === '"') quoted = !quoted
    else if (char === ',' && !quoted) fields.push(null)
  }
  if (quoted) throw new Undecodable('record')
  return fields
}
