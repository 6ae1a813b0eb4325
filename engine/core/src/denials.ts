import type { Budgets } from './budgets.ts'
import { Counts, Shares, type CountPorts } from './counts.ts'
import type { CountedDenials } from './event-parts.ts'
import { limits } from './limits.ts'
import type { Clock, Ids } from './ports.ts'

type Of = Pick<CountedDenials, 'session' | 'subject' | 'target'>

export interface DenialPorts extends Omit<CountPorts<never>, 'clock' | 'event'> {
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly ids: Pick<Ids, 'next'>
  /** Shared by all sessions of a gateway. */
  readonly budgets: Pick<Budgets, 'affords' | 'spend'>
}

/** Requests of which the log holds nothing but how many they were. */
interface Tally {
  readonly decision: string
  readonly from_ms: number
  until_ms: number
  requests: number
  denied: number
  readonly rules: Shares
}

/**
 * The denials of one session. A denial has no effect, so beyond the budget of its subject it is counted instead of
 * recorded, and a flood does not fill the log.
 */
export class Denials {
  readonly #subject: string
  readonly #ports: DenialPorts
  readonly #counts: Counts<Tally>

  constructor(of: Of, ports: DenialPorts) {
    this.#subject = of.subject
    this.#ports = ports
    this.#counts = new Counts({
      clock: ports.clock,
      append: ports.append,
      report: ports.report,
      event: ({ rules, ...tally }) => ({
        type: 'DenialsCounted',
        data: { ...of, ...tally, rules: rules.list().map(([rule, denied]) => ({ rule, denied })) },
      }),
    })
  }

  /** Pays for recording denials with contents of these sizes one by one. `false`: there is nothing left to pay with. */
  spend(sizes: readonly number[]): boolean {
    const { budgets } = this.#ports
    if (!budgets.affords(this.#subject)) return false
    budgets.spend(
      this.#subject,
      sizes.reduce((sum, bytes) => sum + recordUnits(bytes), 0),
    )
    return true
  }

  /** By the rule that denied it; `null`: it followed a denied one. The reference by which the log knows of it. */
  count(rule: string | null): string {
    const { clock, ids } = this.#ports
    const now = clock.now()
    const tally = this.#counts.current(() => ({
      decision: ids.next('dec'),
      from_ms: now,
      until_ms: now,
      requests: 0,
      denied: 0,
      rules: new Shares(),
    }))
    tally.requests += 1
    tally.until_ms = now
    if (rule !== null) {
      tally.denied += 1
      tally.rules.add(rule)
    }
    return tally.decision
  }

  /** The last event of the session, in one append with what is not yet told. */
  finish(...last: Parameters<Counts<Tally>['finish']>[0]): Promise<void> {
    return this.#counts.finish(last)
  }
}

/** What a request with so much content costs of a budget: one that is large costs more. */
export function recordUnits(bytes: number): number {
  return Math.max(1, bytes / limits.denialBytes)
}
