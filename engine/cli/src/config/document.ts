import { isMap, isPair, isScalar, LineCounter, parseDocument, type Document, type Node } from 'yaml'
import { ConfigError, type Problem } from './problem.ts'

export type Path = readonly (string | number)[]

/** A value whose parts can be pointed at. */
export interface Located {
  readonly value: unknown
  /** Where a part of the value stands in the file that a person wrote. */
  written(path: Path): Path
  problem(path: Path, message: string, hint?: string | null): Problem
}

/** A YAML file, and so a JSON file, that still knows where each of its values stands. */
export class ConfigDocument implements Located {
  readonly file: string
  readonly value: unknown
  readonly #document: Document.Parsed
  readonly #lines: LineCounter

  constructor(file: string, text: string) {
    this.file = file
    this.#lines = new LineCounter()
    this.#document = parseDocument(text, { lineCounter: this.#lines, uniqueKeys: true })
    const [error] = this.#document.errors
    if (error !== undefined) {
      const { line, col } = this.#lines.linePos(error.pos[0])
      const message = error.message.split('\n')[0] ?? 'not YAML'
      throw new ConfigError([{ file, line, column: col, message, hint: null }])
    }
    this.value = this.#document.toJS({ maxAliasCount: 100 }) as unknown
  }

  written(path: Path): Path {
    return path
  }

  problem(path: Path, message: string, hint: string | null = null): Problem {
    return { file: this.file, ...this.#place(path), message, hint, at: path }
  }

  /** The place of a value, or of the closest ancestor that stands in the file. */
  #place(path: Path): { line: number; column: number } {
    for (let length = path.length; length >= 0; length--) {
      const offset = this.#offset(path.slice(0, length))
      if (offset === undefined) continue
      const { line, col } = this.#lines.linePos(offset)
      return { line, column: col }
    }
    return { line: 0, column: 0 }
  }

  #offset(path: Path): number | undefined {
    const parent = path.length === 0 ? undefined : this.#document.getIn(path.slice(0, -1), true)
    const name = path.at(-1)
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === name)
      if (pair !== undefined && isScalar(pair.key)) return pair.key.range?.[0]
      return undefined
    }
    const node = this.#document.getIn(path, true) as Node | undefined
    return node?.range?.[0]
  }
}
