import { Budgets } from './budgets.ts'
import { refusal, type Refusal } from './errors.ts'
import { limits } from './limits.ts'
import type { Clock } from './ports.ts'
import type { RequestRate, Target } from './request.ts'

/** Of a target that says nothing: enough for a person who looks for somebody, too few for a search bit by bit. */
const otherwise: RequestRate = { burst: 20, perSecond: 20 / 3_600 }

type Asked = Pick<Target, 'name' | 'conditions'>

/**
 * How many conditions on masked values each subject may ask of each target where the policy gives a budget for them, over
 * all of its sessions at this gateway: each answer tells a little of what is hidden.
 */
export class Conditions {
  readonly #clock: Pick<Clock, 'monotonic'>
  /** A target that is declared anew begins anew. */
  readonly #budgets = new WeakMap<RequestRate, Budgets>()

  readonly #told: (target: string, spender: string, count: number) => void

  /** `told`: hears of what is let pass here. */
  constructor(
    clock: Pick<Clock, 'monotonic'>,
    told: (target: string, spender: string, count: number) => void = () => {},
  ) {
    this.#clock = clock
    this.#told = told
  }

  /** Counts so many conditions of one request, or says why it may not be; what is refused here does not count. */
  refuse({ name, conditions = otherwise }: Asked, subject: string, count: number): Refusal | undefined {
    if (count === 0) return undefined
    const budgets = this.#of(conditions)
    const id = `${name}\n${subject}`
    if (!budgets.affords(id)) return spentAll(conditions)
    budgets.spend(id, count)
    return undefined
  }

  /** Another process let them pass, of the same target. */
  askedElsewhere({ conditions = otherwise }: Asked, spender: string, count: number): void {
    this.#of(conditions).spentElsewhere(spender, count)
  }

  #of(terms: RequestRate): Budgets {
    const known = this.#budgets.get(terms)
    if (known !== undefined) return known
    const budgets = new Budgets({ ...terms, knownMax: limits.rateSubjectsMax }, this.#clock, (id, count) =>
      this.#told(id.slice(0, id.indexOf('\n')), id, count),
    )
    this.#budgets.set(terms, budgets)
    return budgets
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
