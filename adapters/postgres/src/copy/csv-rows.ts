import { Undecodable } from '@sluice/masking'
import type { Fields } from './fields.ts'
import type { CsvFormat } from './format.ts'
import { isSame, newline, star, type CopyRows } from './rows.ts'
import { Signs } from './signs.ts'

const carriageReturn = 0x0d

/** Lines of fields, in which one that has a quote around it may hold anything. */
export class CsvRows implements CopyRows {
  readonly #delimiter: number
  readonly #quote: number
  readonly #escape: number
  readonly #null: Buffer
  /** Of each column: its values are quoted whatever they are. */
  readonly #quoted: readonly boolean[]
  /** What may stand behind a value without quotes, and what may not stand in one. */
  readonly #open: Signs
  /** What may end one with quotes. */
  readonly #within: Signs
  /** A value without quotes needs none when stars stand in it. */
  readonly #keepsStars: boolean

  /** `columns`: the names of the output. Of several with one name the server quotes the first. */
  constructor(format: CsvFormat, columns: readonly string[]) {
    this.#delimiter = format.delimiter.charCodeAt(0)
    this.#quote = format.quote.charCodeAt(0)
    this.#escape = format.escape.charCodeAt(0)
    this.#null = Buffer.from(format.null)
    this.#open = new Signs(this.#delimiter, newline, this.#quote, carriageReturn)
    this.#within = new Signs(this.#quote, this.#escape)
    const { quoted } = format
    this.#quoted = columns.map(
      (name, at) => quoted === null || (quoted.includes(name) && columns.indexOf(name) === at),
    )
    const means = [this.#delimiter, this.#quote, this.#escape, ...this.#null]
    this.#keepsStars = columns.length > 1 && !means.includes(star)
  }

  row(bytes: Buffer, from: number, to: number, fields: Fields): number {
    for (let start = fields.begun(from); ;) {
      const end = this.#end(bytes, start, fields.read(start), to)
      if (end < 0) return fields.stop(start, ~end)
      fields.add(start, end)
      const byte = bytes[end]
      if (byte === newline) return end + 1
      if (byte !== this.#delimiter) throw new Undecodable('line of COPY')
      start = end + 1
    }
  }

  /** Behind the field at `start`, which was read up to `from`; `~at` where it does not end yet and reading goes on at `at`. */
  #end(bytes: Buffer, start: number, from: number, to: number): number {
    if (start < to && bytes[start] === this.#quote) return this.#closed(bytes, Math.max(start + 1, from), to)
    const end = this.#open.find(bytes, from, to)
    if (end >= to) return ~to
    const byte = bytes[end]
    if (byte === this.#quote || byte === carriageReturn) throw new Undecodable('field of COPY')
    return end
  }

  /** Behind the quote that ends the field. What follows it tells that it is no escape. */
  #closed(bytes: Buffer, from: number, to: number): number {
    let at = this.#within.find(bytes, from, to)
    for (; at < to; at = this.#within.find(bytes, at, to)) {
      const byte = bytes[at]
      if (at + 1 === to) break
      const next = bytes[at + 1]
      if (byte === this.#escape && (next === this.#quote || next === this.#escape)) at += 2
      else if (byte === this.#quote) return at + 1
      else throw new Undecodable('field of COPY')
    }
    return ~at
  }

  isNull(bytes: Buffer, from: number, to: number): boolean {
    return isSame(bytes, from, to, this.#null)
  }

  bare(bytes: Buffer, from: number, to: number): number {
    return this.#keepsStars && !(from < to && bytes[from] === this.#quote) ? from : -1
  }

  value(bytes: Buffer, from: number, to: number): Buffer {
    if (from === to || bytes[from] !== this.#quote) return bytes.subarray(from, to)
    const inner = bytes.subarray(from + 1, to - 1)
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
