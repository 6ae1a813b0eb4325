import { refusal, type Obliged, type Refusal, type Verdict } from '@sluice/core'

/** What the verdict obliges to. */
export type MaskPlan = Record<string, never>

/** Compiles the verdicts' masks. Columns of relations ask for nothing here. */
export function oblige(verdicts: readonly Verdict[]): Obliged<MaskPlan> {
  const masks = verdicts.flatMap(({ mask }) => mask)
  const hiding = masks.filter((rule) => !('relation' in rule) && rule.method !== 'none')
  if (hiding.length > 0) return { kind: 'refused', refusal: mistaken('streams are not masked') }
  return { kind: 'plan', plan: {} }
}

function mistaken(why: string): Refusal {
  return refusal('policy_error', 'policy/mask', `A mask of the policy cannot be kept: ${why}.`)
}
