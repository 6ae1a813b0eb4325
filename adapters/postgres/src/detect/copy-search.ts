import type { CellBatch } from '@sluice/masking'
import type { CopyFormat } from '../copy/format.ts'
import { RowCutter } from '../copy/row-cutter.ts'
import { rewritten } from '../rewriter.ts'
import type { ColumnLook } from './column-look.ts'
import { added, found, type Looked } from './looked.ts'
import type { Edit } from './searched.ts'

/** What detectors find in the data of one COPY TO STDOUT, as it streams. Throws as `RowCutter` does. */
export class CopySearch {
  readonly #cutter: RowCutter
  readonly #looks: readonly (readonly [column: number, look: Exclude<ColumnLook, null>])[]

  constructor(format: CopyFormat, columns: readonly ColumnLook[], names: readonly string[]) {
    this.#cutter = new RowCutter(format, names, columns.length)
    this.#looks = columns.flatMap((look, column): [number, Exclude<ColumnLook, null>][] =>
      look === null ? [] : [[column, look]],
    )
  }

  /** Adds what is to be looked at in the message `bytes[at, next)`, of which only whole rows stay. */
  take(bytes: Buffer, at: number, next: number, batch: CellBatch): Edit {
    const whole = this.#cutter.continued(bytes, at, next)
    if (whole === undefined) return this.#message(bytes, at, next, batch)
    const edit = this.#message(whole, 0, whole.length, batch)
    return (rewriter) => rewriter.replace(at, next, rewritten(whole, edit))
  }

  #message(bytes: Buffer, at: number, next: number, batch: CellBatch): Edit {
    const { rows } = this.#cutter
    const cells: CopiedCell[] = []
    const end = this.#cutter.cut(bytes, at, next, (fields) => {
      for (const [column, look] of this.#looks) {
        const from = fields.from(column)
        const to = fields.to(column)
        if (rows.isNull(bytes, from, to)) continue
        const value = rows.value(bytes, from, to)
        if (value.length > 0) cells.push({ from, next: to, column, look, place: added(value, look, batch) })
      }
    })
    return (rewriter) => {
      const { shift } = rewriter
      for (const cell of cells) {
        const value = found(cell, batch)
        if (value !== undefined) rewriter.replace(cell.from, cell.next, rows.field(value, cell.column))
      }
      rewriter.end(at, end, next, shift)
    }
  }

  /** All data has come. */
  finish(): void {
    this.#cutter.finish()
  }
}

interface CopiedCell extends Looked {
  readonly column: number
}
