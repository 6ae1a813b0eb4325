import type { CellBatch } from '@sluice/masking'
import type { CopyFormat } from '../copy/format.ts'
import { RowCutter, type WholeRows } from '../copy/row-cutter.ts'
import type { ColumnLook } from './column-look.ts'
import { added, found, type Looked } from './looked.ts'

/** Some data of a COPY. */
export interface CopiedRows {
  /** What may leave of it, once the batch is settled; `undefined` when that is all of it and nothing else. */
  shown(batch: CellBatch): Buffer | undefined
}

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

  take(data: Buffer, batch: CellBatch): CopiedRows {
    const { rows } = this.#cutter
    const cells: CopiedCell[] = []
    const whole = this.#cutter.cut(data, (bytes, fields) => {
      for (const [column, look] of this.#looks) {
        const from = fields[2 * column] ?? 0
        const next = fields[2 * column + 1] ?? 0
        const value = rows.value(bytes.subarray(from, next))
        if (value !== null && value.length > 0)
          cells.push({ from, next, column, look, place: added(value, look, batch) })
      }
    })
    return { shown: (settled) => this.#shown(data, whole, cells, settled) }
  }

  /** All data has come. */
  finish(): void {
    this.#cutter.finish()
  }

  #shown(
    data: Buffer,
    { bytes, end }: WholeRows,
    cells: readonly CopiedCell[],
    batch: CellBatch,
  ): Buffer | undefined {
    const pieces: Buffer[] = []
    let copied = 0
    for (const cell of cells) {
      const value = found(cell, batch)
      if (value === undefined) continue
      pieces.push(bytes.subarray(copied, cell.from), this.#cutter.rows.field(value, cell.column))
      copied = cell.next
    }
    if (pieces.length === 0 && bytes === data && end === data.length) return undefined
    return Buffer.concat([...pieces, bytes.subarray(copied, end)])
  }
}

interface CopiedCell extends Looked {
  readonly column: number
}
