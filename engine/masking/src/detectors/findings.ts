import type { Detector, Span } from '../detector.ts'

/** A stretch of text in which at least one detector found something. */
export interface Finding extends Span {
  /** All that found something in it, the longest find first: what is shown of it must please each of them. */
  readonly detectors: readonly string[]
}

interface Found extends Span {
  readonly name: string
}

/** In order and without overlaps: finds that overlap are one, so that nothing of either stays behind. */
export function findings(text: string, detectors: readonly Detector[]): readonly Finding[] {
  const found = detectors
    .flatMap((detector) => detector.find(text).map((span): Found => ({ ...span, name: detector.name })))
    .toSorted((one, other) => one.start - other.start)
  const result: Finding[] = []
  let group: Found[] = []
  let reach = 0
  for (const span of found) {
    if (span.start >= reach && group.length > 0) {
      result.push(united(group, reach))
      group = []
    }
    group.push(span)
    reach = Math.max(reach, span.end)
  }
  if (group.length > 0) result.push(united(group, reach))
  return result
}

function united(group: readonly Found[], end: number): Finding {
  const longestFirst = group.toSorted((one, other) => length(other) - length(one))
  const detectors = [...new Set(longestFirst.map(({ name }) => name))]
  return { start: group[0]?.start ?? end, end, detectors }
}

function length({ start, end }: Span): number {
  return end - start
}
