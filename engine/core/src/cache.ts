interface Entry<Value> {
  readonly value: Value
  readonly chars: number
}

/**
 * A bounded map in two generations: when the young one is full it becomes the old one, and what was in the old one
 * and not asked for since is forgotten. Both operations take constant time, and memory never exceeds two
 * generations. Never throws.
 */
export class GenerationCache<Value> {
  readonly #entriesMax: number
  readonly #charsMax: number
  #young = new Map<string, Entry<Value>>()
  #old = new Map<string, Entry<Value>>()
  #chars = 0

  /** Bounds of one generation: its entries, and the characters of their keys and values. */
  constructor(entriesMax: number, charsMax: number) {
    this.#entriesMax = entriesMax
    this.#charsMax = charsMax
  }

  get(key: string): Value | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young.value
    const old = this.#old.get(key)
    if (old !== undefined) this.#keep(key, old)
    return old?.value
  }

  /** `valueChars` is what the value takes, in characters of its text. What is above a whole generation is not kept. */
  set(key: string, value: Value, valueChars = 0): void {
    this.#keep(key, { value, chars: key.length + valueChars })
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  #keep(key: string, entry: Entry<Value>): void {
    const before = this.#young.get(key)
    if (before !== undefined) this.#forget(key, before)
    this.#old.delete(key)
    if (entry.chars > this.#charsMax) return
    if (this.#young.size >= this.#entriesMax || this.#chars + entry.chars > this.#charsMax) {
      this.#old = this.#young
      this.#young = new Map()
      this.#chars = 0
    }
    this.#chars += entry.chars
    this.#young.set(key, entry)
  }

  #forget(key: string, { chars }: Entry<Value>): void {
    this.#young.delete(key)
    this.#chars -= chars
  }
}
