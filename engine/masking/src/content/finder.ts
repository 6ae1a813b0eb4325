import type { Detector, Span } from '../detector.ts'
import type { Tally } from './tally.ts'
import { stricter, type ValueMask } from './value-mask.ts'

/** A detector and what becomes of what it finds. */
export interface DetectorMask {
  readonly detector: Detector
  readonly mask: ValueMask
}

export interface Finding extends Span {
  readonly mask: ValueMask
}

/** All detectors at once. What they find overlapping is one finding, under the strictest of their masks. */
export class Finder {
  readonly #masks: readonly DetectorMask[]
  readonly charsMax: number

  constructor(masks: readonly DetectorMask[]) {
    this.#masks = masks
    this.charsMax = Math.max(0, ...masks.map(({ detector }) => detector.charsMax))
  }

  /** There is nothing to look for. */
  get idle(): boolean {
    return this.#masks.length === 0
  }

  /** In order, without overlaps, and never a part of a character. */
  find(text: string): readonly Finding[] {
    let found: Finding[] | undefined
    for (const { detector, mask } of this.#masks)
      for (const span of detector.find(text)) {
        if (span.end > span.start) (found ??= []).push({ ...whole(text, span), mask })
      }
    return found === undefined ? none : merged(found)
  }

  /** Before it, nothing that may still come changes what is found. */
  settled(text: string): number {
    let settled = text.length
    for (const { detector } of this.#masks)
      settled = Math.min(settled, detector.unfinished?.(text) ?? text.length - detector.charsMax)
    return settled
  }

  /** The text without what is found in it; the same string when there is nothing. */
  masked(text: string, tally: Tally): string {
    const findings = this.find(text)
    if (findings.length === 0) return text
    let shown = ''
    let at = 0
    for (const { start, end, mask } of findings) {
      const { text: instead, method } = mask.text(text.slice(start, end))
      tally.add(mask.name, method)
      shown += text.slice(at, start) + instead
      at = end
    }
    return shown + text.slice(at)
  }
}

const none: readonly Finding[] = []

/** A character of two units is found as a whole. */
function whole(text: string, { start, end }: Span): Span {
  return { start: splits(text, start) ? start - 1 : start, end: splits(text, end) ? end + 1 : end }
}

/** Whether a cut there would go through a character. */
export function splits(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800
}

function merged(found: Finding[]): readonly Finding[] {
  if (found.length === 1) return found
  found.sort((one, other) => one.start - other.start || other.end - one.end)
  const groups: Finding[] = []
  for (const next of found) {
    const last = groups.at(-1)
    if (last === undefined || next.start >= last.end) groups.push(next)
    else
      groups[groups.length - 1] = {
        start: last.start,
        end: Math.max(last.end, next.end),
        mask: last.mask === next.mask ? last.mask : stricter(last.mask, next.mask),
      }
  }
  return groups
}
