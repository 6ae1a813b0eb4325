import { placeOf, refusal, type MaskRule, type Obliged, type Refusal, type Verdict } from '@sluice/core'
import type { MaskPlan } from './mask.ts'

/** Nothing is masked. */
export const openPlan: MaskPlan = { masker: null }

/**
 * Compiles the verdict's masks for the answer. What names a column of a relation asks for nothing here: an answer has
 * documents and texts, no relations.
 */
export function oblige(verdicts: readonly Verdict[]): Obliged<MaskPlan> {
  const rules = verdicts
    .flatMap(({ mask }) => mask)
    .filter((rule) => !('relation' in rule) && rule.method !== 'none')
  const [first] = rules
  if (first === undefined) return { kind: 'plan', plan: openPlan }
  return { kind: 'refused', refusal: impossible(first) }
}

function impossible(rule: MaskRule): Refusal {
  return refusal('policy_error', 'policy/mask_place', `The mask of ${placeOf(rule)} is not possible here.`)
}
