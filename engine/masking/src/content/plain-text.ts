import { StringDecoder } from 'node:string_decoder'
import { TextWindow } from './text-window.ts'
import type { Rewriter, Treatment } from './treatment.ts'
import { Unreadable } from './unreadable.ts'

/** Text in which only detectors look: what stands where is not known of it. */
export class TextRewriter implements Rewriter {
  readonly #characters = new StringDecoder('utf8')
  readonly #window: TextWindow

  constructor({ finder, tally }: Treatment) {
    this.#window = new TextWindow(finder, tally)
  }

  /** Whatever has a NUL is in other characters than it says, as UTF-16. */
  push(piece: Buffer): Buffer {
    if (piece.includes(0)) throw new Unreadable('a text has a NUL')
    return Buffer.from(this.#window.push(this.#characters.write(piece)))
  }

  end(): Buffer {
    return Buffer.from(this.#window.end())
  }
}
