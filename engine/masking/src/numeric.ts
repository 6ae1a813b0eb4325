import { parts, Undecodable, type DataType } from './data-type.ts'
import { floorRemainder, magnitude } from './integers.ts'

/** Of the binary format: a special value or the sign, in its third field. */
const signs = { positive: 0x0000, negative: 0x4000, nan: 0xc000, infinity: 0xd000, minusInfinity: 0xf000 }
const specials: ReadonlyMap<number, string> = new Map([
  [signs.nan, 'NaN'],
  [signs.infinity, 'Infinity'],
  [signs.minusInfinity, '-Infinity'],
])
const headerBytes = 8
const name = 'numeric'

/** Values are decimal numbers as the server writes them, which never have an exponent. */
export const numeric: DataType<string> = {
  name,
  decode(bytes, format) {
    if (format === 'binary') return fromBinary(bytes)
    return parts(bytes, /^(?:-?\d+(?:\.\d+)?|NaN|-?Infinity)$/, name)[0]
  },
  encode: (value, format) => (format === 'text' ? Buffer.from(value) : toBinary(value)),
  canonical(value) {
    let end = value.length
    if (value.includes('.')) while (value[end - 1] === '0') end--
    if (value[end - 1] === '.') end--
    const short = value.slice(0, end)
    return short === '-0' ? '0' : short
  },
  redacted: '0',
  partial: magnitude,
  generalise(to = '10') {
    if (!/^\d{1,30}(\.\d{1,30})?$/.test(to) || !/[1-9]/.test(to)) return undefined
    return (value) => bucket(value, to)
  },
  // Few enough digits for clients that read numbers as doubles.
  pseudonym: (digest) => String(digest.readBigUInt64BE(0) % 10n ** 15n),
}

function bucket(value: string, width: string): string {
  if (!/\d/.test(value)) return '0'
  const scale = Math.max(scaleOf(value), scaleOf(width))
  const exact = unscaled(value, scale)
  return scaled(exact - floorRemainder(exact, unscaled(width, scale)), scale, scaleOf(width))
}

/** Digits behind the point. */
function scaleOf(decimal: string): number {
  const point = decimal.indexOf('.')
  return point < 0 ? 0 : decimal.length - point - 1
}

function unscaled(decimal: string, scale: number): bigint {
  return BigInt(decimal.replace('.', '') + '0'.repeat(scale - scaleOf(decimal)))
}

/** `value` × 10^-scale with only `shown` digits behind the point: the others are zeros. */
function scaled(value: bigint, scale: number, shown: number): string {
  const sign = value < 0n ? '-' : ''
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const fraction = digits.slice(digits.length - scale).slice(0, shown)
  return sign + whole + (fraction === '' ? '' : `.${fraction}`)
}

/** Number of base-10000 digits, weight of the first, sign, digits behind the point; then the digits. */
function fromBinary(bytes: Buffer): string {
  if (bytes.length < headerBytes) throw new Undecodable(name)
  const count = bytes.readUInt16BE(0)
  const weight = bytes.readInt16BE(2)
  const sign = bytes.readUInt16BE(4)
  const scale = bytes.readUInt16BE(6)
  if (bytes.length !== headerBytes + 2 * count) throw new Undecodable(name)
  const special = specials.get(sign)
  if (special !== undefined) return special
  if (sign !== signs.positive && sign !== signs.negative) throw new Undecodable(name)
  const digit = (at: number): string => {
    const value = at < 0 || at >= count ? 0 : bytes.readUInt16BE(headerBytes + 2 * at)
    if (value > 9999) throw new Undecodable(name)
    return String(value).padStart(4, '0')
  }
  let whole = ''
  for (let at = 0; at <= weight; at++) whole += digit(at)
  let fraction = ''
  for (let at = weight + 1; fraction.length < scale; at++) fraction += digit(at)
  const shown = whole.replace(/^0+(?=\d)/, '') || '0'
  return (sign === signs.negative ? '-' : '') + shown + (scale === 0 ? '' : `.${fraction.slice(0, scale)}`)
}

function toBinary(value: string): Buffer {
  const special = [...specials].find(([, word]) => word === value)
  if (special !== undefined) return header(0, 0, special[0], 0)
  const negative = value.startsWith('-')
  const [whole = '', fraction = ''] = (negative ? value.slice(1) : value).split('.')
  const front = whole.padStart(4 * Math.ceil(whole.length / 4), '0')
  const digits = (front + fraction.padEnd(4 * Math.ceil(fraction.length / 4), '0')).match(/.{4}/g) ?? []
  const first = digits.findIndex((digit) => digit !== '0000')
  if (first < 0) return header(0, 0, signs.positive, fraction.length)
  const last = digits.findLastIndex((digit) => digit !== '0000')
  const kept = digits.slice(first, last + 1)
  const bytes = Buffer.concat([
    header(
      kept.length,
      front.length / 4 - 1 - first,
      negative ? signs.negative : signs.positive,
      fraction.length,
    ),
    Buffer.alloc(2 * kept.length),
  ])
  for (const [at, digit] of kept.entries()) bytes.writeUInt16BE(Number(digit), headerBytes + 2 * at)
  return bytes
}

function header(count: number, weight: number, sign: number, scale: number): Buffer {
  const bytes = Buffer.alloc(headerBytes)
  bytes.writeUInt16BE(count, 0)
  bytes.writeInt16BE(weight, 2)
  bytes.writeUInt16BE(sign, 4)
  bytes.writeUInt16BE(scale, 6)
  return bytes
}
