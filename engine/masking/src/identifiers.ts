import { parts, sized, Undecodable, type DataType } from './data-type.ts'

/** Of two values a pseudonym would tell which: there is none. */
export const bool: DataType<boolean> = {
  name: 'bool',
  decode(bytes, format) {
    if (format === 'text') return parts(bytes, /^[tf]$/, 'bool')[0] === 't'
    const byte = sized(bytes, 1, 'bool')[0]
    if (byte !== 0 && byte !== 1) throw new Undecodable('bool')
    return byte === 1
  },
  encode: (value, format) =>
    format === 'text' ? Buffer.from(value ? 't' : 'f') : Buffer.from([value ? 1 : 0]),
  canonical: String,
  redacted: false,
}

/** No part of a UUID means anything without the rest. A pseudonym is one of version 8, which nobody else makes. */
export const uuid: DataType<Buffer> = {
  name: 'uuid',
  decode(bytes, format) {
    if (format === 'binary') return sized(bytes, 16, 'uuid')
    const [text] = parts(bytes, /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i, 'uuid')
    return Buffer.from(text.replaceAll('-', ''), 'hex')
  },
  encode(value, format) {
    if (format === 'binary') return value
    return Buffer.from(value.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))
  },
  canonical: (value) => value.toString('hex'),
  redacted: Buffer.alloc(16),
  pseudonym(digest) {
    const bytes = Buffer.from(digest.subarray(0, 16))
    bytes[6] = 0x80 | (0x0f & (bytes[6] ?? 0))
    bytes[8] = 0x80 | (0x3f & (bytes[8] ?? 0))
    return bytes
  },
}
