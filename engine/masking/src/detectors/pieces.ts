import type { Span } from '../detector.ts'

/** What is longer than a value can be is found all the same, in pieces that are not. */
export function pieces({ start, end }: Span, charsMax: number): readonly Span[] {
  return Array.from({ length: Math.ceil((end - start) / charsMax) }, (_, index) => ({
    start: start + index * charsMax,
    end: Math.min(end, start + (index + 1) * charsMax),
  }))
}
