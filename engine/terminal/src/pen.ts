import { plainStyle, type Style } from './style.ts'

/** Where the next character is written, and how it looks. */
export interface Pen {
  /** One behind the last column: the next character begins a line. */
  readonly column: number
  readonly row: number
  readonly style: Style
}

/** Which of the two sets of characters is in use, and which of them draws lines. */
export interface Sets {
  readonly used: 0 | 1
  readonly drawing: readonly [first: boolean, second: boolean]
}

export interface Saved {
  readonly pen: Pen
  readonly sets: Sets
}

export const letters: Sets = { used: 0, drawing: [false, false] }
export const home: Saved = { pen: { row: 0, column: 0, style: plainStyle }, sets: letters }
