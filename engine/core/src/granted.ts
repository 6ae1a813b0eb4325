import type { EventBody } from './decider.ts'
import { limits } from './limits.ts'
import type { Clock, PolicyDecisionPoint, PolicyGrant, PolicyInput } from './ports.ts'

export interface GrantedPorts {
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly pdp: PolicyDecisionPoint
  /** Whether anything runs on this lane. */
  readonly running: () => boolean
  /** Stops whatever does. */
  readonly stop: () => void
}

/**
 * What runs on one lane and was judged by grants. As with a token, what runs when its grant ends may finish within
 * `limits.exchangeGraceMs` and is stopped then, and a revoked grant has no grace. Who would be allowed it without the
 * grant runs on: the policy is asked once more, with the same request.
 */
export class Granted {
  readonly #ports: GrantedPorts
  /** By exchange: one input of each of its actions. */
  readonly #inputs = new Map<string, PolicyInput[]>()
  readonly #timers = new Map<string, Disposable>()
  readonly #revoked = new Set<string>()

  constructor(ports: GrantedPorts) {
    this.#ports = ports
  }

  /** The policy is about to judge by this input, which holds grants. */
  judged(input: PolicyInput): void {
    const others = this.#inputs.get(input.request_id)
    if (others === undefined) this.#inputs.set(input.request_id, [input])
    else others.push(input)
  }

  /** The same events, decisions with the grants by which they were made. */
  recorded(bodies: readonly EventBody[]): readonly EventBody[] {
    return this.#inputs.size === 0 ? bodies : bodies.map((body) => this.#completed(body))
  }

  /** It came to nothing, and no event will say so. */
  refused(exchange: string): void {
    this.#inputs.delete(exchange)
  }

  /** One exchange is done, maybe without an event that says so. */
  done(): void {
    if (this.#inputs.size === 0 || this.#ports.running()) return
    this.#inputs.clear()
    this.#revoked.clear()
  }

  /** Resolves when what ran only by this grant was told to stop. Never rejects. */
  async revoke(grant: string): Promise<void> {
    if (this.#inputs.size === 0) return
    // What stands by another grant now must not stand by this one when that ends.
    this.#revoked.add(grant)
    await this.#ended(grant)
  }

  close(): void {
    for (const timer of this.#timers.values()) timer[Symbol.dispose]()
    this.#timers.clear()
  }

  #completed(body: EventBody): EventBody {
    switch (body.type) {
      case 'DecisionMade': {
        const { exchange, effect } = body.data
        const grants = this.#inputs.get(exchange)?.at(-1)?.grants
        if (grants === undefined) return body
        if (effect === 'allow') for (const { id, until_ms: until } of grants) this.#watch(id, until)
        else this.#inputs.delete(exchange)
        return { ...body, data: { ...body.data, grants: textOf(grants) } }
      }
      case 'ResponseCompleted':
      case 'ExchangeAbandoned':
        this.#inputs.delete(body.data.exchange)
        return body
      default:
        return body
    }
  }

  #watch(id: string, until: number): void {
    if (this.#timers.has(id)) return
    const { clock } = this.#ports
    const at = until + limits.exchangeGraceMs
    const timer = clock.after(Math.max(0, at - clock.now()), () => {
      this.#timers.delete(id)
      // A timer may be early, when the clock was set back.
      if (clock.now() < at) this.#watch(id, until)
      else void this.#ended(id)
    })
    this.#timers.set(id, timer)
  }

  async #ended(grant: string): Promise<void> {
    const under = [...this.#inputs].filter(([, inputs]) => inputs.some(({ grants }) => hasIn(grants, grant)))
    for (const [exchange, inputs] of under) {
      if (await this.#standsWithout(inputs)) continue
      if (this.#inputs.get(exchange) === inputs) return this.#ports.stop()
    }
  }

  async #standsWithout(inputs: readonly PolicyInput[]): Promise<boolean> {
    for (const input of inputs) {
      const grants = input.grants.filter((grant) => this.#stands(grant))
      const { verdict } = await this.#ports.pdp.evaluate({ ...input, grants })
      if (verdict.effect !== 'allow') return false
    }
    return true
  }

  #stands({ id, until_ms: until }: PolicyGrant): boolean {
    return !this.#revoked.has(id) && this.#ports.clock.now() < until + limits.exchangeGraceMs
  }
}

function hasIn(grants: readonly PolicyGrant[], id: string): boolean {
  return grants.some((grant) => grant.id === id)
}

/** The same list comes again and again until something changes: it is written out once. */
const texts = new WeakMap<readonly PolicyGrant[], string>()

function textOf(grants: readonly PolicyGrant[]): string {
  const known = texts.get(grants)
  if (known !== undefined) return known
  const text = JSON.stringify(grants)
  texts.set(grants, text)
  return text
}
