import { limits } from '@sluice/core'

/** What a destination is to be told now. */
export type Step =
  { readonly kind: 'each' } | { readonly kind: 'digest' } | { readonly kind: 'wait'; readonly ms: number }

/**
 * How often one destination is told something. Whoever makes requests must not be able to bury the one that matters
 * under the others, nor to tire people until they approve: above a number within a window there are only digests.
 * Times of a clock that never steps back.
 */
export class Pace {
  #sent: readonly number[] = []
  #digest = -Infinity

  /** `count` notices wait; `urgent`: an alarm is among them. */
  step(count: number, urgent: boolean, now: number): Step {
    const { noticesPerWindowMax, noticeWindowMs, noticeAlarmWaitMs } = limits
    const recent = this.#recent(now)
    if (recent.length + count <= noticesPerWindowMax) return { kind: 'each' }
    const [oldest] = recent
    const isFull = recent.length >= noticesPerWindowMax && oldest !== undefined
    const free = Math.max(this.#digest, isFull ? oldest : -Infinity) + noticeWindowMs
    const at = urgent ? Math.min(free, (recent.at(-1) ?? -Infinity) + noticeAlarmWaitMs) : free
    return at > now ? { kind: 'wait', ms: at - now } : { kind: 'digest' }
  }

  sent(kind: 'notice' | 'digest', now: number): void {
    this.#sent = [...this.#recent(now), now]
    if (kind === 'digest') this.#digest = now
  }

  #recent(now: number): readonly number[] {
    return this.#sent.filter((at) => at > now - limits.noticeWindowMs)
  }
}
