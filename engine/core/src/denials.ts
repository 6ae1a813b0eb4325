import type { Budgets } from './budgets.ts'
import type { EventBody } from './decider.ts'
import type { CountedDenials } from './event-parts.ts'
import { limits } from './limits.ts'
import { StoreError, type Clock, type Ids } from './ports.ts'

export interface DenialPorts {
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly ids: Pick<Ids, 'next'>
  /** Shared by all sessions of a gateway. */
  readonly budgets: Pick<Budgets, 'affords' | 'spend'>
  readonly append: (bodies: readonly EventBody[]) => Promise<unknown>
  readonly report: (what: string, error: unknown) => void
}

/** Requests of which the log holds nothing but how many they were. */
interface Tally extends Omit<CountedDenials, 'session' | 'subject' | 'target' | 'rules'> {
  requests: number
  denied: number
  until_ms: number
  readonly rules: Map<string, number>
}

/**
 * The denials of one session. A denial has no effect, so beyond the budget of its subject it is counted instead of
 * recorded: a flood costs the log one event in `limits.denialsCountedMs`. A count that the log did not take is kept as it
 * is and tried again, since its callers were told its reference.
 */
export class Denials {
  readonly #of: Pick<CountedDenials, 'session' | 'subject' | 'target'>
  readonly #ports: DenialPorts
  #growing: Tally | undefined
  /** Before the session's end one at most: until it is taken the growing one grows on. */
  #refused: readonly Tally[] = []
  #willTell = false

  constructor(of: Pick<CountedDenials, 'session' | 'subject' | 'target'>, ports: DenialPorts) {
    this.#of = of
    this.#ports = ports
  }

  /** Pays for recording denials with contents of these sizes one by one. `false`: there is nothing left to pay with. */
  spend(sizes: readonly number[]): boolean {
    const { budgets } = this.#ports
    const { subject } = this.#of
    if (!budgets.affords(subject)) return false
    budgets.spend(subject, units(sizes))
    return true
  }

  /** By the rule that denied it; `null`: it followed a denied one. The reference by which the log knows of it. */
  count(rule: string | null): string {
    const { clock, ids } = this.#ports
    const now = clock.now()
    const tally = (this.#growing ??= {
      decision: ids.next('dec'),
      requests: 0,
      denied: 0,
      from_ms: now,
      until_ms: now,
      rules: new Map(),
    })
    tally.requests += 1
    tally.until_ms = now
    if (rule !== null) {
      tally.denied += 1
      const by = tally.rules.has(rule) || tally.rules.size < limits.denialRulesMax ? rule : otherRules
      tally.rules.set(by, (tally.rules.get(by) ?? 0) + 1)
    }
    this.#tellLater()
    return tally.decision
  }

  /** The last event of the session, in one append with what is not yet told. */
  async last(closed: EventBody): Promise<void> {
    const tallies = [...this.#refused, ...this.#grown()]
    this.#refused = []
    await this.#tell(tallies, [closed])
  }

  #tellLater(): void {
    if (this.#willTell) return
    this.#willTell = true
    this.#ports.clock.after(limits.denialsCountedMs, () => {
      this.#willTell = false
      const tallies = this.#refused.length > 0 ? this.#refused : this.#grown()
      this.#refused = []
      if (tallies.length === 0) return
      this.#tell(tallies, []).catch((error: unknown) =>
        this.#ports.report('counted denials were not recorded', error),
      )
    })
  }

  #grown(): readonly Tally[] {
    const tally = this.#growing
    this.#growing = undefined
    return tally === undefined ? [] : [tally]
  }

  async #tell(tallies: readonly Tally[], last: readonly EventBody[]): Promise<void> {
    try {
      await this.#ports.append([...tallies.map((tally) => this.#event(tally)), ...last])
      if (this.#growing !== undefined || this.#refused.length > 0) this.#tellLater()
    } catch (error) {
      if (tallies.length > 0 && mayTryAgain(error)) {
        this.#refused = [...this.#refused, ...tallies]
        this.#tellLater()
      }
      throw error
    }
  }

  #event({ rules, ...tally }: Tally): EventBody {
    const byRule = [...rules].map(([rule, denied]) => ({ rule, denied }))
    return { type: 'DenialsCounted', data: { ...this.#of, ...tally, rules: byRule } }
  }
}

const otherRules = 'other'

/** What is large costs more than one. */
function units(sizes: readonly number[]): number {
  return sizes.reduce((sum, bytes) => sum + Math.max(1, bytes / limits.denialBytes), 0)
}

/** What came too late still lands, and a closed log takes nothing any more. */
function mayTryAgain(error: unknown): boolean {
  return !(error instanceof StoreError && (error.reason === 'deadline' || error.reason === 'closed'))
}
