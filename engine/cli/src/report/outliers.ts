/** How much one subject did on one day. */
export interface DayCount {
  readonly subject: string
  /** Days since 1970, UTC. */
  readonly day: number
  readonly count: number
}

export interface Outlier extends DayCount {
  /** What is usual: of the subject's own days where there are enough, else of everybody's. */
  readonly usual: number
  readonly comparedWith: 'own days' | 'all days'
}

/** So many days of its own make a subject its own measure. */
const ownDaysMin = 7
/** Robust standard deviations above the median. */
const deviationsMin = 5
/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const normal = 1.4826

/**
 * Days that stick out: above `least`, twice what is usual, and far outside its spread (median and median absolute
 * deviation, which single days do not move). The days that are looked at are not part of what they are compared with.
 */
export function outliers(
  looked: readonly DayCount[],
  before: readonly DayCount[],
  least: number,
): readonly Outlier[] {
  const own = Map.groupBy(before, ({ subject }) => subject)
  const all = before.map(({ count }) => count)
  return looked
    .flatMap((day): readonly Outlier[] => {
      const mine = own.get(day.subject)?.map(({ count }) => count) ?? []
      const comparedWith = mine.length >= ownDaysMin ? 'own days' : 'all days'
      const others = comparedWith === 'own days' ? mine : all
      const usual = median(others)
      const spread = normal * median(others.map((count) => Math.abs(count - usual)))
      const isOut = day.count >= Math.max(least, 2 * usual) && day.count > usual + deviationsMin * spread
      return isOut ? [{ ...day, usual, comparedWith }] : []
    })
    .toSorted((a, b) => b.count - a.count)
}

/** 0 of nothing. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}
