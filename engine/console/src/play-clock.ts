import type { Content, Replayed } from './replay.ts'

/** Waits longer than this are cut short when a recording is played. */
const pauseMsMax = 2_000

/** When each moment of a recording comes in a replay without its long waits, in milliseconds from its beginning. */
export interface PlayClock {
  readonly endMs: number
  /** Of a moment that is in the recording. */
  readonly of: (at: string) => number
}

/** By everything that happened: a stream of events is played as it came, not at once. */
export function playClock(items: readonly Replayed[]): PlayClock {
  const moments = new Set(items.flatMap(momentsOf))
  const played = new Map<number, number>()
  let [last, at] = [NaN, 0]
  for (const moment of [...moments].toSorted((a, b) => a - b)) {
    if (!Number.isNaN(last)) at += Math.min(pauseMsMax, moment - last)
    played.set(moment, at)
    last = moment
  }
  return { endMs: at, of: (time) => played.get(Date.parse(time)) ?? 0 }
}

function momentsOf(item: Replayed): readonly number[] {
  const inside = item.kind === 'note' ? [] : [...item.sent.parts, ...item.seen.parts]
  return [item, ...inside].map(({ at }) => Date.parse(at)).filter((time) => !Number.isNaN(time))
}

/** What there was to see at a moment of the replay. */
export function playedUntil(items: readonly Replayed[], clock: PlayClock, ms: number): readonly Replayed[] {
  const isThere = ({ at }: { readonly at: string }): boolean => clock.of(at) <= ms
  const cut = (content: Content): Content => ({ ...content, parts: content.parts.filter(isThere) })
  return items
    .filter(isThere)
    .map((item) => (item.kind === 'note' ? item : { ...item, sent: cut(item.sent), seen: cut(item.seen) }))
}
