import { Sequences, type Told } from './sequences.ts'
import { plainStyle, styled, type Style } from './style.ts'

export interface Cell {
  /** Empty behind a character that is two cells wide. */
  readonly char: string
  readonly style: Style
}

const blank: Cell = { char: ' ', style: plainStyle }
const columnsMax = 400
const rowsMax = 200
/** Marks on one character that are still drawn. */
const marksMax = 2

/** A grid of characters that a recording writes on. It does nothing else: there is nothing outside it to reach. */
export class Screen {
  columns: number
  rows: number
  #lines: Cell[][]
  #row = 0
  #column = 0
  #style: Style = plainStyle
  #sequences = new Sequences()

  constructor(columns: number, rows: number) {
    this.columns = clamp(columns, 1, columnsMax)
    this.rows = clamp(rows, 1, rowsMax)
    this.#lines = Array.from({ length: this.rows }, () => this.#emptyLine())
  }

  get lines(): readonly (readonly Cell[])[] {
    return this.#lines
  }

  get cursor(): { readonly row: number; readonly column: number } {
    return { row: this.#row, column: Math.min(this.#column, this.columns - 1) }
  }

  /** What it shows, for who copies it or reads it aloud. */
  get text(): string {
    return this.#lines
      .map((line) =>
        line
          .map(({ char }) => char)
          .join('')
          .trimEnd(),
      )
      .join('\n')
      .trimEnd()
  }

  write(text: string): void {
    for (const told of this.#sequences.take(text)) this.#do(told)
  }

  resize(columns: number, rows: number): void {
    this.columns = clamp(columns, 1, columnsMax)
    const wanted = clamp(rows, 1, rowsMax)
    this.#lines = this.#lines.map((line) => [...line, ...this.#emptyLine()].slice(0, this.columns))
    // What is below the cursor goes first, then what is longest ago.
    while (this.#lines.length > wanted) {
      if (this.#row < this.#lines.length - 1) this.#lines.pop()
      else this.#row -= this.#lines.shift() === undefined ? 0 : 1
    }
    while (this.#lines.length < wanted) this.#lines.push(this.#emptyLine())
    this.rows = wanted
    this.#column = clamp(this.#column, 0, this.columns - 1)
  }

  #do(told: Told): void {
    switch (told.kind) {
      case 'print':
        for (const char of told.text) this.#put(char)
        return
      case 'control':
        return this.#control(told.code)
      case 'csi':
        return this.#csi(told.final, told.parameters)
    }
  }

  #put(char: string): void {
    if (/\p{M}/u.test(char)) return this.#onto(char)
    const width = isWide(char) ? 2 : 1
    if (this.#column + width > this.columns) {
      this.#column = 0
      this.#lineFeed()
    }
    const line = this.#line()
    line[this.#column] = { char, style: this.#style }
    if (width === 2 && this.#column + 1 < this.columns)
      line[this.#column + 1] = { char: '', style: this.#style }
    this.#column += width
  }

  /** A mark belongs to the character before it. */
  #onto(mark: string): void {
    const line = this.#line()
    const at = this.#column - 1
    const cell = line[at]
    if (cell !== undefined && cell.char.length <= marksMax) line[at] = { ...cell, char: cell.char + mark }
  }

  #control(code: '\n' | '\r' | '\b' | '\t'): void {
    if (code === '\n') this.#lineFeed()
    else if (code === '\r') this.#column = 0
    else if (code === '\b') this.#column = Math.max(0, this.#column - 1)
    else this.#column = Math.min(this.columns - 1, (Math.floor(this.#column / 8) + 1) * 8)
  }

  #csi(final: string, parameters: readonly number[]): void {
    const first = parameters[0] ?? 0
    const count = clamp(first, 1, Math.max(columnsMax, rowsMax))
    switch (final) {
      case 'm':
        this.#style = styled(this.#style, parameters)
        return
      case 'A':
        return this.#to(this.#row - count, this.#column)
      case 'B':
        return this.#to(this.#row + count, this.#column)
      case 'C':
        return this.#to(this.#row, this.#column + count)
      case 'D':
        return this.#to(this.#row, this.#column - count)
      case 'E':
        return this.#to(this.#row + count, 0)
      case 'F':
        return this.#to(this.#row - count, 0)
      case 'G':
        return this.#to(this.#row, count - 1)
      case 'd':
        return this.#to(count - 1, this.#column)
      case 'H':
      case 'f':
        return this.#to(count - 1, Math.max(1, parameters[1] ?? 1) - 1)
      case 'J':
        return this.#eraseScreen(first)
      case 'K':
        return this.#eraseLine(first)
      default:
        return this.#edit(final, count)
    }
  }

  #edit(final: string, count: number): void {
    const line = this.#line()
    const blanks = Array.from({ length: Math.min(count, this.columns) }, () => blank)
    switch (final) {
      case 'X':
        line.splice(this.#column, blanks.length, ...blanks)
        break
      case 'P':
        line.splice(this.#column, blanks.length)
        line.push(...blanks)
        break
      case '@':
        line.splice(this.#column, 0, ...blanks)
        break
      case 'L':
        for (let done = 0; done < Math.min(count, this.rows); done++)
          this.#lines.splice(this.#row, 0, this.#emptyLine())
        break
      case 'M':
        this.#lines.splice(this.#row, Math.min(count, this.rows))
        break
      case 'S':
        this.#lines.splice(0, Math.min(count, this.rows))
        break
      case 'T':
        for (let done = 0; done < Math.min(count, this.rows); done++) this.#lines.unshift(this.#emptyLine())
        break
    }
    line.length = Math.min(line.length, this.columns)
    while (line.length < this.columns) line.push(blank)
    this.#lines.length = Math.min(this.#lines.length, this.rows)
    while (this.#lines.length < this.rows) this.#lines.push(this.#emptyLine())
  }

  #eraseScreen(what: number): void {
    if (what === 0) this.#eraseLine(0)
    if (what === 1) this.#eraseLine(1)
    const [from, to] = what === 0 ? [this.#row + 1, this.rows] : what === 1 ? [0, this.#row] : [0, this.rows]
    for (let row = from; row < to; row++) this.#lines[row] = this.#emptyLine()
  }

  #eraseLine(what: number): void {
    const [from, to] =
      what === 0 ? [this.#column, this.columns] : what === 1 ? [0, this.#column + 1] : [0, this.columns]
    const line = this.#line()
    for (let column = from; column < to; column++) line[column] = blank
  }

  #to(row: number, column: number): void {
    this.#row = clamp(row, 0, this.rows - 1)
    this.#column = clamp(column, 0, this.columns - 1)
  }

  #lineFeed(): void {
    if (this.#row < this.rows - 1) {
      this.#row += 1
      return
    }
    this.#lines.shift()
    this.#lines.push(this.#emptyLine())
  }

  #line(): Cell[] {
    const line = this.#lines[this.#row] ?? this.#emptyLine()
    this.#lines[this.#row] = line
    return line
  }

  #emptyLine(): Cell[] {
    return Array.from({ length: this.columns }, () => blank)
  }
}

function clamp(value: number, least: number, most: number): number {
  return Number.isFinite(value) ? Math.min(most, Math.max(least, Math.trunc(value))) : least
}

/** East Asian scripts and pictures, as terminals count them (UAX 11, wide and full width). */
function isWide(char: string): boolean {
  return /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f9ff}\u{20000}-\u{3fffd}]/u.test(
    char,
  )
}
