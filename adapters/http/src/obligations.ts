import {
  refusal,
  type MaskCount,
  type MaskRule,
  type Obliged,
  type Pseudonyms,
  type Refusal,
  type Verdict,
} from '@sluice/core'
import {
  contentMasker,
  InvalidMask,
  Undecodable,
  type ContentRules,
  type Detector,
  type DetectorRule,
  type MaskRequest,
  type PathRule,
} from '@sluice/masking'
import { headerOf } from './replies.ts'
import type { Outgoing } from './upstream.ts'

/** What the verdict obliges to. */
export interface MaskPlan {
  /** What is hidden in the answer; `null`: nothing. */
  readonly answer: ContentRules | null
  /** What the target gets. */
  readonly request: Outgoing
  /** What was hidden in it. */
  readonly hidden: readonly MaskCount[]
}

export interface Means {
  readonly detectors: ReadonlyMap<string, Detector>
  readonly pseudonyms: Pseudonyms | undefined
}

/**
 * Compiles the verdict's masks and applies those of the request, or refuses what they could not be kept in. What names a
 * column of a relation asks for nothing here: HTTP has documents and texts, no relations.
 */
export function oblige(
  verdicts: readonly Verdict[],
  request: Outgoing,
  { detectors, pseudonyms }: Means,
): Obliged<MaskPlan> {
  try {
    const rules = verdicts.flatMap(({ mask }) => mask.filter(isHiding))
    if (rules.length === 0) return { kind: 'plan', plan: { answer: null, request, hidden: [] } }
    const answer = contentRules(
      rules.filter(({ of }) => of === undefined),
      detectors,
    )
    if (answer !== null) requireWhole(request, answer, pseudonyms)
    const outgoing = contentRules(
      rules.filter(({ of }) => of === 'request'),
      detectors,
    )
    const { sent, hidden } = outgoing === null ? clear(request) : masked(request, outgoing, pseudonyms)
    return { kind: 'plan', plan: { answer, request: sent, hidden } }
  } catch (error) {
    if (error instanceof Unkept) return { kind: 'refused', refusal: error.refusal }
    if (error instanceof InvalidMask) return { kind: 'refused', refusal: mistaken(error.message) }
    throw error
  }
}

type HidingRule = Exclude<MaskRule, { readonly relation: string }> & {
  readonly method: MaskRequest['method']
}

function isHiding(rule: MaskRule): rule is HidingRule {
  return !('relation' in rule) && rule.method !== 'none'
}

class Unkept extends Error {
  readonly refusal: Refusal
  constructor(reason: Refusal) {
    super(reason.message)
    this.refusal = reason
  }
}

function contentRules(
  rules: readonly HidingRule[],
  known: ReadonlyMap<string, Detector>,
): ContentRules | null {
  if (rules.length === 0) return null
  const paths: PathRule[] = []
  const detectors: DetectorRule[] = []
  for (const mask of rules) {
    const { method, rule, value, to } = mask
    const request = { method, value, to }
    if ('path' in mask) {
      paths.push({ path: mask.path, request, rule })
      continue
    }
    const detector = known.get(mask.detector)
    if (detector === undefined) throw new Unkept(mistaken(`there is no detector "${mask.detector}"`))
    detectors.push({ detector, request, rule })
  }
  return { paths, detectors }
}

/** Parts of an answer cannot be masked: a value may lie across their border, or be told by what is left out. */
function requireWhole({ headers }: Outgoing, answer: ContentRules, pseudonyms: Pseudonyms | undefined): void {
  // What is wrong with the rules themselves is found before anything is sent.
  contentMasker('application/json', answer, pseudonyms)
  for (const name of inParts)
    if (headerOf(headers, name) !== undefined)
      throw new Unkept(
        refusal(
          'denied',
          'http/in_parts',
          `The answer is masked here, so it cannot be asked for with "${name}".`,
        ),
      )
}

const inParts = ['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']

interface Sent {
  readonly sent: Outgoing
  readonly hidden: readonly MaskCount[]
}

function clear(request: Outgoing): Sent {
  return { sent: request, hidden: [] }
}

function masked(request: Outgoing, rules: ContentRules, pseudonyms: Pseudonyms | undefined): Sent {
  if (request.body.length === 0) return clear(request)
  try {
    const masker = contentMasker(headerOf(request.headers, 'content-type') ?? null, rules, pseudonyms)
    const pieces = [masker.push(request.body), masker.end()]
    const body = Buffer.concat(pieces.map(({ bytes }) => bytes))
    const hidden = pieces.flatMap((piece) => piece.masked)
    return {
      sent: { ...request, body },
      hidden: hidden.map((count) => ({ ...count, column: `request:${count.column}` })),
    }
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error
    throw new Unkept(
      refusal(
        'denied',
        'http/undecodable',
        `The body of the request must be masked here, and ${error.message}.`,
      ),
    )
  }
}

function mistaken(why: string): Refusal {
  return refusal('policy_error', 'policy/mask', `A mask of the policy cannot be kept: ${why}.`)
}
