import { plainStyle, type Style } from './style.ts'

export interface Cell {
  /** Empty behind a character that is two cells wide. */
  readonly char: string
  readonly style: Style
}

/** Marks on one character that are still drawn. */
const marksMax = 2

/** Rows of cells, both counted from 0. Who uses it keeps within it. */
export class Grid {
  readonly columns: number
  readonly rows: number
  readonly lines: Cell[][]

  constructor(
    columns: number,
    rows: number,
    style: Style = plainStyle,
    lines: readonly (readonly Cell[])[] = [],
  ) {
    this.columns = columns
    this.rows = rows
    this.lines = Array.from({ length: rows }, (_, row) => this.#fitted(lines[row] ?? [], blank(style)))
  }

  /** The same cells in another size. What is below the cursor goes first, then what is longest ago. */
  resized(columns: number, rows: number, cursorRow: number): Grid {
    const above = Math.max(0, cursorRow + 1 - rows)
    return new Grid(columns, rows, plainStyle, this.lines.slice(above))
  }

  put(row: number, column: number, char: string, width: number, style: Style): void {
    this.#clear(row, column, column + width, style)
    const line = this.lines[row] ?? []
    line[column] = { char, style }
    if (width === 2) line[column + 1] = { char: '', style }
  }

  /** A mark belongs to the character before it. */
  mark(row: number, column: number, mark: string): void {
    const line = this.lines[row] ?? []
    const cell = line[column]
    if (cell !== undefined && cell.char.length <= marksMax) line[column] = { ...cell, char: cell.char + mark }
  }

  /** `to` is the first column that stays. */
  erase(row: number, from: number, to: number, style: Style): void {
    this.#clear(row, from, to, style)
    this.lines[row]?.fill(blank(style), from, to)
  }

  insertCells(row: number, column: number, count: number, style: Style): void {
    const line = this.lines[row] ?? []
    line.splice(column, 0, ...this.#blanks(count, style))
    line.length = this.columns
  }

  deleteCells(row: number, column: number, count: number, style: Style): void {
    const line = this.lines[row] ?? []
    line.splice(column, count)
    line.push(...this.#blanks(this.columns - line.length, style))
  }

  /** Up by `count` lines between `top` and `bottom`, both included; down when it is below 0. */
  scroll(top: number, bottom: number, count: number, style: Style): void {
    const lines = Math.min(Math.abs(count), bottom - top + 1)
    const empty = Array.from({ length: lines }, () => this.#blanks(this.columns, style))
    this.lines.splice(count > 0 ? top : bottom - lines + 1, lines)
    this.lines.splice(count > 0 ? bottom - lines + 1 : top, 0, ...empty)
  }

  /** Half of a wide character is no character. */
  #clear(row: number, from: number, to: number, style: Style): void {
    const line = this.lines[row] ?? []
    if (line[from]?.char === '' && from > 0) line[from - 1] = blank(style)
    if (line[to]?.char === '') line[to] = blank(style)
  }

  #blanks(count: number, style: Style): Cell[] {
    return Array.from({ length: Math.min(count, this.columns) }, () => blank(style))
  }

  #fitted(line: readonly Cell[], filler: Cell): Cell[] {
    return Array.from({ length: this.columns }, (_, column) => line[column] ?? filler)
  }
}

/** What is erased has the background that is in force. */
function blank({ background }: Style): Cell {
  return background === null ? plainBlank : { char: ' ', style: { ...plainStyle, background } }
}

const plainBlank: Cell = { char: ' ', style: plainStyle }
