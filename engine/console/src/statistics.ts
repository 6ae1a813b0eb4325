import type { Decision } from './feed.ts'
import { meaningOf, type Meaning } from './meaning.ts'

/** What the latest decisions come to. */
export interface Summary {
  readonly allowed: number
  readonly masked: number
  readonly denied: number
  readonly held: number
  /** Of answers that are whole, in milliseconds; `null` when there is none. */
  readonly medianMs: number | null
  readonly p95Ms: number | null
}

export function summaryOf(decisions: readonly Decision[], sinceMs: number): Summary {
  const recent = decisions.filter(({ time }) => time >= sinceMs)
  const count = (meaning: Meaning): number =>
    recent.filter((decision) => meaningOf(decision) === meaning).length
  const times = recent
    .flatMap(({ micros }) => (micros === null ? [] : [micros / 1_000]))
    .toSorted((a, b) => a - b)
  return {
    allowed: count('allow'),
    masked: count('mask'),
    denied: count('deny'),
    held: count('hold'),
    medianMs: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
  }
}

function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null
}

/** The newest of each group first; groups in the order of their newest. */
export function grouped(
  decisions: readonly Decision[],
  by: (decision: Decision) => string,
): ReadonlyMap<string, readonly Decision[]> {
  const groups = new Map<string, Decision[]>()
  for (const decision of decisions) {
    const name = by(decision)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [decision])
    else group.push(decision)
  }
  return groups
}
