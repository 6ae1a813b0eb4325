import { alphabets, base64 } from './alphabet.ts'
import type { Finding } from './finder.ts'
import { nextRun, runCharsMin, RunSearch } from './run-search.ts'
import { mayEscape, Unescaper } from './unescaper.ts'
import { concealing, type ValueMask } from './value-mask.ts'

/** A text in base64 may hold one in base64. */
export const levelsMax = 2

/** Runs that fit into two blocks are hidden whole: those of 4,096 characters of base64. */
const blockBytesMin = 1536
/** Whole groups of characters in each alphabet, and of the same within. */
const blockUnit = 12

/** Whether anything in a text that is there as a whole may be encoded: hexadecimal digits are of the signs of base64. */
export function mayEncode(text: string): boolean {
  return text.length - nextRun(base64, text, 0) >= runCharsMin || mayEscape(text)
}

/**
 * Finds what is base64 or hexadecimal of a text in which there is something to find, in a text that comes in pieces: the
 * same however it is cut. Escapes within it are none of it.
 */
export class EncodedSearch {
  readonly #unescaper = new Unescaper()
  readonly #searches: readonly RunSearch[]
  /** Nothing that is found from now on begins before it. */
  settled = 0

  /** No value that `look` finds has more than `charsMax`. */
  constructor(charsMax: number, look: (text: string) => ValueMask | undefined) {
    const blockBytes = blockUnit * Math.ceil(Math.max(blockBytesMin, charsMax) / blockUnit)
    const concealed = (text: string): ValueMask | undefined => {
      const mask = look(text)
      return mask && concealing(mask)
    }
    this.#searches = alphabets.map((alphabet) => new RunSearch(alphabet, blockBytes, concealed))
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
