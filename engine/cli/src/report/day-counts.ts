import type { DayCount } from './outliers.ts'

export const dayMs = 86_400_000

/** Days since 1970, UTC. */
export function dayOf(ms: number): number {
  return Math.floor(ms / dayMs)
}

/** Amounts by subject and day. */
export class DayCounts {
  readonly #counts = new Map<string, { readonly subject: string; readonly day: number; count: number }>()

  add(subject: string, day: number, count: number): void {
    if (count === 0) return
    const key = `${day} ${subject}`
    const known = this.#counts.get(key)
    if (known === undefined) this.#counts.set(key, { subject, day, count })
    else known.count += count
  }

  from(day: number): readonly DayCount[] {
    return [...this.#counts.values()].filter((each) => each.day >= day)
  }

  before(day: number): readonly DayCount[] {
    return [...this.#counts.values()].filter((each) => each.day < day)
  }
}
