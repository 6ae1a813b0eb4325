import { Undecodable, type DataType } from './data-type.ts'

/**
 * Types of which a mask knows one value, which says nothing: every method hides the whole value behind it. Nothing else
 * of the type is understood, so that it is also the only constant that a rule can give.
 */
function blank(name: string, text: string, binary: Buffer): DataType<null> {
  const encoded = { text: Buffer.from(text), binary }
  return {
    name,
    decode(bytes, format) {
      if (!bytes.equals(encoded[format])) throw new Undecodable(name)
      return null
    },
    encode: (_, format) => encoded[format],
    canonical: () => '',
    redacted: null,
  }
}

/** A count of 0, where the elements follow their number. */
const none = Buffer.alloc(4)
const one = Buffer.from([0, 0, 0, 1])
const origin = Buffer.alloc(16)

export const interval: DataType<null> = blank('interval', '00:00:00', Buffer.alloc(16))
/** The sign of the currency is the server's; clients look for one. */
export const money: DataType<null> = blank('money', '$0.00', Buffer.alloc(8))
export const varbit: DataType<null> = blank('varbit', '0', Buffer.concat([one, Buffer.alloc(1)]))
const xmlText = '<masked/>'
export const xml: DataType<null> = blank('xml', xmlText, Buffer.from(xmlText))
export const tsvector: DataType<null> = blank('tsvector', '', none)
/** Of any element. */
export const range: DataType<null> = blank('range', 'empty', Buffer.from([0x01]))
export const multirange: DataType<null> = blank('multirange', '{}', none)
export const hstore: DataType<null> = blank('hstore', '', none)

export const point: DataType<null> = blank('point', '(0,0)', origin)
export const lseg: DataType<null> = blank('lseg', '[(0,0),(0,0)]', Buffer.alloc(32))
export const box: DataType<null> = blank('box', '(0,0),(0,0)', Buffer.alloc(32))
export const path: DataType<null> = blank('path', '((0,0))', Buffer.concat([Buffer.from([1]), one, origin]))
export const polygon: DataType<null> = blank('polygon', '((0,0))', Buffer.concat([one, origin]))
export const circle: DataType<null> = blank('circle', '<(0,0),0>', Buffer.alloc(24))
/** The horizontal axis: a line without a direction is none. */
export const line: DataType<null> = blank('line', '{0,-1,0}', axis())

function axis(): Buffer {
  const bytes = Buffer.alloc(24)
  bytes.writeDoubleBE(-1, 8)
  return bytes
}
