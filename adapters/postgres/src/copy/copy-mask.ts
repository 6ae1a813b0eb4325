import type { MaskCount } from '@sluice/core'
import { maskInPlace } from '@sluice/masking'
import type { Cell } from '../column-mask.ts'
import { hidesNull, type Cells } from '../rewriter.ts'
import type { CopyFormat } from './format.ts'
import { RowCutter } from './row-cutter.ts'

const nothing = Buffer.alloc(0)

/** Hides masked columns in the data of one COPY TO STDOUT, as it streams. Throws as `RowCutter` does. */
export class CopyMask {
  readonly #cutter: RowCutter
  readonly #hidden: readonly (readonly [column: number, cell: Cell])[]
  #counts: number[]

  constructor(format: CopyFormat, cells: Cells, columns: readonly string[]) {
    this.#cutter = new RowCutter(format, columns, cells.length)
    this.#hidden = cells.flatMap((cell, column): [number, Cell][] => (cell === null ? [] : [[column, cell]]))
    this.#counts = cells.map(() => 0)
  }

  /** What may leave now. */
  apply(data: Buffer): Buffer {
    const pieces: Buffer[] = []
    let copied = 0
    const { bytes, end } = this.#cutter.cut(data, (all, fields) => {
      copied = this.#mask(all, fields, copied, pieces)
    })
    pieces.push(bytes.subarray(copied, end))
    return pieces.length === 1 ? (pieces[0] ?? bytes) : Buffer.concat(pieces)
  }

  /** Adds to `pieces` what stands before the last masked field, and that field; gives where it ends. */
  #mask(bytes: Buffer, fields: readonly number[], from: number, pieces: Buffer[]): number {
    const { rows } = this.#cutter
    let copied = from
    for (const [column, cell] of this.#hidden) {
      const start = fields[2 * column] ?? 0
      const end = fields[2 * column + 1] ?? 0
      const value = rows.value(bytes.subarray(start, end))
      if (value === null && !hidesNull(cell)) continue
      this.#counts[column] = (this.#counts[column] ?? 0) + 1
      pieces.push(bytes.subarray(copied, start), rows.field(masked(cell, value ?? nothing), column))
      copied = end
    }
    return copied
  }

  /** All data has come. */
  finish(): void {
    this.#cutter.finish()
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
