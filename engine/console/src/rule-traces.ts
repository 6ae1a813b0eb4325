import type { RuleTrace } from './api/policy-answers.ts'

/** The sets of authors that the decision folds, the heaviest first: a denial overrides a hold, which overrides an allow. */
const weights = ['deny', 'hold', 'allow', 'break_glass', 'mask', 'limit']

/** Rules that add to a set, without those that only help them. */
export function sortedByWeight(rules: readonly RuleTrace[]): readonly RuleTrace[] {
  const weight = ({ name }: RuleTrace): number => weights.indexOf(name)
  return rules
    .filter((rule) => rule.package.startsWith('sluice.rules.') && weight(rule) >= 0)
    .toSorted((a, b) => weight(a) - weight(b) || progressOf(b) - progressOf(a))
}

/** A rule that ended late was nearer than one that ended at its first condition. */
function progressOf({ failed, row }: RuleTrace): number {
  return failed === null ? 0 : failed.row - row
}

/** The bodies of rules that a condition looks at. */
export function helpersOf(uses: readonly string[], all: readonly RuleTrace[]): readonly RuleTrace[] {
  return all.filter((rule) => uses.includes(`${rule.package}.${rule.name}`))
}

export function outcomeOf({ held, value, tried, failed }: RuleTrace): string {
  if (held) return value === '' || value === 'true' || value.startsWith('{') ? '' : `is ${value}`
  if (failed === null) return tried === 0 ? 'was not asked' : ''
  return 'ended at'
}

/** Whether a value is one that the log does not tell, so that another stood in its place. */
export function valueIsSealed(name: string, withheld: readonly string[]): boolean {
  return withheld.some(
    (field) => name === `input.action.${field}` || name.startsWith(`input.action.${field}.`),
  )
}
