import type { Answer } from './post.ts'

/** What the collector made of a request. */
export type Taken =
  | { readonly kind: 'taken'; readonly ackId: number | null }
  /** `at`: the event to blame, where it says so. */
  | { readonly kind: 'refused'; readonly reason: string; readonly at: number | null }
  | { readonly kind: 'failed'; readonly reason: string; readonly afterMs: number }

/**
 * Codes of the collector that blame an event: invalid data format, no event, an empty one, unusable fields. All
 * others are about a token, an index or a queue: they pass, or are put right by somebody.
 */
const blaming: ReadonlySet<number> = new Set([6, 12, 13, 15])
const tooLong = 413
const ackDisabled = 14

export function takenBy(answer: Answer): Taken {
  const { status, retryAfterMs: afterMs } = answer
  const words = wordsOf(answer.body)
  if (status === 200) return { kind: 'taken', ackId: numberOf(words['ackId']) }
  if (status === tooLong) return { kind: 'refused', reason: 'it answered 413', at: null }
  const code = numberOf(words['code'])
  const reason = code === null ? `it answered ${status}` : `it answered ${status}, code ${code}`
  if (code === ackDisabled) return { kind: 'failed', reason: `${reason}: ${noAck}`, afterMs }
  if (status !== 400 || code === null || !blaming.has(code)) return { kind: 'failed', reason, afterMs }
  return { kind: 'refused', reason, at: numberOf(words['invalid-event-number']) }
}

export const noAck = 'its token has no indexer acknowledgement (set ack: false to do without)'

/** Which of these the indexers have stored. */
export function acknowledgedBy(answer: Answer, ids: readonly number[]): readonly number[] {
  const { acks } = wordsOf(answer.body)
  if (typeof acks !== 'object' || acks === null) return []
  return ids.filter((id) => (acks as Record<string, unknown>)[String(id)] === true)
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null
}

function wordsOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
