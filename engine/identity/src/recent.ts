import type { Clock } from '@sluice/core'

/** What was put lately, by secret id. The oldest makes room, so that a flood delays people and fills nothing. */
export class Recent<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly until: number }>()
  readonly #clock: Clock
  readonly #lifeMs: number
  readonly #max: number

  constructor(clock: Clock, lifeMs: number, max: number) {
    this.#clock = clock
    this.#lifeMs = lifeMs
    this.#max = max
  }

  put(id: string, value: Value): void {
    const now = this.#clock.monotonic()
    for (const [known, { until }] of this.#entries) {
      if (until > now && this.#entries.size < this.#max) break
      this.#entries.delete(known)
    }
    this.#entries.set(id, { value, until: now + this.#lifeMs })
  }

  get(id: string): Value | undefined {
    const entry = this.#entries.get(id)
    return entry !== undefined && entry.until > this.#clock.monotonic() ? entry.value : undefined
  }

  /** Once: it is gone after. */
  take(id: string): Value | undefined {
    const value = this.get(id)
    this.#entries.delete(id)
    return value
  }
}
