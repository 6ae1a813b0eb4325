import { controlStream, limits, type Clock, type EventStore, type Incarnations } from '@sluice/core'
import type { Pdp } from '@sluice/policy'
import type { PolicyLog } from './policy-log.ts'

export interface PolicyFollowerPorts {
  readonly store: Pick<EventStore, 'subscribe'>
  readonly clock: Clock
  readonly report: (what: string, error: unknown) => void
  readonly policies: PolicyLog
  readonly incarnations: Incarnations
  readonly pdp: Pick<Pdp, 'follow'>
}

/** Puts in force here what any gateway of the log puts in force, in the order of the log. Close it. */
export class PolicyFollower {
  readonly #ports: PolicyFollowerPorts
  readonly #leaving = new AbortController()
  readonly #following: Promise<void>

  constructor(ports: PolicyFollowerPorts) {
    this.#ports = ports
    this.#following = this.#follow()
  }

  async close(): Promise<void> {
    this.#leaving.abort()
    await this.#following
  }

  async #follow(): Promise<void> {
    const { clock, report } = this.#ports
    const { signal } = this.#leaving
    while (!signal.aborted) {
      try {
        await this.#read(signal)
        return
      } catch (error) {
        report('the policies of the log could not be followed; trying again', error)
        await new Promise<void>((resolve) => {
          clock.after(limits.policyRetryMs, resolve)
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
      }
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { store, policies, incarnations, pdp } = this.#ports
    for await (const event of store.subscribe(policies.position, signal, controlStream)) {
      // A store may hand out more than it is asked for. What no gateway signed, or a lost one did, is nobody's word.
      if (event.stream !== controlStream || event.sig === null || !incarnations.admits(event)) continue
      policies.take(event)
      if (event.type === 'PolicyActivated') void pdp.follow(() => policies.inForce)
    }
  }
}
