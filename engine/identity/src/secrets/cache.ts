import type { Clock } from '@sluice/core'
import { always, type Fetched, type SecretManager } from './manager.ts'
import type { Reading } from './source.ts'

/**
 * How long the answer for a secret without a lease serves whoever reads it each time, such as an exporter. A target's
 * credential is kept beyond that, until the target refuses it.
 */
const keptMs = 60_000

interface Held {
  readonly answer: Promise<Fetched>
  /** Monotonic; of what is still being asked for, endless. */
  untilMs: number
}

/** What a manager gave out, by path: several who ask at once share one question, and a failure is not remembered. */
export class Cache {
  readonly #manager: SecretManager
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #held = new Map<string, Held>()
  readonly #asking = new Set<Held>()

  constructor(manager: SecretManager, clock: Pick<Clock, 'monotonic'>) {
    this.#manager = manager
    this.#clock = clock
  }

  async fetch(path: string, reading: Reading): Promise<Fetched> {
    const held = this.#held.get(path)
    if (held === undefined) return this.#ask(path)
    if (this.#asking.has(held)) return held.answer
    if (reading === 'anew' || this.#clock.monotonic() >= held.untilMs) return this.#ask(path)
    const fetched = await held.answer
    return fetched.live() ? fetched : this.fetch(path, 'anew')
  }

  #ask(path: string): Promise<Fetched> {
    const before = this.#held.get(path)?.answer
    const held: Held = { answer: this.#manager.fetch(path), untilMs: Infinity }
    this.#held.set(path, held)
    this.#asking.add(held)
    held.answer
      .then(
        ({ live }) => {
          // What has a lease says itself when it is over.
          if (live === always) held.untilMs = this.#clock.monotonic() + keptMs
          void before?.then(
            ({ leave }) => leave?.(),
            () => {},
          )
        },
        () => {
          if (this.#held.get(path) === held) this.#held.delete(path)
        },
      )
      .finally(() => this.#asking.delete(held))
    return held.answer
  }
}
