import { limits } from './limits.ts'

/**
 * What comes at once is handed on at once. Frames and TLS records cut what a target said into pieces of some 8 KiB, and who
 * reads them pays for each piece; a socket would have given 64 KiB.
 */
export class Gathered {
  /** Hands on; `false`: no more for now. */
  readonly #hand: (chunk: Buffer) => boolean
  /** Whoever reads has enough of what it was handed, and will ask for more. */
  readonly #enough: () => boolean
  #pieces: Buffer[] = []
  #bytes = 0
  #later: NodeJS.Immediate | undefined

  constructor(hand: (chunk: Buffer) => boolean, enough: () => boolean) {
    this.#hand = hand
    this.#enough = enough
  }

  /** `false`: no more for now. */
  push(piece: Buffer): boolean {
    if (this.#bytes === 0 && piece.length < limits.gatherBytesMin) return this.#hand(piece)
    this.#pieces.push(piece)
    this.#bytes += piece.length
    if (this.#bytes >= limits.gatherBytesMax) return this.flush()
    // Behind whatever else has come by now.
    this.#later ??= setImmediate(() => this.flush())
    // Nobody hears what the reader says to what is handed on later: it is asked with the next piece.
    return !this.#enough()
  }

  /** Hands on what there is, before an end. */
  flush(): boolean {
    clearImmediate(this.#later)
    this.#later = undefined
    const [first, ...others] = this.#pieces
    if (first === undefined) return true
    const all = others.length === 0 ? first : Buffer.concat(this.#pieces, this.#bytes)
    this.#pieces = []
    this.#bytes = 0
    return this.#hand(all)
  }
}
