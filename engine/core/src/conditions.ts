import { refusal, type Refusal } from './errors.ts'
import type { RequestRate, Target } from './request.ts'
import { TargetBudgets } from './target-budgets.ts'

/** Of a target that says nothing: enough for a person who looks for somebody, too few for a search bit by bit. */
const otherwise: RequestRate = { burst: 20, perSecond: 20 / 3_600 }

type Asked = Pick<Target, 'name' | 'conditions'>

/**
 * How many conditions on masked values each subject may ask of each target where the policy gives a budget for them: each
 * answer tells a little of what is hidden.
 */
export class Conditions {
  readonly #budgets: TargetBudgets

  /** `told`: hears of what is let pass here. */
  constructor(...of: ConstructorParameters<typeof TargetBudgets>) {
    this.#budgets = new TargetBudgets(...of)
  }

  /** Counts so many conditions of one request, or says why it may not be. */
  refuse({ name, conditions = otherwise }: Asked, subject: string, count: number): Refusal | undefined {
    if (count === 0 || this.#budgets.spend(name, conditions, subject, count)) return undefined
    return spentAll(conditions)
  }

  /** Another process let them pass, of the same target. */
  askedElsewhere({ name, conditions = otherwise }: Asked, subject: string, count: number): void {
    this.#budgets.spentElsewhere(name, conditions, subject, count)
  }
}

function spentAll({ burst, perSecond }: RequestRate): Refusal {
  const hourly = Math.max(1, Math.round(perSecond * 3_600))
  return refusal(
    'denied',
    'sluice/conditions',
    `Your budget of conditions on masked columns of this target is spent: ${burst} at once and ${hourly} an hour after that. Ask without a condition on a masked column`,
  )
}
