import type { Clock } from './ports.ts'

export interface BudgetTerms {
  /** What may be spent at once. */
  readonly burst: number
  /** What comes back each second. */
  readonly perSecond: number
  /** Spenders that are told apart. */
  readonly knownMax: number
}

/**
 * A token bucket for each spender. Of each only the moment is kept in which its bucket is full again, so that one that is
 * full is as good as unknown and is the only kind that is forgotten: nobody gets a fresh one by making others come. When
 * there is no room, all newcomers share one.
 */
export class Budgets {
  readonly #unitMs: number
  readonly #burstMs: number
  readonly #knownMax: number
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #told: (id: string, units: number) => void
  readonly #fullAt = new Map<string, number>()
  #newcomersFullAt = -Infinity
  #sweptAt = -Infinity

  /** `told`: hears of what is spent here. */
  constructor(
    { burst, perSecond, knownMax }: BudgetTerms,
    clock: Pick<Clock, 'monotonic'>,
    told: (id: string, units: number) => void = () => {},
  ) {
    this.#unitMs = 1_000 / perSecond
    this.#burstMs = burst * this.#unitMs
    this.#knownMax = knownMax
    this.#clock = clock
    this.#told = told
  }

  /** Whether anything is left. */
  affords(id: string): boolean {
    const fullAt = this.#fullAt.get(id) ?? this.#newcomersAt()
    return fullAt - this.#clock.monotonic() + this.#unitMs <= this.#burstMs
  }

  /** Who spends more than is left owes the rest, and affords nothing until it has come back. */
  spend(id: string, units: number): void {
    this.spentElsewhere(id, units)
    this.#told(id, units)
  }

  /** The same of what another process let pass. */
  spentElsewhere(id: string, units: number): void {
    const now = this.#clock.monotonic()
    const spentUntil = (fullAt: number): number => Math.max(fullAt, now) + units * this.#unitMs
    if (this.#fullAt.has(id) || this.#hasRoom()) this.#fullAt.set(id, spentUntil(this.#fullAt.get(id) ?? now))
    else this.#newcomersFullAt = spentUntil(this.#newcomersFullAt)
  }

  get known(): number {
    return this.#fullAt.size
  }

  #newcomersAt(): number {
    return this.#hasRoom() ? -Infinity : this.#newcomersFullAt
  }

  /** Looks through all of them at most once a second. */
  #hasRoom(): boolean {
    const now = this.#clock.monotonic()
    if (this.#fullAt.size >= this.#knownMax && now - this.#sweptAt >= sweepMs) {
      this.#sweptAt = now
      for (const [id, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(id)
    }
    return this.#fullAt.size < this.#knownMax
  }
}

const sweepMs = 1_000
