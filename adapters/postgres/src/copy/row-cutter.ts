import { limits, refusal, Refused } from '@sluice/core'
import { Undecodable } from '@sluice/masking'
import { BinaryRows } from './binary-rows.ts'
import { CsvRows } from './csv-rows.ts'
import type { CopyFormat } from './format.ts'
import type { CopyRows } from './rows.ts'
import { TextRows } from './text-rows.ts'

const nothing = Buffer.alloc(0)

/** Whole rows of a COPY: `end` is where the last one ends. */
export interface WholeRows {
  readonly bytes: Buffer
  readonly end: number
}

/**
 * The rows in the data of one COPY TO STDOUT, as it streams. Its messages may cut through its rows; a row is there when
 * it is whole. Throws `Undecodable` for what does not read as the rows that it should be.
 */
export class RowCutter {
  readonly rows: CopyRows
  readonly #columns: number
  readonly #fields: number[] = []
  /** The first line holds names, which are no values. */
  #header: boolean
  #rest = nothing

  constructor(format: CopyFormat, columns: readonly string[], count: number) {
    this.rows = rowsOf(format, columns)
    this.#columns = count
    this.#header = format.kind !== 'binary' && format.header
  }

  /** Tells of each row where its fields begin and end. What belongs to a row that has not ended is kept until it has. */
  cut(data: Buffer, row: (bytes: Buffer, fields: readonly number[]) => void): WholeRows {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    let at = 0
    for (;;) {
      this.#fields.length = 0
      const next = at < bytes.length ? this.rows.row(bytes, at, this.#fields) : -1
      if (next < 0) break
      if (this.#isRow()) row(bytes, this.#fields)
      at = next
    }
    this.#keep(bytes.subarray(at))
    return { bytes, end: at }
  }

  /** All data has come. */
  finish(): void {
    if (this.#rest.length > 0) throw new Undecodable('end of COPY')
  }

  #isRow(): boolean {
    if (this.#fields.length === 0) return false
    if (this.#fields.length !== 2 * this.#columns) throw new Undecodable('row of COPY')
    const isRow = !this.#header
    this.#header = false
    return isRow
  }

  #keep(rest: Buffer): void {
    if (rest.length > limits.replyMessageBytesMax) throw new Refused(tooLong)
    this.#rest = rest.length === 0 ? nothing : Buffer.from(rest)
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
