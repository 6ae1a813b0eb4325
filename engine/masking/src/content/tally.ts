import type { MaskCount } from '@sluice/core'

type Count = { -readonly [Field in keyof MaskCount]: MaskCount[Field] }

/** How many values were masked since it was last asked. */
export class Tally {
  /** Few: one for each rule and method. */
  #counts: Count[] = []

  add(column: string, method: string): void {
    for (const count of this.#counts)
      if (count.method === method && count.column === column) {
        count.values++
        return
      }
    this.#counts.push({ column, method, values: 1 })
  }

  take(): readonly MaskCount[] {
    const counts = this.#counts
    this.#counts = []
    return counts
  }
}
