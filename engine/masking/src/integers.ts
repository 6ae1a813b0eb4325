import { parts, sized, Undecodable, type DataType } from './data-type.ts'

function integer(name: string, size: 2 | 4 | 8): DataType<bigint> {
  const bits = BigInt(8 * size - 1)
  const max = (1n << bits) - 1n
  const min = -max - 1n
  return {
    name,
    decode(bytes, format) {
      if (format === 'binary') return signed(sized(bytes, size, name))
      const value = BigInt(parts(bytes, /^-?\d{1,19}$/, name)[0])
      if (value < min || value > max) throw new Undecodable(name)
      return value
    },
    encode(value, format) {
      if (format === 'text') return Buffer.from(String(value))
      const bytes = Buffer.alloc(8)
      bytes.writeBigInt64BE(value)
      return bytes.subarray(8 - size)
    },
    canonical: String,
    redacted: 0n,
    partial: (value) => BigInt(magnitude(String(value))),
    generalise(to = '10') {
      if (!/^[1-9]\d{0,17}$/.test(to) || to === '1') return undefined
      const width = BigInt(to)
      return (value) => {
        const start = value - floorRemainder(value, width)
        return start < min ? min : start
      }
    },
    pseudonym: (digest) => digest.readBigUInt64BE(0) & max,
  }
}

function signed(bytes: Buffer): bigint {
  return bytes.length === 8 ? bytes.readBigInt64BE(0) : BigInt(bytes.readIntBE(0, bytes.length))
}

/** Never negative, so that buckets below zero are as wide as those above. */
export function floorRemainder(value: bigint, width: bigint): bigint {
  const rest = value % width
  return rest < 0n ? rest + width : rest
}

/** The first digit of a decimal number and zeros up to its point: 4711.5 → 4000. What is below ten is zero. */
export function magnitude(decimal: string): string {
  const [, sign = '', first = '', rest = ''] = /^(-?)([1-9])(\d+)/.exec(decimal) ?? []
  return first === '' ? '0' : sign + first + '0'.repeat(rest.length)
}

export const int2: DataType<bigint> = integer('int2', 2)
export const int4: DataType<bigint> = integer('int4', 4)
export const int8: DataType<bigint> = integer('int8', 8)
