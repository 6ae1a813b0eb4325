import { isUtf8 } from 'node:buffer'
import { Undecodable, type DataType } from './data-type.ts'
import { redacted } from './methods.ts'

/** Before the text of a binary jsonb. */
const jsonbVersion = 1

function jsonType(name: string, versioned: boolean): DataType<string> {
  return {
    name,
    decode(bytes, format) {
      const binary = versioned && format === 'binary'
      const text = binary ? bytes.subarray(1) : bytes
      if ((binary && bytes[0] !== jsonbVersion) || !isUtf8(text)) throw new Undecodable(name)
      const value = text.toString()
      parsed(value, name)
      if (versioned && hasZero(value)) throw new Undecodable(name)
      return value
    },
    encode(value, format) {
      const text = Buffer.from(value)
      return versioned && format === 'binary' ? Buffer.concat([Buffer.from([jsonbVersion]), text]) : text
    },
    canonical: (value) => value,
    redacted: JSON.stringify(redacted),
    partial: (value) => JSON.stringify(shape(parsed(value, name))),
    pseudonym: (digest) => JSON.stringify(digest.toString('hex', 0, 16)),
  }
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Undecodable(name)
  }
}

/** The escape of the one character that jsonb, which keeps what it means, has no room for. */
function hasZero(text: string): boolean {
  for (let at = text.indexOf('\\u0000'); at >= 0; at = text.indexOf('\\u0000', at + 1)) {
    let slashes = 0
    while (text[at - 1 - slashes] === '\\') slashes++
    if (slashes % 2 === 0) return true
  }
  return false
}

/** The keys and the nesting stay; every value says only of what kind it was. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shape(part)]))
  if (typeof value === 'string') return redacted
  if (typeof value === 'number') return 0
  return typeof value === 'boolean' ? false : null
}

export const json: DataType<string> = jsonType('json', false)
export const jsonb: DataType<string> = jsonType('jsonb', true)
