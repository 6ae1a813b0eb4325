import { isUtf8 } from 'node:buffer'
import { Undecodable, type DataType } from './data-type.ts'
import { redacted } from './methods.ts'

function textType(canonical: (value: string) => string): DataType<string> {
  return {
    name: 'text',
    decode(bytes) {
      if (!isUtf8(bytes)) throw new Undecodable('text')
      return bytes.toString()
    },
    encode: (value) => Buffer.from(value),
    canonical,
    redacted,
    generalise(to = '1') {
      if (!/^[1-9]\d?$/.test(to)) return undefined
      const wanted = Number(to)
      return (value) => beginning(value, wanted)
    },
    // As short as names of the catalogue may be, and many columns are.
    pseudonym: (digest) => digest.toString('hex', 0, 16),
  }
}

/** The first characters and a star, but never more than half: a short value must not pass as it is. */
function beginning(value: string, wanted: number): string {
  const characters = Array.from(value)
  return `${characters.slice(0, Math.min(wanted, characters.length >> 1)).join('')}*`
}

/** text, varchar, name and unknown: the same bytes in both formats. */
export const text: DataType<string> = textType((value) => value)

/** character(n): the blanks at its end are padding. */
export const bpchar: DataType<string> = textType((value) => {
  let end = value.length
  while (value[end - 1] === ' ') end--
  return value.slice(0, end)
})

/** "char", one byte: what is kept of it would be all of it. */
export const char: DataType<string> = {
  name: 'char',
  decode(bytes, format) {
    if (bytes.length > (format === 'binary' ? 1 : 4)) throw new Undecodable('"char"')
    return bytes.toString('latin1')
  },
  encode: (value) => Buffer.from(value, 'latin1'),
  canonical: (value) => value,
  redacted: '*',
}
