import { parts, Undecodable, type DataType } from './data-type.ts'

/** As many bits as the column has: what is hidden keeps their number, which is that of the type. */
export const bit: DataType<string> = {
  name: 'bit',
  decode(bytes, format) {
    if (format === 'text') return parts(bytes, /^[01]*$/, 'bit')[0]
    const count = bytes.length < 4 ? -1 : bytes.readInt32BE(0)
    if (count < 0 || bytes.length !== 4 + Math.ceil(count / 8)) throw new Undecodable('bit')
    return Array.from(bytes.subarray(4), (byte) => byte.toString(2).padStart(8, '0'))
      .join('')
      .slice(0, count)
  },
  encode(value, format) {
    if (format === 'text') return Buffer.from(value)
    const count = Buffer.alloc(4)
    count.writeInt32BE(value.length)
    const bytes = (value.match(/.{1,8}/g) ?? []).map((eight) => Number.parseInt(eight.padEnd(8, '0'), 2))
    return Buffer.concat([count, Buffer.from(bytes)])
  },
  canonical: (value) => value,
  redacted: ({ length }) => '0'.repeat(length),
}
