import { limits, refusal, Refused } from '@sluice/core'
import { Undecodable } from '@sluice/masking'
import { back } from '../messages.ts'
import { frame, headerBytes } from '../wire.ts'
import { BinaryRows } from './binary-rows.ts'
import { CsvRows } from './csv-rows.ts'
import { Fields } from './fields.ts'
import type { CopyFormat } from './format.ts'
import type { CopyRows } from './rows.ts'
import { TextRows } from './text-rows.ts'

/**
 * The rows in the data of one COPY TO STDOUT, as it streams. Its messages may cut through its rows; a row is there when
 * it is whole. Throws `Undecodable` for what does not read as the rows that it should be.
 */
export class RowCutter {
  readonly rows: CopyRows
  readonly #columns: number
  readonly #fields: Fields
  /** The first line holds names, which are no values. */
  #header: boolean
  /** A message of what has come of a row that goes on, with room for more. */
  #store: Buffer = Buffer.alloc(0)
  /** How much of it is filled; 0 where no row goes on. */
  #filled = 0

  constructor(format: CopyFormat, columns: readonly string[], count: number) {
    this.rows = rowsOf(format, columns)
    this.#columns = count
    this.#fields = new Fields(count)
    this.#header = format.kind !== 'binary' && format.header
  }

  /** The message, with what has come before of the row that it goes on with; `undefined` when it begins one. */
  continued(bytes: Buffer, at: number, next: number): Buffer | undefined {
    if (this.#filled === 0) return undefined
    const from = this.#filled
    const length = from + next - at - headerBytes
    if (length > this.#store.length) {
      const larger = Buffer.allocUnsafeSlow(2 * length)
      this.#store.copy(larger, 0, 0, from)
      this.#store = larger
    }
    bytes.copy(this.#store, from, at + headerBytes, next)
    this.#store.writeInt32BE(length - 1, 1)
    return this.#store.subarray(0, length)
  }

  /**
   * Tells of each row in the message `bytes[at, next)` where its fields are, and gives where the last one ends. What
   * follows is kept until the row has ended to which it belongs: `continued` gives it back.
   */
  cut(bytes: Buffer, at: number, next: number, row: (fields: Fields) => void): number {
    const fields = this.#fields
    const first = at + headerBytes
    let end = first
    while (end < next) {
      const after = this.rows.row(bytes, end, next, fields)
      if (after < 0) break
      if (this.#isRow()) row(fields)
      fields.clear()
      end = after
    }
    if (next - end > limits.replyMessageBytesMax) throw new Refused(tooLong)
    if (end === next) this.#filled = 0
    else if (this.#filled > 0 && end === first) this.#filled = next
    else this.#keep(bytes, end, next)
    return end
  }

  /** All data has come. */
  finish(): void {
    if (this.#filled > 0) throw new Undecodable('end of COPY')
  }

  #isRow(): boolean {
    if (this.#fields.count === 0) return false
    if (this.#fields.count !== this.#columns) throw new Undecodable('row of COPY')
    const isRow = !this.#header
    this.#header = false
    return isRow
  }

  /** Of its own, since what it lay in is still to be rewritten. */
  #keep(bytes: Buffer, from: number, to: number): void {
    this.#store = frame(back.copyData, bytes.subarray(from, to))
    this.#filled = this.#store.length
    this.#fields.move(headerBytes - from)
  }
}

const tooLong = refusal('too_large', 'adapter/limits', 'A row of the COPY is too long to be masked.')

function rowsOf(format: CopyFormat, columns: readonly string[]): CopyRows {
  switch (format.kind) {
    case 'text':
      return new TextRows(format)
    case 'csv':
      return new CsvRows(format, columns)
    case 'binary':
      return new BinaryRows()
  }
}
