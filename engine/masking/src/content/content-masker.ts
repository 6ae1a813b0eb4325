import type { Pseudonyms } from '@sluice/core/verdict'
import { kindOf, type Kind } from './content-type.ts'
import { EventsRewriter } from './events.ts'
import { FormRewriter } from './form.ts'
import { JsonRewriter } from './json.ts'
import { NdjsonRewriter } from './ndjson.ts'
import { TextRewriter } from './plain-text.ts'
import type { ContentRules, MaskedPiece } from './rules.ts'
import { Tally } from './tally.ts'
import { treatment, type Rewriter, type Treatment } from './treatment.ts'
import { Unreadable } from './unreadable.ts'
import { Utf8Check } from './utf8-check.ts'

/**
 * Masks one body as it comes. Both throw `Undecodable`; then nothing more may leave, and they throw again. Pieces may be
 * parts of the chunks that came in, which are never changed.
 */
export interface ContentMasker {
  push(chunk: Buffer): MaskedPiece
  end(): MaskedPiece
}

/**
 * Content of a type that cannot be read is refused, and so are paths where there are none: a text that is no JSON may
 * still hold what they hide. Throws `Undecodable`, and `InvalidMask` for rules that can never be kept.
 */
export function contentMasker(
  contentType: string | null,
  rules: ContentRules,
  pseudonyms?: Pseudonyms,
): ContentMasker {
  const kind = kindOf(contentType)
  if (kind === 'text' && rules.paths.length > 0) throw new Unreadable('a text has no paths')
  const tally = new Tally()
  return new CheckedMasker(rewriter(kind, treatment(rules, pseudonyms, tally)), tally)
}

function rewriter(kind: Kind, how: Treatment): Rewriter {
  switch (kind) {
    case 'json':
      return new JsonRewriter(how)
    case 'ndjson':
      return new NdjsonRewriter(how)
    case 'events':
      return new EventsRewriter(how)
    case 'form':
      return new FormRewriter(how)
    case 'text':
      return new TextRewriter(how)
  }
}

/** Looks at bytes as characters before anything else does, and remembers that it failed. */
class CheckedMasker implements ContentMasker {
  readonly #rewriter: Rewriter
  readonly #tally: Tally
  readonly #characters = new Utf8Check()
  #state: 'open' | 'ended' | 'failed' = 'open'

  constructor(rewriter: Rewriter, tally: Tally) {
    this.#rewriter = rewriter
    this.#tally = tally
  }

  push(chunk: Buffer): MaskedPiece {
    return this.#step('open', () => {
      this.#characters.push(chunk)
      return this.#rewriter.push(chunk)
    })
  }

  end(): MaskedPiece {
    return this.#step('ended', () => {
      this.#characters.end()
      return this.#rewriter.end()
    })
  }

  #step(then: 'open' | 'ended', rewrite: () => Buffer): MaskedPiece {
    if (this.#state !== 'open') throw new Unreadable('nothing of this content may follow')
    this.#state = 'failed'
    const bytes = rewrite()
    this.#state = then
    return { bytes, masked: this.#tally.take() }
  }
}
