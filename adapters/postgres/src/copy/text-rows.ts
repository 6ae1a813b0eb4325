import { Undecodable } from '@sluice/masking'
import type { Fields } from './fields.ts'
import type { TextFormat } from './format.ts'
import { backslash, isSame, newline, star, type CopyRows } from './rows.ts'
import { Signs } from './signs.ts'

/** Control characters that are written as a backslash and a letter. */
const letters: ReadonlyMap<number, number> = new Map(
  Object.entries({ b: 0x08, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09, v: 0x0b }).map(([letter, control]) => [
    letter.charCodeAt(0),
    control,
  ]),
)
const controls: ReadonlyMap<number, number> = new Map(
  [...letters].map(([letter, control]) => [control, letter]),
)

/** Lines of fields, in which a backslash takes the meaning from what follows it. */
export class TextRows implements CopyRows {
  readonly #delimiter: number
  readonly #null: Buffer
  readonly #signs: Signs

  constructor(format: TextFormat) {
    this.#delimiter = format.delimiter.charCodeAt(0)
    this.#null = Buffer.from(format.null)
    this.#signs = new Signs(this.#delimiter, newline, backslash)
  }

  row(bytes: Buffer, from: number, to: number, fields: Fields): number {
    const signs = this.#signs
    let start = fields.begun(from)
    let at = signs.find(bytes, fields.read(start), to)
    for (; at < to; at = signs.find(bytes, at, to)) {
      const byte = bytes[at]
      if (byte === backslash) at += 2
      else {
        fields.add(start, at)
        start = ++at
        if (byte === newline) return start
      }
    }
    return fields.stop(start, at)
  }

  isNull(bytes: Buffer, from: number, to: number): boolean {
    return isSame(bytes, from, to, this.#null)
  }

  bare(bytes: Buffer, from: number, to: number): number {
    return this.#delimiter === star || isEscaped(bytes, from, to) ? -1 : from
  }

  value(bytes: Buffer, from: number, to: number): Buffer {
    if (!isEscaped(bytes, from, to)) return bytes.subarray(from, to)
    const value = Buffer.allocUnsafe(to - from)
    let length = 0
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0
      value[length++] = byte === backslash ? this.#meant(++at < to ? bytes[at] : undefined) : byte
    }
    return value.subarray(0, length)
  }

  #meant(byte: number | undefined): number {
    const control = byte === undefined ? undefined : letters.get(byte)
    if (control !== undefined) return control
    if (byte === backslash || (byte !== undefined && byte === this.#delimiter)) return byte
    throw new Undecodable('field of COPY')
  }

  field(value: Buffer | null): Buffer {
    if (value === null) return this.#null
    const field = Buffer.allocUnsafe(2 * value.length)
    let length = 0
    for (const byte of value) {
      const letter = controls.get(byte)
      if (letter !== undefined || byte === backslash || byte === this.#delimiter) field[length++] = backslash
      field[length++] = letter ?? byte
    }
    return field.subarray(0, length)
  }
}

function isEscaped(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === backslash) return true
  return false
}
