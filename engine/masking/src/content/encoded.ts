import { alphabets } from './alphabet.ts'
import type { Finding } from './finder.ts'
import { nextRun, runCharsMin, RunSearch } from './run-search.ts'
import { hasEscapes, Unescaper } from './unescaper.ts'
import { concealing, type ValueMask } from './value-mask.ts'

/** A text in base64 may hold one in base64. */
export const levelsMax = 2

/** Runs that fit into two blocks are hidden whole: those of 4,096 characters of base64. */
const blockBytesMin = 1536
/** Whole groups of characters in each alphabet, and of the same within. */
const blockUnit = 12

/** What becomes of a text in which there is something to find. */
type Look = (text: string) => ValueMask | undefined

/** What is found in a text that is there as a whole. Most have no run that is long enough. */
export function encodedIn(text: string, charsMax: number, look: Look): readonly Finding[] {
  if (hasEscapes(text)) {
    const search = new EncodedSearch(charsMax, look)
    return [...search.push(text), ...search.end()]
  }
  const found: Finding[] = []
  for (const alphabet of alphabets) {
    // Digits of hexadecimal are of base64, too.
    if (text.length - nextRun(alphabet, text, 0) < runCharsMin) break
    const search = new RunSearch(alphabet, blockBytes(charsMax), concealed(look))
    found.push(...search.push(text), ...search.end())
  }
  return found
}

/**
 * Finds what is base64 or hexadecimal of a text in which there is something to find, in a text that comes in pieces: the
 * same however it is cut. Escapes within it are none of it.
 */
export class EncodedSearch {
  readonly #unescaper = new Unescaper(true)
  readonly #searches: readonly RunSearch[]
  /** Nothing that is found from now on begins before it. */
  settled = 0

  /** No value that `look` finds has more than `charsMax`. */
  constructor(charsMax: number, look: Look) {
    const bytes = blockBytes(charsMax)
    this.#searches = alphabets.map((alphabet) => new RunSearch(alphabet, bytes, concealed(look)))
  }

  /** What was found meanwhile, counted from the beginning of all that has come. */
  push(piece: string): readonly Finding[] {
    const said = this.#unescaper.push(piece)
    const found = this.#searches.flatMap((search) => search.push(said))
    return this.#placed(found)
  }

  /** The same when nothing comes behind it; what comes all the same is a text of its own. */
  end(): readonly Finding[] {
    const rest = this.#unescaper.end()
    return this.#placed(this.#searches.flatMap((search) => [...search.push(rest), ...search.end()]))
  }

  #placed(found: readonly Finding[]): readonly Finding[] {
    const settled = Math.min(...this.#searches.map((search) => search.settled))
    const original = (index: number): number => this.#unescaper.original(index)
    const placed = found.map((each) => ({ ...each, start: original(each.start), end: original(each.end) }))
    this.settled = original(settled)
    this.#unescaper.forget(settled)
    return placed
  }
}

function blockBytes(charsMax: number): number {
  return blockUnit * Math.ceil(Math.max(blockBytesMin, charsMax) / blockUnit)
}

function concealed(look: Look): Look {
  return (text) => {
    const mask = look(text)
    return mask && concealing(mask)
  }
}
