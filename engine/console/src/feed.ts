import type { FoundExchange } from './api/shapes.ts'

/** One judged request, as the feed shows it. */
export interface Decision extends Omit<FoundExchange, 'effect' | 'rule'> {
  readonly time: number
  readonly effect: 'allow' | 'deny' | 'hold'
  readonly rule: string
}

const decisionsMax = 2_000

/** The latest decisions, and no more than is shown. An exchange comes again when more is known of it. */
export class Feed {
  /** By exchange, in the order in which they were heard of first. */
  readonly #decisions = new Map<string, Decision>()

  /** Newest first. */
  get decisions(): readonly Decision[] {
    return [...this.#decisions.values()].toReversed()
  }

  /** Oldest first. */
  take(lines: readonly FoundExchange[]): void {
    for (const line of lines) {
      const decision = decisionOf(line)
      if (decision !== null) this.#decisions.set(line.exchange, decision)
    }
    for (const oldest of this.#decisions.keys()) {
      if (this.#decisions.size <= decisionsMax) return
      this.#decisions.delete(oldest)
    }
  }
}

/** `null`: nobody has decided on it yet. */
function decisionOf(line: FoundExchange): Decision | null {
  const { effect, rule, at } = line
  if (effect !== 'allow' && effect !== 'deny' && effect !== 'hold') return null
  return { ...line, effect, rule: rule ?? '', time: Date.parse(at) }
}
