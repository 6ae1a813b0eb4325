import { maskInPlace } from '@sluice/masking'
import type { MaskCount } from '@sluice/core'
import type { Cell } from './column-mask.ts'
import { endOf, LastReply, Reply } from './replies.ts'
import { headerBytes } from './wire.ts'

/** How each output column is hidden; `null` shows it. */
export type Cells = readonly (Cell | null)[]

const spareBytes = 4_096
const nothing = Buffer.alloc(0)

/** It shows the same whether there is a value or not. */
export function hidesNull(cell: Cell): boolean {
  return cell.kind === 'fixed' && cell.hidesNull === true
}

/**
 * One reply being rewritten. Masks of the same length write over the value where it lies; from the first change of
 * a length on, everything goes into a buffer of its own, in long runs.
 */
export class Rewriter {
  readonly #bytes: Buffer
  readonly #reply: Reply
  /** Where the recorded part of the reply starts and ends, within `bytes`. */
  readonly #recordFrom: number
  readonly #recordTo: number
  #cells: Cells | undefined
  #counts: number[] = []
  readonly #masked: MaskCount[]
  #out: Buffer | undefined
  #written = 0
  /** Everything before it is in `out`. */
  #copied = 0
  /** How much longer `out` is than `bytes` was, before and behind the recorded part. */
  #shiftBefore = 0
  #shiftBehind = 0

  constructor(bytes: Buffer, reply: Reply) {
    this.#bytes = bytes
    this.#reply = reply
    this.#masked = [...reply.masked]
    const from = reply.record.length === 0 ? 0 : reply.record.byteOffset - bytes.byteOffset
    this.#recordFrom = from
    this.#recordTo = from + reply.record.length
  }

  /** Of the rows that follow. */
  columns(cells: Cells | undefined): void {
    this.#tally()
    this.#cells = cells
    this.#counts = cells === undefined ? [] : cells.map(() => 0)
  }

  /** The DataRow at `at`: number of columns, then each with its length, -1 for NULL. */
  row(at: number): void {
    const bytes = this.#bytes
    const cells = this.#cells ?? []
    const count = bytes.readUInt16BE(at + headerBytes)
    if (count !== cells.length) throw new Error('a row has other columns than its description')
    const { shift } = this
    let from = at + headerBytes + 2
    for (let column = 0; column < count; column++) {
      const length = bytes.readInt32BE(from)
      const value = from + 4
      const next = length < 0 ? value : value + length
      const cell = cells[column]
      if (cell !== null && cell !== undefined && (length >= 0 || hidesNull(cell))) {
        this.#counts[column] = (this.#counts[column] ?? 0) + 1
        if (cell.kind === 'in_place') maskInPlace(cell.how, bytes, value, next)
        else if (cell.kind === 'fixed') this.replace(from, next, cell.cell)
        else this.#substitute(from, next, cell.replace(bytes.subarray(value, next)))
      }
      from = next
    }
    this.resized(at, shift)
  }

  /** How much longer what is written by now is than what it stands for. */
  get shift(): number {
    return this.#written - this.#copied
  }

  /** Says in the header of the message at `at` how long it has become since the shift was `before`. */
  resized(at: number, before: number): void {
    const longer = this.shift - before
    if (longer !== 0) this.#out?.writeInt32BE(this.#bytes.readInt32BE(at + 1) + longer, at + before + 1)
  }

  /** The CopyData `bytes[at, next)` is done, of which what lies before `end` stays. `before`: the shift where it began. */
  end(at: number, end: number, next: number, before: number): void {
    if (end === next) return this.resized(at, before)
    // A message without data is none.
    const from = end === at + headerBytes ? at : end
    this.replace(from, next, nothing)
    if (from === end) this.resized(at, before)
  }

  replace(from: number, to: number, by: Buffer): void {
    const out = this.#gap(from, to, by.length)
    out.set(by, this.#written - by.length)
  }

  /** A cell with its length. */
  #substitute(from: number, to: number, value: Buffer): void {
    const out = this.#gap(from, to, 4 + value.length)
    const at = this.#written - value.length
    out.writeInt32BE(value.length, at - 4)
    out.set(value, at)
  }

  /** Leaves room of this length in the place of `bytes[from, to)`. */
  #gap(from: number, to: number, length: number): Buffer {
    // All that may come, unless something becomes longer: of a message that goes there is nothing to come.
    this.#out ??= Buffer.allocUnsafeSlow(this.#bytes.length - (to - from) + length + spareBytes)
    this.#copyTo(from)
    const out = this.#room(length)
    const shift = length - (to - from)
    if (to <= this.#recordFrom) this.#shiftBefore += shift
    else if (from >= this.#recordTo) this.#shiftBehind += shift
    this.#written += length
    this.#copied = to
    return out
  }

  /** What was masked in what `replace` was given. */
  add(masked: readonly MaskCount[]): void {
    this.#masked.push(...masked)
  }

  result(): Reply {
    this.#tally()
    const { bytes, record, rows } = this.#reply
    if (this.#out === undefined)
      return this.#masked.length === 0 ? this.#reply : this.#remade(bytes, record, rows)
    this.#copyTo(this.#bytes.length)
    const out = this.#out.subarray(0, this.#written)
    const shift = this.#written - this.#bytes.length - this.#shiftBehind
    const shown = out.subarray(this.#recordFrom + this.#shiftBefore, this.#recordTo + shift)
    return this.#remade(out, record.length === 0 ? record : shown, rows)
  }

  #remade(bytes: Uint8Array, record: Uint8Array, rows: number): Reply {
    const end = endOf(this.#reply)
    return end === undefined
      ? new Reply(bytes, record, rows, this.#masked)
      : new LastReply(end, bytes, record, rows, this.#masked)
  }

  #tally(): void {
    for (const [column, values] of this.#counts.entries()) {
      const cell = this.#cells?.[column]
      if (cell !== null && cell !== undefined && values > 0)
        this.#masked.push({ column: cell.column, method: cell.method, values })
    }
    this.#counts = []
  }

  #copyTo(to: number): void {
    const length = to - this.#copied
    const out = this.#room(length)
    this.#bytes.copy(out, this.#written, this.#copied, to)
    this.#written += length
    this.#copied = to
  }

  #room(length: number): Buffer {
    const needed = this.#written + length
    const out = this.#out
    if (out !== undefined && out.length >= needed) return out
    const larger = Buffer.allocUnsafeSlow(2 * needed)
    out?.copy(larger, 0, 0, this.#written)
    this.#out = larger
    return larger
  }
}

/** One message after `edit`. */
export function rewritten(message: Buffer, edit: (rewriter: Rewriter) => void): Buffer {
  const rewriter = new Rewriter(message, new Reply(message))
  edit(rewriter)
  const { bytes } = rewriter.result()
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
