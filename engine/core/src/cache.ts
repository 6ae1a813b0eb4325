/**
 * A bounded map in two generations: when the young one is full it becomes the old one, and what was in the old one
 * and not asked for since is forgotten. Both operations take constant time, and memory never exceeds two
 * generations. Never throws.
 */
export class GenerationCache<Value> {
  readonly #entriesMax: number
  readonly #charsMax: number
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()
  #chars = 0

  /** Bounds of one generation: its entries, and the characters of their keys. */
  constructor(entriesMax: number, charsMax: number) {
    this.#entriesMax = entriesMax
    this.#charsMax = charsMax
  }

  get(key: string): Value | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: string, value: Value): void {
    if (key.length > this.#charsMax) return
    const full = this.#young.size >= this.#entriesMax || this.#chars + key.length > this.#charsMax
    if (full && !this.#young.has(key)) {
      this.#old = this.#young
      this.#young = new Map()
      this.#chars = 0
    }
    if (!this.#young.has(key)) this.#chars += key.length
    this.#young.set(key, value)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }
}
