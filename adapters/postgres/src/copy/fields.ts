import { Undecodable } from '@sluice/masking'

/** Where the fields of one row begin and end. */
export class Fields {
  count = 0
  readonly #columns: number
  readonly #places: Int32Array

  /** `columns`: a row with more of them throws `Undecodable`. */
  constructor(columns: number) {
    this.#columns = columns
    this.#places = new Int32Array(2 * columns)
  }

  add(from: number, to: number): void {
    if (this.count === this.#columns) throw new Undecodable('row of COPY')
    this.#places[2 * this.count] = from
    this.#places[2 * this.count + 1] = to
    this.count++
  }

  from(column: number): number {
    return this.#places[2 * column] ?? 0
  }

  to(column: number): number {
    return this.#places[2 * column + 1] ?? 0
  }

  clear(): void {
    this.count = 0
  }
}
