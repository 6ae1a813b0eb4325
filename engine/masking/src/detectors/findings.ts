import type { Detector, Span } from '../detector.ts'

/** A stretch of text in which at least one detector found something. */
export interface Finding extends Span {
  /** All that found something in it, the longest find first: what is shown of it must please each of them. */
  readonly detectors: readonly string[]
}

/** What one of them found. */
export interface Found extends Span {
  readonly name: string
}

export function findings(text: string, detectors: readonly Detector[]): readonly Finding[] {
  return unite(
    detectors.flatMap((detector) => detector.find(text).map((span) => ({ ...span, name: detector.name }))),
  )
}

/** In order and without overlaps: finds that overlap are one, so that nothing of either stays behind. */
export function unite(found: readonly Found[]): readonly Finding[] {
  const result: Finding[] = []
  let group: Found[] = []
  let reach = 0
  for (const span of found.toSorted((one, other) => one.start - other.start)) {
    if (span.start >= reach && group.length > 0) {
      result.push(asOne(group, reach))
      group = []
    }
    group.push(span)
    reach = Math.max(reach, span.end)
  }
  if (group.length > 0) result.push(asOne(group, reach))
  return result
}

function asOne(group: readonly Found[], end: number): Finding {
  const longestFirst = group.toSorted((one, other) => length(other) - length(one))
  const detectors = [...new Set(longestFirst.map(({ name }) => name))]
  return { start: group[0]?.start ?? end, end, detectors }
}

function length({ start, end }: Span): number {
  return end - start
}
