/** Bytes that leave as they came, but for the parts that are replaced. Parts are told in order. */
export class Edits {
  readonly #bytes: Buffer
  /** For each part: where it begins, where it ends. */
  readonly #places: number[] = []
  readonly #instead: string[] = []

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  replace(start: number, end: number, instead: string): void {
    this.#places.push(start, end)
    this.#instead.push(instead)
  }

  /** All of it up to there. */
  upTo(end: number): Buffer {
    if (this.#instead.length === 0) return this.#bytes.subarray(0, end)
    // Three bytes are the most that one unit of a string can take.
    const units = this.#instead.reduce((sum, { length }) => sum + length, 0)
    const room = Buffer.allocUnsafe(end + 3 * units)
    let from = 0
    let at = 0
    for (const [index, instead] of this.#instead.entries()) {
      at += this.#bytes.copy(room, at, from, this.#places[2 * index])
      at += room.write(instead, at)
      from = this.#places[2 * index + 1] ?? end
    }
    at += this.#bytes.copy(room, at, from, end)
    return room.subarray(0, at)
  }
}
