import { isHidden, plainStyle, type Cell, type Screen, type Style } from '@sluice/terminal'
import { printable } from '../../printable.ts'

/** How large the terminal of who looks on is. */
export interface Window {
  readonly columns: number
  readonly rows: number
}

/**
 * Paints the screen of a recording on a real terminal. Nothing that a host printed is passed on: places, looks and
 * characters of cells are written anew, and no other sequence is in here, so that no recording can say anything to the
 * terminal, whatever it holds.
 */
export class Painter {
  #painted: string[] = []
  #size = ''

  /** A screen of its own, in which lines that are too long do not wrap. */
  enter(): string {
    this.#painted = []
    return '\u001b[?1049h\u001b[?7l\u001b[0m\u001b[2J'
  }

  leave(): string {
    return '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l'
  }

  /** What differs from what was painted before; `status` goes below it. */
  frame(screen: Screen, window: Window, status: string): string {
    const size = `${window.columns}x${window.rows}`
    const again = this.#size === size ? '' : '\u001b[0m\u001b[2J'
    if (again !== '') this.#painted = []
    this.#size = size
    const { row, column, shown } = screen.cursor
    // Of what is too tall, the part with the cursor.
    const first = Math.max(0, row + 2 - window.rows)
    const lines = Array.from({ length: window.rows - 1 }, (_, at) =>
      lineText(screen.lines[first + at] ?? [], window.columns),
    )
    const bottom = `\u001b[7m${fitted(status, window.columns)}`
    const changed = [...lines, bottom].map((line, at) => this.#line(at, line)).join('')
    const cursor = shown && column < window.columns ? '\u001b[?25h' : '\u001b[?25l'
    return `${again}${changed}\u001b[0m${at(row - first, Math.min(column, window.columns - 1))}${cursor}`
  }

  #line(row: number, line: string): string {
    if (this.#painted[row] === line) return ''
    this.#painted[row] = line
    return `${at(row, 0)}\u001b[0m\u001b[2K${line}`
  }
}

function at(row: number, column: number): string {
  return `\u001b[${row + 1};${column + 1}H`
}

function lineText(line: readonly Cell[], columns: number): string {
  let text = ''
  let style = plainStyle
  // What is blank to the end was erased already.
  for (const cell of line.slice(0, Math.min(columns, lengthOf(line)))) {
    if (cell.style !== style) text += lookOf(cell.style)
    style = cell.style
    text += characters(cell.char)
  }
  return text
}

function lengthOf(line: readonly Cell[]): number {
  return line.findLastIndex(({ char, style }) => char !== ' ' || style !== plainStyle) + 1
}

/** A screen holds nothing else; should it ever, it is no terminal's to obey. */
function characters(char: string): string {
  return char.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\ufffd')
}

function fitted(text: string, columns: number): string {
  const characters = Array.from(printable(text).toWellFormed()).slice(0, columns)
  return characters.join('') + ' '.repeat(columns - characters.length)
}

/** Select graphic rendition. A text in the colour of its ground would be hidden: it is shown in inverse. */
function lookOf(style: Style): string {
  const { foreground, background, bold, dim, italic, underline, inverse, strike } = style
  const hidden = isHidden(style)
  const codes = [
    0,
    ...(bold ? [1] : []),
    ...(dim ? [2] : []),
    ...(italic ? [3] : []),
    ...(underline ? [4] : []),
    ...(inverse || hidden ? [7] : []),
    ...(strike ? [9] : []),
    ...(hidden ? [] : [...colour(38, foreground), ...colour(48, background)]),
  ]
  return `\u001b[${codes.join(';')}m`
}

function colour(code: 38 | 48, value: Style['foreground']): readonly number[] {
  if (value === null) return []
  if (typeof value === 'number') return [code, 5, value]
  const rgb = Number.parseInt(value.slice(1), 16)
  return [code, 2, (rgb >> 16) & 0xff, (rgb >> 8) & 0xff, rgb & 0xff]
}
