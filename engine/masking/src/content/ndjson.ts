import { JsonRewriter } from './json.ts'
import type { Rewriter, Treatment } from './treatment.ts'

const newline = 0x0a

/** A document of JSON in each line; lines may be empty. */
export class NdjsonRewriter implements Rewriter {
  readonly #line: JsonRewriter

  constructor(treatment: Treatment) {
    this.#line = new JsonRewriter(treatment)
  }

  push(piece: Buffer): Buffer {
    const shown: Buffer[] = []
    let at = 0
    for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, at)) {
      shown.push(this.#line.push(piece.subarray(at, end)), this.#line.end(), piece.subarray(end, end + 1))
      at = end + 1
    }
    shown.push(this.#line.push(piece.subarray(at)))
    return Buffer.concat(shown)
  }

  end(): Buffer {
    return this.#line.end()
  }
}
