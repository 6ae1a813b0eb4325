import { Undecodable } from '@sluice/masking'
import type { TextFormat } from './format.ts'
import { backslash, newline, type CopyRows } from './rows.ts'

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

  constructor(format: TextFormat) {
    this.#delimiter = format.delimiter.charCodeAt(0)
    this.#null = Buffer.from(format.null)
  }

  row(bytes: Buffer, from: number, fields: number[]): number {
    let start = from
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === backslash) at++
      else if (byte === this.#delimiter) {
        fields.push(start, at)
        start = at + 1
      } else if (byte === newline) {
        fields.push(start, at)
        return at + 1
      }
    }
    return -1
  }

  value(field: Buffer): Buffer | null {
    if (field.equals(this.#null)) return null
    if (!field.includes(backslash)) return field
    const value = Buffer.allocUnsafe(field.length)
    let length = 0
    for (let at = 0; at < field.length; at++) {
      const byte = field[at] ?? 0
      value[length++] = byte === backslash ? this.#meant(field[++at]) : byte
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
