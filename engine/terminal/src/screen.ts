import { drawn, isMark, isWide } from './character.ts'
import { Grid, type Cell } from './grid.ts'
import { clamp } from './measure.ts'
import { home, letters, type Pen, type Saved, type Sets } from './pen.ts'
import { Sequences, type Control, type Escape, type Told } from './sequences.ts'
import { styled } from './style.ts'

const columnsMax = 400
const rowsMax = 200

/** A grid of characters that a recording writes on. It does nothing else: there is nothing outside it to reach. */
export class Screen {
  #grid: Grid
  /** The other screen, while a full-screen program has its own. */
  #main: { readonly grid: Grid; readonly saved: Saved } | undefined
  #pen: Pen = home.pen
  #sets: Sets = letters
  #saved: Saved = home
  #top = 0
  #bottom: number
  #wraps = true
  #cursorShown = true
  /** For who says: again. */
  #latest = ''
  readonly #sequences = new Sequences()

  constructor(columns: number, rows: number) {
    this.#grid = new Grid(clamp(columns, 1, columnsMax), clamp(rows, 1, rowsMax))
    this.#bottom = this.rows - 1
  }

  get columns(): number {
    return this.#grid.columns
  }

  get rows(): number {
    return this.#grid.rows
  }

  get lines(): readonly (readonly Cell[])[] {
    return this.#grid.lines
  }

  get cursor(): { readonly row: number; readonly column: number; readonly shown: boolean } {
    const { row, column } = this.#pen
    return { row, column: Math.min(column, this.columns - 1), shown: this.#cursorShown }
  }

  /** What it shows, for who copies it or reads it aloud. */
  get text(): string {
    return this.lines
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
    const size = [clamp(columns, 1, columnsMax), clamp(rows, 1, rowsMax)] as const
    const { row, column } = this.#pen
    if (this.#main !== undefined)
      this.#main = { ...this.#main, grid: this.#main.grid.resized(...size, this.#main.saved.pen.row) }
    this.#grid = this.#grid.resized(...size, row)
    this.#top = 0
    this.#bottom = this.rows - 1
    this.#to(row - Math.max(0, row + 1 - this.rows), column)
  }

  #do(told: Told): void {
    const repeatable = this.#latest
    this.#latest = ''
    switch (told.kind) {
      case 'print':
        for (const char of told.text) this.#print(char)
        return
      case 'control':
        return this.#control(told.code)
      case 'escape':
        return this.#escape(told.code)
      case 'mode':
        for (const mode of told.modes) this.#mode(mode, told.set)
        return
      case 'csi':
        if (told.final === 'b') this.#repeat(repeatable, told.parameters[0] ?? 1)
        else this.#csi(told.final, told.parameters)
    }
  }

  #print(char: string): void {
    const shown = this.#sets.drawing[this.#sets.used] ? drawn(char) : char
    this.#put(shown)
    this.#latest = shown
  }

  #repeat(char: string, count: number): void {
    if (char !== '') for (let done = 0; done < clamp(count, 1, columnsMax); done++) this.#put(char)
  }

  #put(char: string): void {
    if (isMark(char)) return this.#mark(char)
    const width = isWide(char) ? Math.min(2, this.columns) : 1
    if (this.#pen.column + width > this.columns) {
      if (this.#wraps) this.#wrap()
      else this.#to(this.#pen.row, this.columns - width)
    }
    const { row, column, style } = this.#pen
    this.#grid.put(row, column, char, width, style)
    this.#pen = { ...this.#pen, column: column + width }
  }

  /** A cell in which a wide character has no room is empty. */
  #wrap(): void {
    const { row, column, style } = this.#pen
    if (column < this.columns) this.#grid.erase(row, column, this.columns, style)
    this.#lineFeed(0)
  }

  #mark(mark: string): void {
    const { row, column } = this.#pen
    const before = this.lines[row]?.[column - 1]
    this.#grid.mark(row, before?.char === '' ? column - 2 : column - 1, mark)
  }

  #control(code: Control): void {
    const { row, column } = this.cursor
    switch (code) {
      case '\n':
        return this.#lineFeed(column)
      case '\r':
        return this.#to(row, 0)
      case '\b':
        return this.#to(row, column - 1)
      case '\t':
        return this.#to(row, (Math.floor(column / 8) + 1) * 8)
      case '\u000e':
        this.#sets = { ...this.#sets, used: 1 }
        return
      case '\u000f':
        this.#sets = { ...this.#sets, used: 0 }
    }
  }

  #escape(code: Escape): void {
    const { row, column } = this.cursor
    switch (code) {
      case '7':
        return this.#save()
      case '8':
        return this.#restore()
      case 'D':
        return this.#lineFeed(column)
      case 'E':
        return this.#lineFeed(0)
      case 'M':
        if (row === this.#top) this.#scroll(this.#top, -1)
        else this.#to(row - 1, column)
        return
      case '(B':
      case '(0':
        this.#sets = { ...this.#sets, drawing: [code === '(0', this.#sets.drawing[1]] }
        return
      case ')B':
      case ')0':
        this.#sets = { ...this.#sets, drawing: [this.#sets.drawing[0], code === ')0'] }
    }
  }

  #mode(mode: number, set: boolean): void {
    if (mode === 7) this.#wraps = set
    if (mode === 25) this.#cursorShown = set
    if (set && (mode === 1048 || mode === 1049)) this.#save()
    if (mode === 47 || mode === 1047 || mode === 1049) this.#alternate(set)
    if (!set && (mode === 1048 || mode === 1049)) this.#restore()
  }

  /** Each screen has a saved cursor of its own. */
  #alternate(set: boolean): void {
    if (set && this.#main === undefined) {
      this.#main = { grid: this.#grid, saved: this.#saved }
      this.#grid = new Grid(this.columns, this.rows, this.#pen.style)
      this.#saved = home
    } else if (!set && this.#main !== undefined) {
      this.#grid = this.#main.grid
      this.#saved = this.#main.saved
      this.#main = undefined
    }
  }

  #save(): void {
    this.#saved = { pen: this.#pen, sets: this.#sets }
  }

  #restore(): void {
    const { row, column, style } = this.#saved.pen
    this.#pen = { row: clamp(row, 0, this.rows - 1), column: clamp(column, 0, this.columns), style }
    this.#sets = this.#saved.sets
  }

  #csi(final: string, parameters: readonly number[]): void {
    const { row, column } = this.cursor
    const [first = 0, second = 0] = parameters
    const count = clamp(first, 1, columnsMax)
    switch (final) {
      case 'm':
        this.#pen = { ...this.#pen, style: styled(this.#pen.style, parameters) }
        return
      case 'A':
        return this.#to(this.#above(row, count), column)
      case 'B':
        return this.#to(this.#below(row, count), column)
      case 'C':
      case 'a':
        return this.#to(row, column + count)
      case 'D':
        return this.#to(row, column - count)
      case 'E':
        return this.#to(this.#below(row, count), 0)
      case 'F':
        return this.#to(this.#above(row, count), 0)
      case 'G':
      case '`':
        return this.#to(row, count - 1)
      case 'd':
        return this.#to(count - 1, column)
      case 'e':
        return this.#to(row + count, column)
      case 'H':
      case 'f':
        return this.#to(count - 1, clamp(second, 1, columnsMax) - 1)
      case 's':
        return this.#save()
      case 'u':
        return this.#restore()
      case 'r':
        return this.#margins(first, second)
      case 'J':
        return this.#eraseScreen(first)
      case 'K':
        return this.#eraseLine(first)
      default:
        return this.#edit(final, count)
    }
  }

  #edit(final: string, count: number): void {
    const { row, column } = this.cursor
    const { style } = this.#pen
    switch (final) {
      case 'X':
        return this.#grid.erase(row, column, Math.min(this.columns, column + count), style)
      case 'P':
        return this.#grid.deleteCells(row, column, count, style)
      case '@':
        return this.#grid.insertCells(row, column, count, style)
      case 'S':
        return this.#scroll(this.#top, count)
      case 'T':
        return this.#scroll(this.#top, -count)
      case 'L':
      case 'M':
        if (row < this.#top || row > this.#bottom) return
        this.#scroll(row, final === 'M' ? count : -count)
        this.#to(row, 0)
    }
  }

  #margins(first: number, second: number): void {
    const top = clamp(first, 1, this.rows) - 1
    const bottom = second === 0 ? this.rows - 1 : clamp(second, 1, this.rows) - 1
    if (top >= bottom) return
    this.#top = top
    this.#bottom = bottom
    this.#to(0, 0)
  }

  /** From the cursor on (0), up to it (1), or all (2). What has scrolled out is not kept, so there is none to erase. */
  #eraseScreen(what: number): void {
    const { row } = this.cursor
    if (what > 2) return
    if (what < 2) this.#eraseLine(what)
    const [from, to] = what === 0 ? [row + 1, this.rows] : what === 1 ? [0, row] : [0, this.rows]
    for (let each = from; each < to; each++) this.#grid.erase(each, 0, this.columns, this.#pen.style)
  }

  #eraseLine(what: number): void {
    const { row, column } = this.cursor
    if (what > 2) return
    const [from, to] = what === 0 ? [column, this.columns] : what === 1 ? [0, column + 1] : [0, this.columns]
    this.#grid.erase(row, from, to, this.#pen.style)
  }

  #lineFeed(column: number): void {
    const { row } = this.#pen
    if (row === this.#bottom) {
      this.#scroll(this.#top, 1)
      this.#to(row, column)
    } else this.#to(row + 1, column)
  }

  #scroll(top: number, count: number): void {
    this.#grid.scroll(top, this.#bottom, count, this.#pen.style)
  }

  /** Who is within the margins stays there. */
  #above(row: number, count: number): number {
    return Math.max(row - count, row >= this.#top ? this.#top : 0)
  }

  #below(row: number, count: number): number {
    return Math.min(row + count, row <= this.#bottom ? this.#bottom : this.rows - 1)
  }

  #to(row: number, column: number): void {
    this.#pen = {
      ...this.#pen,
      row: clamp(row, 0, this.rows - 1),
      column: clamp(column, 0, this.columns - 1),
    }
  }
}
