import { refusal, Refused, type Clock } from '@sluice/core'
import { bounds } from './bounds.ts'

/**
 * How long strangers may keep this process from everything else: to read and verify what they send takes its one thread.
 * What was used comes back slowly, so that a flood delays people who log in and nobody else.
 */
export class Effort {
  readonly #clock: Pick<Clock, 'monotonic'>
  #leftMs: number = bounds.effortMsMax
  #atMs: number

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
    this.#atMs = clock.monotonic()
  }

  /** Throws `Refused` when nothing is left. */
  async of<Result>(work: () => Promise<Result>): Promise<Result> {
    const began = this.#clock.monotonic()
    this.#leftMs = Math.min(bounds.effortMsMax, this.#leftMs + (began - this.#atMs) * bounds.effortPart)
    this.#atMs = began
    if (this.#leftMs <= 0) throw new Refused(busy)
    try {
      return await work()
    } finally {
      this.#leftMs -= this.#clock.monotonic() - began
    }
  }
}

const busy = refusal(
  'too_many',
  'identity/saml_busy',
  'Too many people log in at once: try again in a moment.',
)
