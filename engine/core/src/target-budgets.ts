import { Budgets } from './budgets.ts'
import { limits } from './limits.ts'
import type { Clock } from './ports.ts'
import type { RequestRate } from './request.ts'

/**
 * What each subject may spend at each target, over all of its sessions at this gateway, by the terms of the target. Terms may
 * be those of several targets, which are still told apart; a target that is declared anew, with new ones, begins anew.
 */
export class TargetBudgets {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #told: (target: string, subject: string, units: number) => void
  readonly #budgets = new WeakMap<RequestRate, Budgets>()

  /** `told`: hears of what is spent here. */
  constructor(
    clock: Pick<Clock, 'monotonic'>,
    told: (target: string, subject: string, units: number) => void = () => {},
  ) {
    this.#clock = clock
    this.#told = told
  }

  /**
   * Whether it could be afforded; what could not is not counted. As with any budget, who spends more at once than is left
   * owes the rest.
   */
  spend(target: string, terms: RequestRate, subject: string, units: number): boolean {
    const budgets = this.#of(terms)
    const id = idOf(target, subject)
    if (!budgets.affords(id)) return false
    budgets.spend(id, units)
    return true
  }

  /** Another process let it pass. */
  spentElsewhere(target: string, terms: RequestRate, subject: string, units: number): void {
    this.#of(terms).spentElsewhere(idOf(target, subject), units)
  }

  #of(terms: RequestRate): Budgets {
    const known = this.#budgets.get(terms)
    if (known !== undefined) return known
    const budgets = new Budgets({ ...terms, knownMax: limits.rateSubjectsMax }, this.#clock, (id, units) => {
      const end = id.indexOf(separator)
      this.#told(id.slice(0, end), id.slice(end + 1), units)
    })
    this.#budgets.set(terms, budgets)
    return budgets
  }
}

/** No name of a target has it. */
const separator = '\n'

function idOf(target: string, subject: string): string {
  return target + separator + subject
}
