import { limits, refusal, Refused, type MaskCount } from '@sluice/core'
import { maskInPlace, Undecodable } from '@sluice/masking'
import type { Cell } from '../column-mask.ts'
import { hidesNull, type Cells } from '../rewriter.ts'
import { BinaryRows } from './binary-rows.ts'
import { CsvRows } from './csv-rows.ts'
import type { CopyFormat } from './format.ts'
import type { CopyRows } from './rows.ts'
import { TextRows } from './text-rows.ts'

const nothing = Buffer.alloc(0)

/**
 * Hides masked columns in the data of one COPY TO STDOUT, as it streams. Its messages may cut through its rows; a row
 * leaves when it is whole. Throws `Undecodable` for what does not read as the rows that it should be.
 */
export class CopyMask {
  readonly #rows: CopyRows
  readonly #cells: Cells
  readonly #hidden: readonly (readonly [column: number, cell: Cell])[]
  readonly #fields: number[] = []
  #counts: number[]
  /** The first line holds names, which are no values. */
  #header: boolean
  #rest = nothing

  constructor(format: CopyFormat, cells: Cells, columns: readonly string[]) {
    this.#rows = rowsOf(format, columns)
    this.#cells = cells
    this.#hidden = cells.flatMap((cell, column): [number, Cell][] => (cell === null ? [] : [[column, cell]]))
    this.#counts = cells.map(() => 0)
    this.#header = format.kind !== 'binary' && format.header
  }

  /** What may leave now; what belongs to a row that has not ended is kept until it has. */
  apply(data: Buffer): Buffer {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    const pieces: Buffer[] = []
    let at = 0
    let copied = 0
    for (;;) {
      this.#fields.length = 0
      const next = at < bytes.length ? this.#rows.row(bytes, at, this.#fields) : -1
      if (next < 0) break
      if (this.#isRow()) copied = this.#mask(bytes, copied, pieces)
      at = next
    }
    pieces.push(bytes.subarray(copied, at))
    this.#keep(bytes.subarray(at))
    return pieces.length === 1 ? (pieces[0] ?? nothing) : Buffer.concat(pieces)
  }

  #isRow(): boolean {
    if (this.#fields.length === 0) return false
    if (this.#fields.length !== 2 * this.#cells.length) throw new Undecodable('row of COPY')
    const isRow = !this.#header
    this.#header = false
    return isRow
  }

  /** Adds to `pieces` what stands before the last masked field, and that field; gives where it ends. */
  #mask(bytes: Buffer, from: number, pieces: Buffer[]): number {
    let copied = from
    for (const [column, cell] of this.#hidden) {
      const start = this.#fields[2 * column] ?? 0
      const end = this.#fields[2 * column + 1] ?? 0
      const value = this.#rows.value(bytes.subarray(start, end))
      if (value === null && !hidesNull(cell)) continue
      this.#counts[column] = (this.#counts[column] ?? 0) + 1
      pieces.push(bytes.subarray(copied, start), this.#rows.field(masked(cell, value ?? nothing), column))
      copied = end
    }
    return copied
  }

  #keep(rest: Buffer): void {
    if (rest.length > limits.replyMessageBytesMax) throw new Refused(tooLong)
    this.#rest = rest.length === 0 ? nothing : Buffer.from(rest)
  }

  /** All data has come. */
  finish(): void {
    if (this.#rest.length > 0) throw new Undecodable('end of COPY')
  }

  /** What was masked since it was asked last. */
  tally(): readonly MaskCount[] {
    const counts = this.#counts
    this.#counts = counts.map(() => 0)
    return this.#hidden.flatMap(([column, { column: name, method }]) => {
      const values = counts[column] ?? 0
      return values === 0 ? [] : [{ column: name, method, values }]
    })
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

function masked(cell: Cell, value: Buffer): Buffer | null {
  switch (cell.kind) {
    case 'fixed':
      return cell.cell.readInt32BE(0) < 0 ? null : cell.cell.subarray(4)
    case 'computed':
      return cell.replace(value)
    case 'in_place': {
      const copy = Buffer.from(value)
      maskInPlace(cell.how, copy, 0, copy.length)
      return copy
    }
  }
}
