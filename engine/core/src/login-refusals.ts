import { Budgets } from './budgets.ts'
import { Counts, Shares, type CountPorts } from './counts.ts'
import type { EventBody } from './decider.ts'
import type { EventData } from './events.ts'
import { limits } from './limits.ts'
import type { Clock } from './ports.ts'

type Failed = EventData['AuthenticationFailed']

export interface LoginRefusalPorts extends Omit<CountPorts<never>, 'clock' | 'event'> {
  readonly gateway: string
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'after'>
  /** Hears of what is recorded one by one: by the address, or of all. */
  readonly spent?: (budget: LoginBudget, id: string, units: number) => void
}

export type LoginBudget = 'logins of an address' | 'logins of all'

interface Tally {
  readonly from_ms: number
  until_ms: number
  refused: number
  readonly addresses: Shares
  readonly reasons: Shares
}

/**
 * Logins that were refused, and what was refused before there was one. Anybody can try without having shown who they are, so of one address so many are recorded
 * one by one, and of all addresses so many; beyond that they are counted.
 */
export class LoginRefusals {
  readonly #ports: LoginRefusalPorts
  readonly #ofAddress: Budgets
  readonly #ofAll: Budgets
  readonly #counts: Counts<Tally>

  constructor(ports: LoginRefusalPorts) {
    const { gateway, clock, append, report, spent = () => {} } = ports
    this.#ports = ports
    this.#ofAddress = new Budgets(addressTerms, clock, (...of) => spent('logins of an address', ...of))
    this.#ofAll = new Budgets(allTerms, clock, (...of) => spent('logins of all', ...of))
    this.#counts = new Counts({
      clock,
      append,
      report,
      event: ({ addresses, reasons, ...tally }) => ({
        type: 'LoginsRefused',
        data: {
          gateway,
          ...tally,
          addresses: addresses.list().map(([client_ip, refused]) => ({ client_ip, refused })),
          reasons: reasons.list().map(([reason, refused]) => ({ reason, refused })),
        },
      }),
    })
  }

  /** Recorded or counted. Nobody waits for it. */
  note(failed: Failed): void {
    if (this.#affords(failed.client_ip)) this.#record({ type: 'AuthenticationFailed', data: failed })
    else this.#count(failed)
  }

  /** Another process recorded them. */
  spentElsewhere(budget: LoginBudget, id: string, units: number): void {
    const budgets = budget === 'logins of all' ? this.#ofAll : this.#ofAddress
    budgets.spentElsewhere(id, units)
  }

  /** What is counted and not yet told. Never rejects. */
  finish(): Promise<void> {
    return this.#counts.finish([]).catch((error: unknown) => this.#unrecorded(error))
  }

  #affords(address: string): boolean {
    if (!this.#ofAddress.affords(address) || !this.#ofAll.affords(all)) return false
    this.#ofAddress.spend(address, 1)
    this.#ofAll.spend(all, 1)
    return true
  }

  #record(body: EventBody): void {
    this.#ports.append([body]).catch((error: unknown) => this.#unrecorded(error))
  }

  #count({ client_ip, reason }: Failed): void {
    const now = this.#ports.clock.now()
    const tally = this.#counts.current(() => ({
      from_ms: now,
      until_ms: now,
      refused: 0,
      addresses: new Shares(),
      reasons: new Shares(),
    }))
    tally.refused += 1
    tally.until_ms = now
    tally.addresses.add(client_ip)
    tally.reasons.add(reason)
  }

  #unrecorded(error: unknown): void {
    this.#ports.report('a refused login was not recorded', error)
  }
}

const addressTerms = {
  burst: limits.loginRefusalsBurst,
  perSecond: limits.loginRefusalsPerSecond,
  knownMax: limits.loginAddressesMax,
}
const allTerms = {
  burst: limits.loginRefusalsAllBurst,
  perSecond: limits.loginRefusalsAllPerSecond,
  knownMax: 1,
}
const all = 'all'
