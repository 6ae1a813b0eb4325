import { parts, sized, Undecodable, type DataType } from './data-type.ts'

const form = /^(?:-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|-?Infinity)$/

function float(name: string, size: 4 | 8): DataType<number> {
  const rounded = size === 4 ? Math.fround : (value: number): number => value
  return {
    name,
    decode(bytes, format) {
      if (format === 'text') return rounded(Number(parts(bytes, form, name)[0]))
      sized(bytes, size, name)
      return size === 4 ? bytes.readFloatBE(0) : bytes.readDoubleBE(0)
    },
    encode(value, format) {
      if (format === 'text') return Buffer.from(shortest(value, rounded))
      const bytes = Buffer.alloc(size)
      if (size === 4) bytes.writeFloatBE(value)
      else bytes.writeDoubleBE(value)
      return bytes
    },
    // The shortest text that is read as this value; minus zero equals zero.
    canonical: (value) => String(value),
    redacted: 0,
    partial: (value) => rounded(firstDigit(value)),
    generalise(to = '10') {
      const width = Number(to)
      if (!/^\d{1,30}(\.\d{1,30})?$/.test(to) || width === 0) return undefined
      return (value) => {
        const number = Math.floor(value / width)
        // So far out groups are finer than the values themselves, and would hide nothing.
        const start = Math.abs(number) < 2 ** (size === 4 ? 20 : 50) ? number * width : firstDigit(value)
        // Minus zero is written differently in the two formats.
        return rounded(start) + 0
      }
    },
    // Every whole number up to here is a value of the type.
    pseudonym: (digest) => (size === 4 ? digest.readUIntBE(0, 3) : digest.readUIntBE(0, 6)),
  }
}

/** The first digit and zeros up to the point: 4711.5 → 4000. What is below ten or no number is zero. */
function firstDigit(value: number): number {
  if (!Number.isFinite(value) || Math.abs(value) < 10) return 0
  const [, digit = '', exponent = ''] = /^(-?\d)[^e]*(e.*)$/.exec(value.toExponential()) ?? []
  if (digit === '') throw new Undecodable('number')
  return Number(digit + exponent)
}

/** The text with the fewest digits that is read as this value. */
function shortest(value: number, rounded: (value: number) => number): string {
  for (let digits = 6; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits))
    if (rounded(short) === value) return String(short)
  }
  return String(value)
}

export const float4: DataType<number> = float('float4', 4)
export const float8: DataType<number> = float('float8', 8)
