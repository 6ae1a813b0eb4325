import {
  refusal,
  Refused,
  type MaskRule,
  type Obliged,
  type Pseudonyms,
  type Refusal,
  type Verdict,
} from '@sluice/core'
import { CellSearch, InvalidMask, type Detector, type DetectorRule, type MaskRequest } from '@sluice/masking'
import { withCopy } from '../copy/oblige.ts'
import type { MaskPlan, Statement } from '../statement.ts'
import type { Detection } from './detection.ts'

/** What masks may look for. */
export interface Means {
  readonly detectors: ReadonlyMap<string, Detector>
  /** Names for which somebody else would have to be asked. */
  readonly recognised: ReadonlySet<string>
  readonly pseudonyms: Pseudonyms | undefined
}

/**
 * Adds what the verdicts have looked for to a plan, or refuses what could not be. They are looked for in all of the
 * answer, whichever statement of the message asks for it. `text`: what a COPY stands in, as latin1.
 */
export function withDetectors(
  obliged: Obliged<MaskPlan>,
  verdicts: readonly Verdict[],
  means: Means,
  statements: readonly Statement[],
  text = '',
): Obliged<MaskPlan> {
  if (obliged.kind === 'refused' || !verdicts.some(({ mask }) => looksFor(mask))) return obliged
  try {
    const detection = detectionOf(verdicts, means)
    const plan = { ...obliged.plan, detection }
    return plan.copy === undefined ? withCopy(plan, statements, text) : { kind: 'plan', plan }
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', refusal: error.refusal }
    if (error instanceof InvalidMask) return { kind: 'refused', refusal: mistaken(error.message) }
    throw error
  }
}

type LookedFor = Extract<MaskRule, { readonly detector: string }> & { readonly method: MaskRequest['method'] }

function isLookedFor(rule: MaskRule): rule is LookedFor {
  return 'detector' in rule && rule.of === undefined && rule.method !== 'none'
}

/** Cached decisions hand out the same frozen rules again and again. */
const looking = new WeakMap<readonly MaskRule[], boolean>()

function looksFor(masks: readonly MaskRule[]): boolean {
  const known = looking.get(masks) ?? masks.some(isLookedFor)
  looking.set(masks, known)
  return known
}

const compiled = new WeakMap<readonly MaskRule[], WeakMap<Means, Detection>>()

function detectionOf(verdicts: readonly Verdict[], means: Means): Detection {
  const [only, ...others] = verdicts
  if (only === undefined || others.length > 0)
    return compile(
      verdicts.flatMap(({ mask }) => mask),
      means,
    )
  const known = compiled.get(only.mask) ?? new WeakMap<Means, Detection>()
  compiled.set(only.mask, known)
  const detection = known.get(means) ?? compile(only.mask, means)
  known.set(means, detection)
  return detection
}

function compile(masks: readonly MaskRule[], means: Means): Detection {
  const rules = masks.filter(isLookedFor).map((rule) => ruleOf(rule, means))
  return { rules, search: new CellSearch(rules, means.pseudonyms) }
}

function ruleOf({ detector: name, method, value, to, domain, rule }: LookedFor, means: Means): DetectorRule {
  if (means.recognised.has(name)) throw new Refused(unasked(name))
  const detector = means.detectors.get(name)
  if (detector === undefined) throw new Refused(mistaken(`there is no detector "${name}"`))
  return { detector, request: { method, value, to, domain }, rule }
}

/** Who recognises wants whole texts and takes its time, and rows pass as they come. */
function unasked(name: string): Refusal {
  return refusal(
    'policy_error',
    'policy/mask_place',
    `The mask of detector:${name} is not possible here: recognisers are not asked about the rows of a database.`,
  )
}

function mistaken(why: string): Refusal {
  return refusal('policy_error', 'policy/mask', `A mask of the policy cannot be kept: ${why}.`)
}
