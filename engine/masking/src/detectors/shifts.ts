/** How much further behind a character stands in the original text than in one that was made of it: only where that changes. */
export class Shifts {
  #from = [0]
  #shift = [0]

  /** From `original` on, all stands so much further behind than before. */
  add(original: number, more: number): void {
    if (more === 0) return
    const shift = (this.#shift.at(-1) ?? 0) + more
    this.#from.push(original - shift)
    this.#shift.push(shift)
  }

  at(index: number): number {
    return this.#shift[this.#placeOf(index)] ?? 0
  }

  /** Nobody asks any more for what stands before it. */
  forget(index: number): void {
    const place = this.#placeOf(index)
    if (place < forgottenMin) return
    this.#from = this.#from.slice(place)
    this.#shift = this.#shift.slice(place)
  }

  #placeOf(index: number): number {
    let low = 0
    let high = this.#from.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((this.#from[middle] ?? 0) <= index) low = middle
      else high = middle
    }
    return low
  }
}

/** Fewer are not worth a copy of the rest. */
const forgottenMin = 256
