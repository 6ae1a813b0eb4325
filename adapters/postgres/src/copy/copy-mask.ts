import type { MaskCount } from '@sluice/core'
import { maskInPlace, type InPlaceMethod } from '@sluice/masking'
import type { Cell } from '../column-mask.ts'
import { hidesNull, rewritten, type Cells, type Rewriter } from '../rewriter.ts'
import type { Fields } from './fields.ts'
import type { CopyFormat } from './format.ts'
import { RowCutter } from './row-cutter.ts'
import type { CopyRows } from './rows.ts'

const nothing = Buffer.alloc(0)

/** A column that is masked. */
interface Hidden {
  /** From 0. */
  readonly column: number
  readonly cell: Cell
  /** What stands in the place of every value, where that is always the same. */
  readonly field: Buffer
  values: number
}

/** Hides masked columns in the data of one COPY TO STDOUT, as it streams. Throws as `RowCutter` does. */
export class CopyMask {
  readonly #cutter: RowCutter
  readonly #hidden: readonly Hidden[]

  constructor(format: CopyFormat, cells: Cells, columns: readonly string[]) {
    this.#cutter = new RowCutter(format, columns, cells.length)
    const { rows } = this.#cutter
    this.#hidden = cells.flatMap((cell, column): Hidden[] =>
      cell === null ? [] : [{ column, cell, field: fixedField(cell, column, rows), values: 0 }],
    )
  }

  /** Hides them in the message `bytes[at, next)`, of which only whole rows stay. */
  apply(bytes: Buffer, at: number, next: number, rewriter: Rewriter): void {
    const whole = this.#cutter.continued(bytes, at, next)
    if (whole === undefined) this.#message(bytes, at, next, rewriter)
    else
      rewriter.replace(
        at,
        next,
        rewritten(whole, (inner) => this.#message(whole, 0, whole.length, inner)),
      )
  }

  #message(bytes: Buffer, at: number, next: number, rewriter: Rewriter): void {
    const { shift } = rewriter
    const end = this.#cutter.cut(bytes, at, next, (fields) => this.#row(bytes, fields, rewriter))
    rewriter.end(at, end, next, shift)
  }

  #row(bytes: Buffer, fields: Fields, rewriter: Rewriter): void {
    const { rows } = this.#cutter
    for (const hidden of this.#hidden) {
      const { column, cell } = hidden
      const from = fields.from(column)
      const to = fields.to(column)
      if (rows.isNull(bytes, from, to) && !hidesNull(cell)) continue
      hidden.values++
      switch (cell.kind) {
        case 'fixed':
          rewriter.replace(from, to, hidden.field)
          break
        case 'computed':
          rewriter.replace(from, to, rows.field(cell.replace(rows.value(bytes, from, to)), column))
          break
        case 'in_place':
          this.#inPlace(cell.how, bytes, from, to, column, rewriter)
      }
    }
  }

  /** Over the value where it lies, unless it is written in another form than its own. */
  #inPlace(
    how: InPlaceMethod,
    bytes: Buffer,
    from: number,
    to: number,
    column: number,
    rewriter: Rewriter,
  ): void {
    const { rows } = this.#cutter
    const start = rows.bare(bytes, from, to)
    if (start >= 0) return maskInPlace(how, bytes, start, to)
    const value = Buffer.from(rows.value(bytes, from, to))
    maskInPlace(how, value, 0, value.length)
    rewriter.replace(from, to, rows.field(value, column))
  }

  /** All data has come. */
  finish(): void {
    this.#cutter.finish()
  }

  /** What was masked since it was asked last. */
  tally(): readonly MaskCount[] {
    return this.#hidden.flatMap((hidden) => {
      const { cell, values } = hidden
      hidden.values = 0
      return values === 0 ? [] : [{ column: cell.column, method: cell.method, values }]
    })
  }
}

/** The whole field, where its mask gives the same for all values. */
function fixedField(cell: Cell, column: number, rows: CopyRows): Buffer {
  if (cell.kind !== 'fixed') return nothing
  return rows.field(cell.cell.readInt32BE(0) < 0 ? null : cell.cell.subarray(4), column)
}
