import type { Recognised, Recogniser } from '@sluice/core'
import type { Detector } from '../detector.ts'
import type { MaskRequest } from '../replacer.ts'
import { recognisedBytesMax } from './limits.ts'
import type { ContentRules, DetectorRule } from './rules.ts'
import { Unreadable } from './unreadable.ts'

/** What a recogniser finds is masked, wherever it stands. */
export interface RecognisedRule {
  readonly recogniser: Recogniser
  /** One of those that it finds for. */
  readonly detector: string
  readonly request: MaskRequest
  readonly rule: string
}

/** All that is to be hidden in content, and by whose help. Without rules for recognisers `content` says it all. */
export interface Hiding {
  readonly content: ContentRules
  readonly recognised: readonly RecognisedRule[]
}

/**
 * Masks one message with the help of recognisers, who take their time and want whole texts: it is read with the rules of
 * `noting`, then `found` asks, then it is read once more with what that gives. The two readings are by the same code
 * and see the same texts; one that nobody was asked about is `Undecodable`.
 */
export class Recognition {
  readonly #hiding: Hiding
  readonly #texts = new Set<string>()

  constructor(hiding: Hiding) {
    this.#hiding = hiding
  }

  /** As all rules, but that nothing is recognised yet: each text is noted instead. */
  get noting(): ContentRules {
    return this.#rules(() => (text) => {
      if (text !== '') this.#texts.add(text)
      return []
    })
  }

  /** All rules, with what is in the texts that were noted. Rejects with what the recognisers reject with. */
  async found(signal: AbortSignal): Promise<ContentRules> {
    const texts = [...this.#texts]
    const recognisers = [...new Set(this.#hiding.recognised.map(({ recogniser }) => recogniser))]
    const known = new Map(
      await Promise.all(
        recognisers.map(async (each) => [each, byText(texts, await each.recognise(texts, signal))] as const),
      ),
    )
    return this.#rules(({ recogniser, detector }) => {
      const answers = known.get(recogniser)
      return (text) => (text === '' ? [] : (answers?.get(text) ?? unasked()).filter(isBy(detector)))
    })
  }

  #rules(finding: (rule: RecognisedRule) => Detector['find']): ContentRules {
    const { content, recognised } = this.#hiding
    const detectors = recognised.map((rule): DetectorRule => {
      const { detector: name, request } = rule
      return { detector: { ...ofWholeTexts, name, find: finding(rule) }, request, rule: rule.rule }
    })
    return { paths: content.paths, detectors: [...content.detectors, ...detectors] }
  }
}

/** Whatever has come of a text, more of it may change what is in it. */
const ofWholeTexts = { charsMax: recognisedBytesMax, unfinished: () => 0, ofTexts: true } as const

function byText(
  texts: readonly string[],
  answers: readonly (readonly Recognised[])[],
): ReadonlyMap<string, readonly Recognised[]> {
  return new Map(texts.flatMap((text, at) => (answers[at] === undefined ? [] : [[text, answers[at]]])))
}

function isBy(detector: string): (found: Recognised) => boolean {
  return ({ detectors }) => detectors.includes(detector)
}

function unasked(): never {
  throw new Unreadable('there is a text in it that no recogniser was asked about')
}
