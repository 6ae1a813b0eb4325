import type { Detector, Span } from '../detector.ts'
import { foldingOnce } from '../detectors/fold.ts'
import { encodedIn, EncodedSearch, levelsMax } from './encoded.ts'
import type { Tally } from './tally.ts'
import { escapeSigns, mayEscape, unescaped, Unescaper } from './unescaper.ts'
import { concealing, stricter, type ValueMask } from './value-mask.ts'

/** A detector and what becomes of what it finds. */
export interface DetectorMask {
  readonly detector: Detector
  readonly mask: ValueMask
}

export interface Finding extends Span {
  readonly mask: ValueMask
  /** It is a run of characters that say a text, or a block of one. */
  readonly encoded?: true
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

  /**
   * In order, without overlaps, and never a part of a character: as the text stands, and as it reads without escapes. Not in
   * what is encoded, for which there is `encoded`.
   */
  find(text: string, levels: number = levelsMax): readonly Finding[] {
    const findings = foldingOnce(() => this.#masks.flatMap((each) => findingsOf(each, text)))
    const plain = findings.length === 0 ? none : merged(findings)
    return levels === 0 || !mayEscape(text) ? plain : this.#withEscaped(text, plain, levels)
  }

  /** Looks for it in a text that comes in pieces. */
  encoded(): EncodedSearch {
    return new EncodedSearch(this.charsMax, this.#lookWithin(levelsMax))
  }

  /**
   * What is found in each of many texts, by their places; nothing for those in which nothing is. `isNumber` tells which
   * places are those of numbers.
   */
  findEach(
    texts: readonly string[],
    isNumber: (place: number) => boolean = never,
  ): ReadonlyMap<number, readonly Finding[]> {
    return this.findIn(joined(texts), isNumber)
  }

  /** The same of texts that are joined already. */
  findIn(
    { text, places }: Joined,
    isNumber: (place: number) => boolean,
  ): ReadonlyMap<number, readonly Finding[]> {
    const found = new Map<number, readonly Finding[]>()
    if (this.idle) return found
    const textAt = (place: number): string => text.slice(places[place]?.start ?? 0, places[place]?.end ?? 0)
    const spans = foldingOnce(() =>
      this.#masks.map(({ detector }) => (detector.separable === undefined ? undefined : detector.find(text))),
    )
    for (const [index, each] of this.#masks.entries()) {
      const { separable, ofTexts } = each.detector
      const touched = spansWithin(spans[index], places)
      for (const place of touched?.keys() ?? places.keys()) {
        if (ofTexts === true && isNumber(place)) continue
        const exact = separable === 'exactly' ? touched?.get(place) : undefined
        const findings = findingsOf(each, textAt(place), exact)
        if (findings.length === 0) continue
        const others = found.get(place)
        found.set(place, others === undefined ? findings : merged([...others, ...findings]))
      }
    }
    for (const place of placesOf(escapeSigns, text, places)) {
      const plain = found.get(place) ?? none
      const all = this.#withEscaped(textAt(place), plain, levelsMax)
      if (all !== plain) found.set(place, all)
    }
    for (const [place, encoded] of within(this.#encodedIn(text, levelsMax), places))
      found.set(place, merged([...(found.get(place) ?? none), ...encoded]))
    return found
  }

  /** Before it, nothing that may still come changes what `find` finds. */
  settled(text: string, levels: number = levelsMax): number {
    const settled = foldingOnce(() => this.#settledPlain(text))
    if (levels === 0 || !mayEscape(text)) return settled
    const unescaper = new Unescaper(false)
    const said = unescaper.push(text)
    // An escape that has only begun may go on with what stands before it.
    if (!unescaper.changed && said.length === text.length) return settled
    return Math.min(settled, unescaper.original(this.settled(said, levels - 1)))
  }

  /** What is found in a text that is there as a whole. */
  findWhole(text: string, levels: number = levelsMax): readonly Finding[] {
    const findings = this.find(text, levels)
    const encoded = this.#encodedIn(text, levels)
    return encoded.length === 0 ? findings : merged([...findings, ...encoded])
  }

  /** The text without what is found in it; the same string when there is nothing. */
  masked(text: string, tally: Tally): string {
    const findings = this.findWhole(text)
    return findings.length === 0 ? text : withoutFindings(text, findings, tally)
  }

  #settledPlain(text: string): number {
    let settled = text.length
    for (const { detector } of this.#masks)
      settled = Math.min(settled, detector.unfinished?.(text) ?? text.length - detector.charsMax)
    return settled
  }

  /** What is found once escapes are undone, beside what is found as it stands: that stays as it is. */
  #withEscaped(text: string, plain: readonly Finding[], levels: number): readonly Finding[] {
    const said = unescaped(text)
    if (said === null) return plain
    const more = this.find(said.text, levels - 1).map(({ start, end, mask }) => ({
      start: said.original(start),
      end: said.original(end),
      mask: concealing(mask),
    }))
    const unknown = notWithin(more, plain)
    return unknown.length === 0 ? plain : merged([...plain, ...unknown])
  }

  #encodedIn(text: string, levels: number): readonly Finding[] {
    if (levels === 0 || this.idle) return none
    return encodedIn(text, this.charsMax, this.#lookWithin(levels))
  }

  #lookWithin(levels: number): (text: string) => ValueMask | undefined {
    return (text) => this.findWhole(text, levels - 1)[0]?.mask
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

/** In which of the places one of the signs stands. */
function placesOf(signs: readonly string[], text: string, places: readonly Span[]): ReadonlySet<number> {
  const found = new Set<number>()
  for (const sign of signs) {
    let place = 0
    for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, places[place]?.end)) {
      while ((places[place]?.end ?? Infinity) <= at) place++
      if (place === places.length) break
      if ((places[place]?.start ?? 0) <= at) found.add(place)
    }
  }
  return found
}

/** Those of some findings that lie in none of others. */
function notWithin(some: readonly Finding[], others: readonly Finding[]): readonly Finding[] {
  let next = 0
  return some.filter(({ start, end }) => {
    while ((others[next]?.end ?? Infinity) < end) next++
    return (others[next]?.start ?? Infinity) > start
  })
}

/** Those that lie in each place, counted from its start; none lies over the end of one. */
function within(
  findings: readonly Finding[],
  places: readonly Span[],
): ReadonlyMap<number, readonly Finding[]> {
  const found = new Map<number, Finding[]>()
  let place = 0
  for (const finding of findings.toSorted((one, other) => one.start - other.start)) {
    while ((places[place]?.end ?? Infinity) <= finding.start) place++
    const { start = 0 } = places[place] ?? {}
    const inside = { ...finding, start: finding.start - start, end: finding.end - start }
    const others = found.get(place)
    if (others === undefined) found.set(place, [inside])
    else others.push(inside)
  }
  return found
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

export function merged(findings: Finding[]): readonly Finding[] {
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
