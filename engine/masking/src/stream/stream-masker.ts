import type { Pseudonyms } from '@sluice/core/verdict'
import type { Finder } from '../content/finder.ts'
import type { ContentRules, MaskedPiece } from '../content/rules.ts'
import { Tally } from '../content/tally.ts'
import { TextWindow, type Cut } from '../content/text-window.ts'
import { treatment } from '../content/treatment.ts'
import { Controls, type Seen } from './controls.ts'
import { encoded, LosslessDecoder } from './lossless.ts'

/**
 * Masks what detectors find in what a program writes, as it comes: in the text that is seen of it, whatever colours, moves
 * or splits it. Bytes that are no text pass as they are.
 */
export interface StreamMasker {
  /** Throws `Undecodable` where a text goes on for too long without a place where it could be cut. */
  push(chunk: Buffer): MaskedPiece
  /** What is held back, as if nothing came behind it; the stream may go on. */
  flush(): MaskedPiece
  end(): MaskedPiece
}

/** Rules with paths ask for nothing here: a stream has none. Throws `InvalidMask`. */
export function streamMasker(rules: ContentRules, pseudonyms?: Pseudonyms): StreamMasker {
  const tally = new Tally()
  const { finder } = treatment({ paths: [], detectors: rules.detectors }, pseudonyms, tally)
  return new TerminalMasker(finder, tally)
}

/** What is not seen and no longer than this, colours and moves, has no room for a value. */
const colourCharsMax = 10

class TerminalMasker implements StreamMasker {
  readonly #finder: Finder
  readonly #tally: Tally
  readonly #characters = new LosslessDecoder()
  readonly #controls = new Controls()
  readonly #window: TextWindow
  /** What is not seen and not yet told on, and where in the visible text it stands. */
  #hidden: { readonly at: number; readonly text: string }[] = []
  /** Visible characters that came, and that were told on. */
  #came = 0
  #told = 0

  constructor(finder: Finder, tally: Tally) {
    this.#finder = finder
    this.#tally = tally
    this.#window = new TextWindow(finder, tally)
  }

  push(chunk: Buffer): MaskedPiece {
    return this.#piece(this.#take(this.#controls.write(this.#characters.write(chunk))))
  }

  flush(): MaskedPiece {
    return this.#piece(this.#take(this.#controls.end()) + this.#tell(this.#window.lastCuts()))
  }

  end(): MaskedPiece {
    const last = this.#take(this.#controls.write(this.#characters.end()))
    return this.#piece(last + this.#take(this.#controls.end()) + this.#tell(this.#window.lastCuts()))
  }

  #take({ visible, hidden }: Seen): string {
    // What names a window or a link is a text too, though nobody sees it in its place.
    for (const { at, text } of hidden)
      this.#hidden.push({
        at: this.#came + at,
        text: text.length > colourCharsMax ? this.#finder.masked(text, this.#tally) : text,
      })
    this.#came += visible.length
    return this.#tell(visible === '' ? [] : this.#window.cuts(visible))
  }

  #tell(cuts: readonly Cut[]): string {
    let shown = ''
    for (const { text, instead } of cuts) {
      const end = this.#told + text.length
      shown +=
        instead === null
          ? this.#woven(text, end)
          : this.#woven('', this.#told) + instead + this.#hiddenUpTo(end)
      this.#told = end
    }
    return this.#hidden.length === 0 ? shown : shown + this.#woven('', this.#told)
  }

  /** A clear part with what is not seen in its places. */
  #woven(text: string, end: number): string {
    if (this.#hidden.length === 0) return text
    let shown = ''
    let from = 0
    for (const { at, text: unseen } of this.#taken(end)) {
      shown += text.slice(from, at - this.#told) + unseen
      from = at - this.#told
    }
    return shown + text.slice(from)
  }

  /** Of a hidden value its colours and moves stay, behind it; by what was struck over it could be read. */
  #hiddenUpTo(end: number): string {
    return this.#taken(end)
      .map(({ text }) => (text.length === 2 && text.startsWith('\b') ? '' : text))
      .join('')
  }

  #taken(end: number) {
    const later = this.#hidden.findIndex(({ at }) => at > end)
    return this.#hidden.splice(0, later < 0 ? this.#hidden.length : later)
  }

  #piece(text: string): MaskedPiece {
    return { bytes: encoded(text), masked: this.#tally.take() }
  }
}
