import type { Duplex } from 'node:stream'
import { refusal, Refused, type Address, type Refusal } from '@sluice/core'
import { DialError, type Tunnel } from './tunnel.ts'

/** The tunnels of one gateway, by the names of the agents behind them. */
export class Tunnels {
  readonly #byName = new Map<string, Set<Tunnel>>()
  readonly #report: (what: string, error: unknown) => void
  /** What the operator was told last of the agents of each name. */
  readonly #told = new Map<string, string>()

  constructor(report: (what: string, error: unknown) => void) {
    this.#report = report
  }

  /** Until it is over. */
  add(name: string, tunnel: Tunnel): void {
    const all = this.#byName.get(name) ?? new Set()
    this.#byName.set(name, all.add(tunnel))
    void tunnel.over.then(() => {
      all.delete(tunnel)
      if (all.size === 0 && this.#byName.get(name) === all) this.#byName.delete(name)
    })
  }

  all(): readonly Tunnel[] {
    return [...this.#byName.values()].flatMap((tunnels) => [...tunnels])
  }

  /** A connection that is there now. */
  ofConnection(connection: string): Tunnel | undefined {
    return this.all().find((tunnel) => tunnel.connection === connection)
  }

  /**
   * A stream to an address by an agent of that name. One that fails before it is open is tried at another agent, once at
   * each. Rejects with `Refused`.
   */
  async dial(name: string, address: Address): Promise<Duplex> {
    const tried = new Set<Tunnel>()
    let failure: DialError | undefined
    for (let tunnel = this.#next(name, tried); tunnel !== undefined; tunnel = this.#next(name, tried)) {
      tried.add(tunnel)
      try {
        return await tunnel.dial(address)
      } catch (error) {
        if (!(error instanceof DialError)) throw error
        failure = moreTelling(failure, error)
      }
    }
    if (failure?.kind === 'not_allowed') this.#complain(name, failure)
    throw new Refused(explained(name, failure), { cause: failure })
  }

  /** Not again for each caller. */
  #complain(name: string, failure: DialError): void {
    if (this.#told.get(name) === failure.message) return
    this.#told.set(name, failure.message)
    this.#report(`the agent ${name} does not go where a target is`, failure)
  }

  /** The least busy of those that answer; of equals the one that has been waiting longest. */
  #next(name: string, tried: ReadonlySet<Tunnel>): Tunnel | undefined {
    const all = this.#byName.get(name)
    if (all === undefined) return undefined
    const rank = ({ silent, streams }: Tunnel): number => (silent ? 1e9 : 0) + streams
    let best: Tunnel | undefined
    for (const tunnel of all)
      if (tunnel.open && !tried.has(tunnel) && (best === undefined || rank(tunnel) < rank(best)))
        best = tunnel
    if (best !== undefined && all.delete(best)) all.add(best)
    return best
  }
}

/** That one could not be asked says less than what another one answered. */
function moreTelling(before: DialError | undefined, now: DialError): DialError {
  return before === undefined || before.kind === 'lost' ? now : before
}

/** For callers, who are not told of addresses nor in words of an agent's own. */
function explained(name: string, failure: DialError | undefined): Refusal {
  const say = (message: string): Refusal => refusal('target_unreachable', 'sluice/agent', message)
  switch (failure?.kind) {
    case undefined:
      return say(`No agent named ${name} is connected to this gateway, and the target is reached by one.`)
    case 'not_allowed':
      return say(
        `The agent ${name} does not let this gateway through to the target. Tell the target's operator.`,
      )
    case 'failed':
      return say(`The agent ${name} cannot reach the target.`)
    case 'lost':
      return say(`The agent ${name} was lost before the target was reached. Try again.`)
  }
}
