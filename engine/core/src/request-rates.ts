import { refusal, type Refusal } from './errors.ts'
import type { RequestRate, Target } from './request.ts'
import { TargetBudgets } from './target-budgets.ts'

type Asked = Pick<Target, 'name' | 'rate'>

/** How often each subject may ask each target. */
export class RequestRates {
  readonly #budgets: TargetBudgets

  /** `told`: hears of what is let pass here. */
  constructor(...of: ConstructorParameters<typeof TargetBudgets>) {
    this.#budgets = new TargetBudgets(...of)
  }

  /** Counts so many more requests that come as one, or says why they may not be. */
  refuse({ name, rate }: Asked, subject: string, requests: number = 1): Refusal | undefined {
    if (rate === undefined || this.#budgets.spend(name, rate, subject, requests)) return undefined
    return tooOften(rate)
  }

  /** Another process let them pass. */
  passedElsewhere({ name, rate }: Asked, subject: string, requests: number): void {
    if (rate !== undefined) this.#budgets.spentElsewhere(name, rate, subject, requests)
  }
}

function tooOften({ burst, perSecond }: RequestRate): Refusal {
  return refusal(
    'too_many',
    'sluice/rate',
    `This target takes ${burst} requests of one subject at once and ${perSecond} a second after that. Nothing was executed. Try again in ${waitText(perSecond)}.`,
  )
}

function waitText(perSecond: number): string {
  const seconds = Math.max(1, Math.ceil(1 / perSecond))
  return seconds === 1 ? 'a second' : `${seconds} seconds`
}
