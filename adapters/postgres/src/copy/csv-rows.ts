import { Undecodable } from '@sluice/masking'
import type { CsvFormat } from './format.ts'
import { newline, type CopyRows } from './rows.ts'

const carriageReturn = 0x0d

/** Lines of fields, in which one that has a quote around it may hold anything. */
export class CsvRows implements CopyRows {
  readonly #delimiter: number
  readonly #quote: number
  readonly #escape: number
  readonly #null: Buffer
  /** Of each column: its values are quoted whatever they are. */
  readonly #quoted: readonly boolean[]

  /** `columns`: the names of the output. Of several with one name the server quotes the first. */
  constructor(format: CsvFormat, columns: readonly string[]) {
    this.#delimiter = format.delimiter.charCodeAt(0)
    this.#quote = format.quote.charCodeAt(0)
    this.#escape = format.escape.charCodeAt(0)
    this.#null = Buffer.from(format.null)
    const { quoted } = format
    this.#quoted = columns.map(
      (name, at) => quoted === null || (quoted.includes(name) && columns.indexOf(name) === at),
    )
  }

  row(bytes: Buffer, from: number, fields: number[]): number {
    for (let start = from; ;) {
      const end = this.#end(bytes, start)
      const byte = bytes[end]
      if (end < 0 || byte === undefined) return -1
      fields.push(start, end)
      if (byte === newline) return end + 1
      if (byte !== this.#delimiter) throw new Undecodable('line of COPY')
      start = end + 1
    }
  }

  #end(bytes: Buffer, start: number): number {
    if (bytes[start] === this.#quote) return this.#closed(bytes, start + 1)
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === newline || byte === this.#delimiter) return at
      if (byte === this.#quote || byte === carriageReturn) throw new Undecodable('field of COPY')
    }
    return -1
  }

  /** Behind the quote that ends the field. What follows it tells that it is no escape. */
  #closed(bytes: Buffer, start: number): number {
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at]
      const next = bytes[at + 1]
      if (byte === this.#escape && (next === this.#quote || next === this.#escape)) at++
      else if (byte === this.#quote) return at + 1
      else if (byte === this.#escape && next !== undefined) throw new Undecodable('field of COPY')
    }
    return -1
  }

  value(field: Buffer): Buffer | null {
    if (field[0] !== this.#quote) return field.equals(this.#null) ? null : field
    const inner = field.subarray(1, -1)
    if (!inner.includes(this.#escape)) return inner
    const value = Buffer.allocUnsafe(inner.length)
    let length = 0
    for (let at = 0; at < inner.length; at++) {
      if (inner[at] === this.#escape) at++
      value[length++] = inner[at] ?? 0
    }
    return value.subarray(0, length)
  }

  /** Quoted by what it is now: that it was quoted before would tell of the value behind the mask. */
  field(value: Buffer | null, column: number): Buffer {
    if (value === null) return this.#null
    if (this.#quoted[column] !== true && !this.#needsQuotes(value)) return value
    const field = Buffer.allocUnsafe(2 * value.length + 2)
    let length = 0
    field[length++] = this.#quote
    for (const byte of value) {
      if (byte === this.#quote || byte === this.#escape) field[length++] = this.#escape
      field[length++] = byte
    }
    field[length++] = this.#quote
    return field.subarray(0, length)
  }

  #needsQuotes(value: Buffer): boolean {
    if (value.equals(this.#null)) return true
    // Alone in its line it would be the end of the data.
    if (this.#quoted.length === 1 && value.equals(endOfData)) return true
    return value.some(
      (byte) =>
        byte === this.#delimiter || byte === this.#quote || byte === newline || byte === carriageReturn,
    )
  }
}

const endOfData = Buffer.from('\\.')
