import { addAbortListener } from 'node:events'
import { isIP } from 'node:net'
import { addressText, type Address } from '@sluice/core'
import type { Resolve } from './allow-list.ts'
import type { NotWelcome } from './gateway-connection.ts'
import { limits } from './limits.ts'
import { Link, type LinkPorts } from './link.ts'

/**
 * What is behind a name that leads to several addresses: a gateway each, as behind the one name of a service whose machines
 * come and go. Of the family of which there are more, since a gateway may have an address of both. A name with one
 * address is dialled as the system dials it.
 */
export async function gatewaysAt({ host, port }: Address, resolve: Resolve): Promise<readonly Address[]> {
  if (isIP(host) !== 0) return [{ host, port }]
  // Where it leads nowhere at the moment, the attempt says why.
  const found = await resolve(host).catch(() => [])
  const [four, six] = [4, 6].map((family) => [...new Set(found.filter((each) => isIP(each) === family))])
  const more = (six ?? []).length > (four ?? []).length ? six : four
  if (more === undefined || more.length < 2) return [{ host, port }]
  return more.slice(0, limits.gatewaysOfNameMax).map((each) => ({ host: each, port }))
}

/** A connection to each of the gateways behind one name, looked up again and again. */
export class GatewayName {
  readonly #gateway: Address
  readonly #signal: AbortSignal
  readonly #ports: LinkPorts
  readonly #links = new Map<string, Link>()
  readonly #running = new Set<Promise<void>>()
  readonly #refusals = new Map<string, NotWelcome>()

  constructor(gateway: Address, signal: AbortSignal, ports: LinkPorts) {
    this.#gateway = gateway
    this.#signal = signal
    this.#ports = ports
  }

  /** Until it is told to stop, or until all of them say what will not change. Resolves with that, if so. */
  async run(): Promise<NotWelcome | undefined> {
    while (!this.#signal.aborted) {
      const found = await gatewaysAt(this.#gateway, this.#ports.resolve)
      this.#follow(found)
      if (found.every((each) => this.#refusals.has(addressText(each)))) {
        const [refused] = this.#refusals.values()
        return refused
      }
      await this.#lookLater()
    }
    await Promise.all(this.#running)
    return undefined
  }

  #follow(found: readonly Address[]): void {
    const wanted = new Set(found.map(addressText))
    for (const gateway of found) {
      const at = addressText(gateway)
      if (!this.#links.has(at) && !this.#refusals.has(at)) this.#start(at, gateway)
    }
    // What goes through it may go on; when it ends, it is not made again.
    for (const [at, link] of this.#links) if (!wanted.has(at)) link.retire()
  }

  #start(at: string, gateway: Address): void {
    const link = new Link(gateway, this.#signal, this.#ports)
    this.#links.set(at, link)
    const running = link.run().then((refused) => {
      this.#links.delete(at)
      if (refused === undefined) return
      this.#refusals.set(at, refused)
      this.#ports.tell(`${at} takes this agent no more: ${refused.message}`)
    })
    this.#running.add(running)
    void running.then(() => this.#running.delete(running))
  }

  /** Sooner when one of them ends. */
  async #lookLater(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    using _timer = this.#ports.clock.after(limits.lookUpMs, resolve)
    using _stopped = addAbortListener(this.#signal, () => resolve())
    await Promise.race([promise, ...this.#running])
  }
}
