import { foldingOnce } from '../detectors/fold.ts'
import { contextChars } from '../detectors/introduced.ts'
import { heldCharsMax } from './limits.ts'
import type { EncodedSearch } from './encoded.ts'
import { merged, splits, type Finder, type Finding } from './finder.ts'
import type { Tally } from './tally.ts'
import { mayEscape } from './unescaper.ts'
import { Unreadable } from './unreadable.ts'

/** A text that comes in pieces of any size, told on in pieces. */
export interface Flow {
  /** What may be told on now. */
  push(text: string): string
  /** Nothing comes behind it. */
  end(): string
}

/** A part of a text that may be told on: as it is, or what stands in its place. */
export interface Cut {
  readonly text: string
  readonly instead: string | null
}

/**
 * Masks what detectors find in a text that comes in pieces. A piece leaves once nothing that may come can change what
 * is found in it, so the pieces together are what the whole text would have been.
 */
export class TextWindow implements Flow {
  readonly #finder: Finder
  readonly #tally: Tally
  readonly #search: EncodedSearch
  /** What it has found and is not told yet, counted from the beginning of all that has come. */
  #encoded: readonly Finding[] = []
  /** So much was forgotten. */
  #forgotten = 0
  /** What a detector may still want to look at: told on up to `#told`, held back from there. */
  #text = ''
  #told = 0
  /** Where the values began that end where it is told to, one behind the other: what is longer than a value can be. */
  #run = 0

  constructor(finder: Finder, tally: Tally) {
    this.#finder = finder
    this.#tally = tally
    this.#search = finder.encoded()
  }

  push(text: string): string {
    return joined(this.cuts(text))
  }

  end(): string {
    return joined(this.lastCuts())
  }

  /** What may be told on now, in order: all cuts together are the text. */
  cuts(text: string): readonly Cut[] {
    this.#text += text
    if (!this.#finder.idle) this.#add(this.#search.push(text))
    const until = this.#finder.idle ? this.#text.length : this.#search.settled - this.#forgotten
    // What is encoded and long may wait for many pieces.
    const shown =
      until <= this.#told
        ? none
        : foldingOnce(() => this.#tell(Math.min(until, this.#finder.settled(this.#text))))
    if (this.#text.length - this.#run > heldCharsMax + 2 * this.#finder.charsMax)
      throw new Unreadable('a text goes on without a place where it could be cut')
    return shown
  }

  /** Nothing comes behind it, or nothing is waited for. */
  lastCuts(): readonly Cut[] {
    if (!this.#finder.idle) this.#add(this.#search.end())
    return this.#tell(this.#text.length)
  }

  #add(found: readonly Finding[]): void {
    if (found.length > 0) this.#encoded = [...this.#encoded, ...found]
  }

  /** As of now, those of what is encoded among them. */
  #findings(): readonly Finding[] {
    const findings = this.#finder.find(this.#text)
    if (this.#encoded.length === 0) return findings
    const forgotten = this.#forgotten
    const encoded = this.#encoded.map((each) => ({
      ...each,
      start: each.start - forgotten,
      end: each.end - forgotten,
    }))
    return merged([...findings, ...encoded])
  }

  #tell(settled: number): readonly Cut[] {
    if (settled <= this.#told) return none
    const text = this.#text
    const shown: Cut[] = []
    let at = this.#told
    let until = settled
    for (const { start, end, mask, encoded } of this.#findings()) {
      if (end <= at) continue
      if (end > settled) {
        until = Math.min(settled, Math.max(start, at))
        break
      }
      // Of a value that began in what was already told only the rest is left to hide.
      const from = Math.max(start, at)
      const { text: instead, method } = mask.text(text.slice(from, end))
      this.#tally.add(mask.name, method)
      if (from > at) shown.push({ text: text.slice(at, from), instead: null })
      shown.push({ text: text.slice(from, end), instead })
      // Its blocks are found one by one, whatever was before them.
      if (encoded === true) this.#run = end
      else if (from > at) this.#run = from
      at = end
    }
    if (splits(text, until)) until--
    if (until > at) {
      shown.push({ text: text.slice(at, until), instead: null })
      this.#run = until
    }
    this.#told = Math.max(at, until)
    const told = this.#told + this.#forgotten
    if (this.#encoded.length > 0) this.#encoded = this.#encoded.filter(({ end }) => end > told)
    this.#forget()
    return shown
  }

  /**
   * Detectors look behind themselves: at the character before, or for words that say what a number is. A value that is
   * found again because its beginning is forgotten must not reach into what is still to be told, and one that goes on
   * there must not lose its beginning.
   */
  #forget(): void {
    const chars = contextChars + Math.min(this.#finder.charsMax, repeatedChars)
    const before = mayEscape(this.#text) ? escapedChars * chars : chars
    const forgotten = this.#run - before
    if (forgotten < before) return
    this.#text = this.#text.slice(forgotten)
    this.#told -= forgotten
    this.#run -= forgotten
    this.#forgotten += forgotten
  }
}

const none: readonly never[] = []

function joined(cuts: readonly Cut[]): string {
  const [only, second] = cuts
  if (second === undefined) return only === undefined ? '' : (only.instead ?? only.text)
  return cuts.map(({ text, instead }) => instead ?? text).join('')
}

/** Longer values begin with what is found nowhere within them; and all this is read again with each piece. */
const repeatedChars = 256

/** An escape is longer than what it says: with so many times as much, what is read before a value is there, too. */
const escapedChars = 4
