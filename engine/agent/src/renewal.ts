import type { KeyObject } from 'node:crypto'
import type { Clock } from '@sluice/core'
import type { AgentAuthority } from './authority.ts'
import { limits } from './limits.ts'
import type { Tunnel } from './tunnel.ts'

export interface RenewalPorts {
  /** Of the agent. */
  readonly name: string
  readonly authority: Pick<AgentAuthority, 'forAgent'>
  readonly clock: Clock
  readonly report: (what: string, error: unknown) => void
}

/**
 * Sees to it that a connected agent always has a certificate with half of its life before it, of the same key. The
 * connection of one that takes none ends with the certificate by which it was made.
 */
export class Renewal implements Disposable {
  readonly #tunnel: Tunnel
  readonly #ports: RenewalPorts
  readonly #id: string
  readonly #key: KeyObject
  #until: number
  #next: Disposable | undefined
  #stopped = false

  constructor(
    tunnel: Tunnel,
    shown: { readonly id: string; readonly key: KeyObject; readonly until: number },
    ports: RenewalPorts,
  ) {
    this.#tunnel = tunnel
    this.#ports = ports
    this.#id = shown.id
    this.#key = shown.key
    this.#until = shown.until
    this.#wait(this.#dueMs)
  }

  [Symbol.dispose](): void {
    this.#stopped = true
    this.#next?.[Symbol.dispose]()
  }

  get #dueMs(): number {
    return this.#until - limits.certificateLifeMs / 2 - this.#ports.clock.now()
  }

  #wait(ms: number): void {
    if (!this.#stopped) this.#next = this.#ports.clock.after(Math.max(0, ms), () => void this.#renew())
  }

  async #renew(): Promise<void> {
    const { authority, clock, report, name } = this.#ports
    const now = clock.now()
    if (now >= this.#until) return this.#tunnel.end('its certificate has expired')
    try {
      const until = now + limits.certificateLifeMs
      await this.#tunnel.renew(authority.forAgent(this.#id, this.#key, now), until)
      this.#until = until
      this.#wait(this.#dueMs)
    } catch (error) {
      if (this.#stopped) return
      report(`the certificate of the agent ${name} was not renewed`, error)
      this.#wait(Math.min(limits.renewalRetryMs, this.#until - now))
    }
  }
}
