import { Undecodable } from '@sluice/masking'

/** Where the fields of one row begin and end, and how far it was read if its end has not come yet. */
export class Fields {
  count = 0
  /** Where the field begins in which reading stopped, and where it goes on; -1 where it begins. */
  #begun = -1
  #read = -1
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
    this.#begun = -1
    this.#read = -1
  }

  /** The row does not end yet: reading the field that begins at `from` goes on at `at`. Gives -1. */
  stop(from: number, at: number): -1 {
    this.#begun = from
    this.#read = at
    return -1
  }

  /** Where the field begins with which reading goes on, in the row at `row`. */
  begun(row: number): number {
    return this.#begun < 0 ? row : this.#begun
  }

  /** Where reading goes on in the field at `field`. */
  read(field: number): number {
    return Math.max(field, this.#read)
  }

  /** What was read lies elsewhere now. */
  move(by: number): void {
    for (let at = 0; at < 2 * this.count; at++) this.#places[at] = (this.#places[at] ?? 0) + by
    if (this.#begun >= 0) this.stop(this.#begun + by, this.#read + by)
  }
}
