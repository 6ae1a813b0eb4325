import { Budgets } from './budgets.ts'
import { refusal, type Refusal } from './errors.ts'
import { limits } from './limits.ts'
import type { Clock } from './ports.ts'
import type { RequestRate, Target } from './request.ts'

/** How often each subject may ask each target, over all of its sessions at this gateway. */
export class RequestRates {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #told: (target: string, subject: string, requests: number) => void
  /** A target that is declared anew begins anew. */
  readonly #budgets = new WeakMap<RequestRate, Budgets>()

  /** `told`: hears of what is let pass here. */
  constructor(
    clock: Pick<Clock, 'monotonic'>,
    told: (target: string, subject: string, requests: number) => void = () => {},
  ) {
    this.#clock = clock
    this.#told = told
  }

  /**
   * Counts so many more requests that come as one, or says why they may not be; what is refused here does not count. As
   * with any budget, who asks for more at once than is left owes the rest.
   */
  refuse(
    { name, rate }: Pick<Target, 'name' | 'rate'>,
    subject: string,
    requests: number = 1,
  ): Refusal | undefined {
    if (rate === undefined) return undefined
    const budgets = this.#of(name, rate)
    if (!budgets.affords(subject)) return tooOften(rate)
    budgets.spend(subject, requests)
    return undefined
  }

  /** Another process let them pass. */
  passedElsewhere({ name, rate }: Pick<Target, 'name' | 'rate'>, subject: string, requests: number): void {
    if (rate !== undefined) this.#of(name, rate).spentElsewhere(subject, requests)
  }

  #of(target: string, rate: RequestRate): Budgets {
    const known = this.#budgets.get(rate)
    if (known !== undefined) return known
    const budgets = new Budgets(
      { ...rate, knownMax: limits.rateSubjectsMax },
      this.#clock,
      (subject, requests) => this.#told(target, subject, requests),
    )
    this.#budgets.set(rate, budgets)
    return budgets
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
