import { Undecodable, type DataType } from './data-type.ts'

/** Text is hexadecimal, or what `bytea_output = escape` makes of it. */
export const bytea: DataType<Buffer> = {
  name: 'bytea',
  decode(bytes, format) {
    if (format === 'binary') return bytes
    const text = bytes.toString('latin1')
    return text.startsWith('\\x') ? fromHex(text.slice(2)) : fromEscapes(text)
  },
  encode: (value, format) => (format === 'binary' ? value : Buffer.from(`\\x${value.toString('hex')}`)),
  canonical: (value) => value.toString('hex'),
  redacted: Buffer.alloc(0),
  pseudonym: (digest) => digest,
}

function fromHex(digits: string): Buffer {
  const bytes = Buffer.from(digits, 'hex')
  // Decoding stops at what is no digit.
  if (2 * bytes.length !== digits.length) throw new Undecodable('bytea')
  return bytes
}

/** A backslash is doubled, and a byte that is no printable character is written with three octal digits. */
function fromEscapes(text: string): Buffer {
  const [first = '', ...escaped] = text.replaceAll('\\\\', '\\134').split('\\')
  const rest = escaped.map((piece) => {
    if (!/^[0-3][0-7]{2}/.test(piece)) throw new Undecodable('bytea')
    return String.fromCharCode(Number.parseInt(piece.slice(0, 3), 8)) + piece.slice(3)
  })
  return Buffer.from([first, ...rest].join(''), 'latin1')
}
