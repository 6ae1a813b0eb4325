import { pause, type Clock, type Ids } from '@sluice/core'
import { limits } from './limits.ts'

/** Pauses that double up to a bound, each somewhere between its half and its whole: many agents do not come at once. */
export class Backoff {
  readonly #clock: Pick<Clock, 'after'>
  readonly #ids: Pick<Ids, 'random32'>
  #ms: number = limits.retryMs

  constructor({ clock, ids }: { readonly clock: Pick<Clock, 'after'>; readonly ids: Pick<Ids, 'random32'> }) {
    this.#clock = clock
    this.#ids = ids
  }

  reset(): void {
    this.#ms = limits.retryMs
  }

  /** `ms`: instead of the next one in the row. Ends at once when the signal aborts. */
  async pause(signal: AbortSignal, ms?: number): Promise<void> {
    const whole = ms ?? this.#ms
    if (ms === undefined) this.#ms = Math.min(2 * this.#ms, limits.retryMsMax)
    const share = 0.5 + (this.#ids.random32() >>> 0) / 2 ** 33
    await pause(whole * share, this.#clock, signal)
  }
}
