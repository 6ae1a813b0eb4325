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

const nothing = Buffer.alloc(0)

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
  #rest = nothing

  constructor(format: CopyFormat, columns: readonly string[], count: number) {
    this.rows = rowsOf(format, columns)
    this.#columns = count
    this.#fields = new Fields(count)
    this.#header = format.kind !== 'binary' && format.header
  }

  /** The message, with what has come before of the row that it goes on with; `undefined` when it begins one. */
  continued(bytes: Buffer, at: number, next: number): Buffer | undefined {
    const rest = this.#rest
    if (rest.length === 0) return undefined
    this.#rest = nothing
    return frame(back.copyData, rest, bytes.subarray(at + headerBytes, next))
  }

  /**
   * Tells of each row in the message `bytes[at, next)` where its fields are, and gives where the last one ends. What
   * follows is kept until the row has ended to which it belongs: `continued` gives it back.
   */
  cut(bytes: Buffer, at: number, next: number, row: (fields: Fields) => void): number {
    const fields = this.#fields
    let end = at + headerBytes
    while (end < next) {
      fields.clear()
      const after = this.rows.row(bytes, end, next, fields)
      if (after < 0) break
      if (this.#isRow()) row(fields)
      end = after
    }
    if (end < next) this.#keep(bytes.subarray(end, next))
    return end
  }

  /** All data has come. */
  finish(): void {
    if (this.#rest.length > 0) throw new Undecodable('end of COPY')
  }

  #isRow(): boolean {
    if (this.#fields.count === 0) return false
    if (this.#fields.count !== this.#columns) throw new Undecodable('row of COPY')
    const isRow = !this.#header
    this.#header = false
    return isRow
  }

  #keep(rest: Buffer): void {
    if (rest.length > limits.replyMessageBytesMax) throw new Refused(tooLong)
    this.#rest = Buffer.from(rest)
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
