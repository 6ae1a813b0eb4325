import { plainStyle, type Style } from './style.ts'

export interface Cell {
  /** Empty behind a character that is two cells wide. */
  readonly char: string
  readonly style: Style
}

/** Marks on one character that are still drawn. */
const marksMax = 2

/**
 * Rows of cells, both counted from 0. Who uses it keeps within it. Lines on which nothing stands are one and the same until
 * somebody writes on them: otherwise a few bytes that clear or scroll a large screen would cost as much as all its cells.
 */
export class Grid {
  readonly columns: number
  readonly rows: number
  readonly #lines: (readonly Cell[])[]
  /** Those that are written on belong to one row alone. */
  readonly #own = new WeakSet<readonly Cell[]>()
  #empty: { readonly background: Style['background']; readonly line: readonly Cell[] } | undefined

  constructor(
    columns: number,
    rows: number,
    style: Style = plainStyle,
    lines: readonly (readonly Cell[])[] = [],
  ) {
    this.columns = columns
    this.rows = rows
    this.#lines = Array.from({ length: rows }, (_, row) => {
      const line = lines[row]
      return line === undefined ? this.#emptyLine(style) : this.#fitted(line, blank(style))
    })
  }

  get lines(): readonly (readonly Cell[])[] {
    return this.#lines
  }

  /** The same cells in another size. What is below the cursor goes first, then what is longest ago. */
  resized(columns: number, rows: number, cursorRow: number): Grid {
    const above = Math.max(0, cursorRow + 1 - rows)
    return new Grid(columns, rows, plainStyle, this.#lines.slice(above))
  }

  put(row: number, column: number, char: string, width: number, style: Style): void {
    this.#clear(row, column, column + width, style)
    const line = this.#written(row)
    line[column] = { char, style }
    if (width === 2) line[column + 1] = { char: '', style }
  }

  /** A mark belongs to the character before it. */
  mark(row: number, column: number, mark: string): void {
    const cell = this.#lines[row]?.[column]
    if (cell !== undefined && cell.char.length <= marksMax)
      this.#written(row)[column] = { ...cell, char: cell.char + mark }
  }

  /** `to` is the first column that stays. */
  erase(row: number, from: number, to: number, style: Style): void {
    if (from === 0 && to >= this.columns) {
      this.#lines[row] = this.#emptyLine(style)
      return
    }
    this.#clear(row, from, to, style)
    this.#written(row).fill(blank(style), from, to)
  }

  insertCells(row: number, column: number, count: number, style: Style): void {
    const line = this.#written(row)
    line.splice(column, 0, ...this.#blanks(count, style))
    line.length = this.columns
  }

  deleteCells(row: number, column: number, count: number, style: Style): void {
    const line = this.#written(row)
    line.splice(column, count)
    line.push(...this.#blanks(this.columns - line.length, style))
  }

  /** Up by `count` lines between `top` and `bottom`, both included; down when it is below 0. */
  scroll(top: number, bottom: number, count: number, style: Style): void {
    const [lines, empty] = [this.#lines, this.#emptyLine(style)]
    if (count > 0)
      for (let row = top; row <= bottom; row++)
        lines[row] = (row + count <= bottom ? lines[row + count] : undefined) ?? empty
    else
      for (let row = bottom; row >= top; row--)
        lines[row] = (row + count >= top ? lines[row + count] : undefined) ?? empty
  }

  /** Half of a wide character is no character. */
  #clear(row: number, from: number, to: number, style: Style): void {
    const line = this.#lines[row] ?? []
    if (line[from]?.char === '' && from > 0) this.#written(row)[from - 1] = blank(style)
    if (line[to]?.char === '') this.#written(row)[to] = blank(style)
  }

  #written(row: number): Cell[] {
    const line = this.#lines[row] ?? []
    if (this.#own.has(line)) return line as Cell[]
    const own = [...line]
    this.#own.add(own)
    this.#lines[row] = own
    return own
  }

  #emptyLine(style: Style): readonly Cell[] {
    const { background } = style
    if (this.#empty?.background !== background)
      this.#empty = { background, line: this.#fitted([], blank(style)) }
    return this.#empty.line
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
