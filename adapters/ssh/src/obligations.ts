import {
  refusal,
  type MaskRule,
  type Obliged,
  type Pseudonyms,
  type Recogniser,
  type Refusal,
  type Verdict,
} from '@sluice/core'
import {
  InvalidMask,
  streamMasker,
  type ContentRules,
  type Detector,
  type DetectorRule,
  type MaskRequest,
} from '@sluice/masking'
import type { Output } from './replies.ts'

/** What the verdict obliges to: what is hidden in what a program writes, and on which streams; `null`: nothing. */
export type MaskPlan = {
  readonly rules: ContentRules
  readonly streams: readonly Output['kind'][]
} | null

export interface Means {
  readonly detectors: ReadonlyMap<string, Detector>
  /** By the names of their detectors. */
  readonly recognisers: ReadonlyMap<string, Recogniser>
  readonly pseudonyms: Pseudonyms | undefined
}

/**
 * Compiles the verdicts' masks, or refuses what they could not be kept in. Columns of relations ask for nothing here: a
 * stream has none. `copy`: what comes back on stdout is not what people read but a protocol, which carries files when they
 * are downloaded, and none of them when they are uploaded.
 */
export function oblige(
  verdicts: readonly Verdict[],
  copy: 'upload' | 'download' | null,
  means: Means,
): Obliged<MaskPlan> {
  const masks = verdicts.flatMap(({ mask }) => mask.filter(isHiding))
  if (masks.length === 0) return { kind: 'plan', plan: null }
  if (copy === 'download') return refused(refusal('denied', 'ssh/copy', unmaskable))
  const detectors: DetectorRule[] = []
  for (const mask of masks) {
    if ('path' in mask)
      return mistaken(`"${mask.path}" is a place in a document, and a command writes a stream`)
    if (mask.of === 'request') return mistaken('what is sent to a command is not masked')
    const detector = means.detectors.get(mask.detector)
    if (detector === undefined)
      return mistaken(
        means.recognisers.has(mask.detector)
          ? `"${mask.detector}" is recognised in whole texts only, and a command writes a stream`
          : `there is no detector "${mask.detector}"`,
      )
    const { method, rule, value, to, domain } = mask
    detectors.push({ detector, request: { method, value, to, domain }, rule })
  }
  return usable({ paths: [], detectors }, copy === 'upload' ? ['stderr'] : ['stdout', 'stderr'], means)
}

type HidingRule = Exclude<MaskRule, { readonly relation: string }> & {
  readonly method: MaskRequest['method']
}

function isHiding(rule: MaskRule): rule is HidingRule {
  return !('relation' in rule) && rule.method !== 'none'
}

/** What is wrong with the rules themselves is found before anything is sent. */
function usable(
  rules: ContentRules,
  streams: readonly Output['kind'][],
  { pseudonyms }: Means,
): Obliged<MaskPlan> {
  try {
    streamMasker(rules, pseudonyms)
    return { kind: 'plan', plan: { rules, streams } }
  } catch (error) {
    if (error instanceof InvalidMask) return mistaken(error.message)
    throw error
  }
}

const unmaskable =
  'What you may see here is masked, which files and connections that pass as they are cannot be: print what you need with a command.'

function mistaken(why: string): Obliged<never> {
  return refused(refusal('policy_error', 'policy/mask', `A mask of the policy cannot be kept: ${why}.`))
}

function refused(reason: Refusal): Obliged<never> {
  return { kind: 'refused', refusal: reason }
}
