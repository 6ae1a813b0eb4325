import {
  refusal,
  Refused,
  type MaskCount,
  type MaskRule,
  type Obliged,
  type Pseudonyms,
  type Recogniser,
  type Refusal,
  type Verdict,
} from '@sluice/core'
import {
  contentMasker,
  InvalidMask,
  recognisedBytesMax,
  Recognition,
  Undecodable,
  type ContentRules,
  type Detector,
  type DetectorRule,
  type Hiding,
  type MaskRequest,
  type PathRule,
  type RecognisedRule,
} from '@sluice/masking'
import { tokens } from './llm/contents.ts'
import type { Llm } from './llm/llm.ts'
import { headerOf } from './replies.ts'
import type { Outgoing } from './upstream.ts'

/** What the verdict obliges to. */
export interface MaskPlan {
  /** What is hidden in the answer; `null`: nothing. */
  readonly answer: Hiding | null
  /** What the target gets. Where recognisers must be asked for it, what asks them: it rejects as they do. */
  readonly request: Sent | ((signal: AbortSignal) => Promise<Sent>)
}

export interface Sent {
  readonly outgoing: Outgoing
  /** What was hidden in it. */
  readonly hidden: readonly MaskCount[]
}

export interface Means {
  readonly detectors: ReadonlyMap<string, Detector>
  /** By the names of detectors; none has a name of `detectors`. */
  readonly recognisers: ReadonlyMap<string, Recogniser>
  readonly pseudonyms: Pseudonyms | undefined
}

/**
 * Compiles the verdict's masks and applies those of the request, or refuses what they could not be kept in. What names a
 * column of a relation asks for nothing here: HTTP has documents and texts, no relations.
 */
export function oblige(
  verdicts: readonly Verdict[],
  request: Outgoing,
  means: Means,
  llm: Pick<Llm, 'parts'> | null = null,
): Obliged<MaskPlan> {
  try {
    const { answer, request: outgoing } = bothHidings(verdicts, means)
    if (answer !== null) requireWhole(request, answer, means.pseudonyms)
    if (outgoing !== null && looksForTexts(outgoing) && llm?.parts.includes(tokens) === true)
      throw new Refused(unreadable(inTokens))
    const sent = outgoing === null ? clear(request) : hidden(request, outgoing, means.pseudonyms)
    return { kind: 'plan', plan: { answer, request: sent } }
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', refusal: error.refusal }
    if (error instanceof InvalidMask) return { kind: 'refused', refusal: mistaken(error.message) }
    throw error
  }
}

/** What is hidden in answer and request; `null`: nothing. */
interface Hidings {
  readonly answer: Hiding | null
  readonly request: Hiding | null
}

/** Cached decisions hand out the same frozen verdict again and again, and what follows from it is compiled once. */
const hidings = new WeakMap<Means, WeakMap<Verdict, Hidings>>()

function bothHidings(verdicts: readonly Verdict[], means: Means): Hidings {
  const [only, ...others] = verdicts
  if (only === undefined || others.length > 0) return hidingsOf(verdicts, means)
  let known = hidings.get(means)
  if (known === undefined) hidings.set(means, (known = new WeakMap()))
  let found = known.get(only)
  if (found === undefined) known.set(only, (found = hidingsOf(verdicts, means)))
  return found
}

function hidingsOf(verdicts: readonly Verdict[], means: Means): Hidings {
  const rules = verdicts.flatMap(({ mask }) => mask.filter(isHiding))
  const of = (part: 'request' | undefined): Hiding | null =>
    hidingOf(
      rules.filter((rule) => rule.of === part),
      means,
    )
  return { answer: of(undefined), request: of('request') }
}

type HidingRule = Exclude<MaskRule, { readonly relation: string }> & {
  readonly method: MaskRequest['method']
}

function isHiding(rule: MaskRule): rule is HidingRule {
  return !('relation' in rule) && rule.method !== 'none'
}

function hidingOf(rules: readonly HidingRule[], { detectors: known, recognisers }: Means): Hiding | null {
  if (rules.length === 0) return null
  const paths: PathRule[] = []
  const detectors: DetectorRule[] = []
  const recognised: RecognisedRule[] = []
  for (const mask of rules) {
    const { method, rule, value, to, domain } = mask
    const request = { method, value, to, domain }
    if ('path' in mask) {
      paths.push({ path: mask.path, request, rule })
      continue
    }
    const detector = known.get(mask.detector)
    const recogniser = recognisers.get(mask.detector)
    if (detector !== undefined) detectors.push({ detector, request, rule })
    else if (recogniser !== undefined) recognised.push({ recogniser, detector: mask.detector, request, rule })
    else throw new Refused(mistaken(`there is no detector "${mask.detector}"`))
  }
  return { content: { paths, detectors }, recognised }
}

/** Parts of an answer cannot be masked: a value may lie across their border, or be told by what is left out. */
function requireWhole({ headers }: Outgoing, answer: Hiding, pseudonyms: Pseudonyms | undefined): void {
  // What is wrong with the rules themselves is found before anything is sent.
  contentMasker('application/json', requiredOf(answer), pseudonyms)
  for (const name of inParts)
    if (headerOf(headers, name) !== undefined)
      throw new Refused(
        refusal(
          'denied',
          'http/in_parts',
          `The answer is masked here, so it cannot be asked for with "${name}".`,
        ),
      )
}

function requiredOf(answer: Hiding): ContentRules {
  return answer.recognised.length === 0 ? answer.content : new Recognition(answer).noting
}

const inParts = [
  'range',
  // As Apache and Azure call it, and differences to what the caller has (RFC 3229).
  'request-range',
  'x-ms-range',
  'a-im',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
]

function clear(request: Outgoing): Sent {
  return { outgoing: request, hidden: [] }
}

/** Who recognises takes time, so nobody is asked before the request may be sent; all else is found wrong at once. */
function hidden(request: Outgoing, hiding: Hiding, pseudonyms: Pseudonyms | undefined): MaskPlan['request'] {
  if (request.body.length === 0) return clear(request)
  if (hiding.recognised.length === 0) return masked(request, hiding.content, pseudonyms)
  if (request.body.length > recognisedBytesMax) throw new Refused(unreadable(tooLarge))
  const recognition = new Recognition(hiding)
  masked(request, recognition.noting, pseudonyms)
  return async (signal) => masked(request, await recognition.found(signal), pseudonyms)
}

function looksForTexts({ content, recognised }: Hiding): boolean {
  return content.detectors.length > 0 || recognised.length > 0
}

/** LangChain's OpenAIEmbeddings sends tokens unless it is told `check_embedding_ctx_length=False`. */
const inTokens = 'it has tokens in the place of texts: send the texts'

const tooLarge = `it has more than ${recognisedBytesMax} bytes, and must be looked into as a whole`

function masked(request: Outgoing, rules: ContentRules, pseudonyms: Pseudonyms | undefined): Sent {
  try {
    const masker = contentMasker(headerOf(request.headers, 'content-type') ?? null, rules, pseudonyms)
    const pieces = [masker.push(request.body), masker.end()]
    const body = Buffer.concat(pieces.map(({ bytes }) => bytes))
    const counts = pieces.flatMap((piece) => piece.masked)
    return {
      outgoing: { ...request, body },
      hidden: counts.map((count) => ({ ...count, column: `request:${count.column}` })),
    }
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error
    throw new Refused(unreadable(error.message))
  }
}

function unreadable(why: string): Refusal {
  return refusal('denied', 'http/undecodable', `The body of the request must be masked here, and ${why}.`)
}

function mistaken(why: string): Refusal {
  return refusal('policy_error', 'policy/mask', `A mask of the policy cannot be kept: ${why}.`)
}
