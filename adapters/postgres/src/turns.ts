/**
 * What waits for one worker. Those to whom it belongs have their turns one after another, however much each has waiting; when
 * there is no more room, whoever has the most waiting gives way.
 */
export class Turns<T> {
  readonly #lines = new Map<string, T[]>()
  readonly #max: number
  #length = 0

  constructor(max: number) {
    this.#max = max
  }

  /** What finds no place by that: this, or the last of who has more waiting. */
  add(item: T, whose: string): T | undefined {
    const line = this.#lines.get(whose) ?? []
    let displaced: T | undefined
    if (this.#length >= this.#max) {
      const [longest = line] = [...this.#lines.values()].toSorted((one, other) => other.length - one.length)
      if (longest.length <= line.length + 1) return item
      displaced = longest.pop()
      this.#length--
    }
    line.push(item)
    this.#lines.set(whose, line)
    this.#length++
    return displaced
  }

  take(): T | undefined {
    const [next] = this.#lines
    if (next === undefined) return undefined
    const [whose, line] = next
    // Its next turn comes behind everybody else's.
    this.#lines.delete(whose)
    const item = line.shift()
    if (line.length > 0) this.#lines.set(whose, line)
    this.#length--
    return item
  }
}
