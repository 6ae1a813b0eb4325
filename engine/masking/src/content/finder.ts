import type { Detector, Span } from '../detector.ts'
import { foldingOnce } from '../detectors/fold.ts'
import { encodedTexts } from './encoded.ts'
import type { Tally } from './tally.ts'
import { concealing, stricter, type ValueMask } from './value-mask.ts'

/** A detector and what becomes of what it finds. */
export interface DetectorMask {
  readonly detector: Detector
  readonly mask: ValueMask
}

export interface Finding extends Span {
  readonly mask: ValueMask
}

/** Many texts as one. */
export interface Joined {
  readonly text: string
  /** Where each of them stands, in order, with `between` between them or anything else that holds U+0000. */
  readonly places: readonly Span[]
}

/** In no value, and the end of a line on either side. */
export const between = '\n\0\n'

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
    const findings = foldingOnce(() => this.#masks.flatMap((each) => findingsOf(each, text)))
    return findings.length === 0 ? none : merged(findings)
  }

  /**
   * What is found in each of many texts, by their places; nothing for those in which nothing is. `isNumber` tells which
   * places are those of numbers.
   */
  findEach(
    texts: readonly string[],
    isNumber: (place: number) => boolean = never,
  ): ReadonlyMap<number, readonly Finding[]> {
    return this.findIn(joined(texts), isNumber, always)
  }

  /** The same of texts that are joined already. What cannot be `encoded` is not asked whether it is. */
  findIn(
    { text, places }: Joined,
    isNumber: (place: number) => boolean,
    encoded: (place: number) => boolean,
  ): ReadonlyMap<number, readonly Finding[]> {
    const found = new Map<number, readonly Finding[]>()
    if (this.idle) return found
    const textAt = (place: number): string => text.slice(places[place]?.start ?? 0, places[place]?.end ?? 0)
    const spans = foldingOnce(() =>
      this.#masks.map(({ detector }) => (detector.separable === undefined ? undefined : detector.find(text))),
    )
    for (const [index, each] of this.#masks.entries()) {
      const { separable, ofTexts } = each.detector
      const within = spansWithin(spans[index], places)
      for (const place of within?.keys() ?? places.keys()) {
        if (ofTexts === true && isNumber(place)) continue
        const exact = separable === 'exactly' ? within?.get(place) : undefined
        const findings = findingsOf(each, textAt(place), exact)
        if (findings.length === 0) continue
        const others = found.get(place)
        found.set(place, others === undefined ? findings : merged([...others, ...findings]))
      }
    }
    for (const place of places.keys()) {
      if (!encoded(place)) continue
      const decoded = this.#encodedIn(textAt(place), found.get(place)?.length ?? 0)
      if (decoded.length > 0) found.set(place, decoded)
    }
    return found
  }

  /** Before it, nothing that may still come changes what is found. */
  settled(text: string): number {
    return foldingOnce(() => {
      let settled = text.length
      for (const { detector } of this.#masks)
        settled = Math.min(settled, detector.unfinished?.(text) ?? text.length - detector.charsMax)
      return settled
    })
  }

  /** What is found in a text that is there as a whole. */
  findWhole(text: string): readonly Finding[] {
    const findings = this.find(text)
    const encoded = this.#encodedIn(text, findings.length)
    return encoded.length === 0 ? findings : encoded
  }

  /** The text without what is found in it; the same string when there is nothing. */
  masked(text: string, tally: Tally): string {
    const findings = this.findWhole(text)
    return findings.length === 0 ? text : withoutFindings(text, findings, tally)
  }

  /** All of a text in which there is more to find once it is decoded: where in it that stands nobody can say. */
  #encodedIn(text: string, known: number): readonly Finding[] {
    for (const decoded of encodedTexts(text)) {
      const findings = this.find(decoded)
      const mask = findings[0]?.mask
      if (mask !== undefined && findings.length > known)
        return [{ start: 0, end: text.length, mask: concealing(mask) }]
    }
    return none
  }
}

/** The text with what stands in the place of each finding. */
export function withoutFindings(text: string, findings: readonly Finding[], tally: Tally): string {
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

const none: readonly Finding[] = []
const never = (): boolean => false
const always = (): boolean => true

function findingsOf(
  { detector, mask }: DetectorMask,
  text: string,
  spans: readonly Span[] = detector.find(text),
): readonly Finding[] {
  if (spans.length === 0) return none
  return spans.filter(({ start, end }) => end > start).map((span) => ({ ...whole(text, span), mask }))
}

function joined(texts: readonly string[]): Joined {
  let end = -between.length
  const places = texts.map(({ length }) => {
    const start = end + between.length
    end = start + length
    return { start, end }
  })
  return { text: texts.join(between), places }
}

/** Of each place that a span reaches into what lies in it, counted from its start; `undefined`: nobody looked. */
function spansWithin(
  spans: readonly Span[] | undefined,
  places: readonly Span[],
): ReadonlyMap<number, readonly Span[]> | undefined {
  if (spans === undefined) return undefined
  const within = new Map<number, Span[]>()
  let first = 0
  for (const span of spans) {
    while ((places[first]?.end ?? Infinity) <= span.start) first++
    for (let place = first; place < places.length; place++) {
      const { start, end } = places[place] ?? span
      if (start >= span.end) break
      const part = { start: Math.max(span.start, start) - start, end: Math.min(span.end, end) - start }
      const others = within.get(place)
      if (others === undefined) within.set(place, [part])
      else others.push(part)
    }
  }
  return within
}

/** A character of two units is found as a whole. */
function whole(text: string, { start, end }: Span): Span {
  return { start: splits(text, start) ? start - 1 : start, end: splits(text, end) ? end + 1 : end }
}

/** Whether a cut there would go through a character. */
export function splits(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800
}

function merged(findings: Finding[]): readonly Finding[] {
  if (findings.length === 1) return findings
  findings.sort((one, other) => one.start - other.start || other.end - one.end)
  const groups: Finding[] = []
  for (const next of findings) {
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
