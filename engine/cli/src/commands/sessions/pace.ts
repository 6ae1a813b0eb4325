import { setTimeout as pause } from 'node:timers/promises'

export interface PaceOptions {
  /** How many times as fast as it was; `null`: at once. */
  readonly speed: number | null
  /** Longer waits are cut to this; `null`: they are as long as they were. */
  readonly maxIdleMs: number | null
  /** Nothing waits for what was before. */
  readonly fromMs: number
}

/** Gives what happened its time again. What comes after its turn does not wait. */
export class Pace {
  readonly #options: PaceOptions
  readonly #signal: AbortSignal
  #latestMs: number
  #due: number | undefined

  constructor(options: PaceOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
    this.#latestMs = options.fromMs
  }

  /** Waits until it is the turn of what happened at that time. Rejects when the signal aborts. */
  async turn(atMs: number): Promise<void> {
    const { speed, maxIdleMs } = this.#options
    if (speed === null || atMs < this.#options.fromMs) return
    const gapMs = Math.min(Math.max(0, atMs - this.#latestMs), maxIdleMs ?? Infinity)
    this.#latestMs = Math.max(atMs, this.#latestMs)
    this.#due = (this.#due ?? performance.now()) + gapMs / speed
    const waitMs = this.#due - performance.now()
    if (waitMs > 0) await pause(waitMs, undefined, { signal: this.#signal })
  }
}
