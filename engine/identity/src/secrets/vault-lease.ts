import type { Clock } from '@sluice/core'
import type { AskVault } from './vault.ts'
import { renewedAfter, spareOf, type HeldToken } from './vault-tokens.ts'

/** Between attempts to renew that nobody answered, as part of what was its life. */
const againAfter = 1 / 20
const againMsMin = 1_000

export interface LeaseParts {
  readonly id: string
  readonly lifeMs: number
  readonly renewable: boolean
  /** Vault ends a lease with the token that took it. */
  readonly by: HeldToken
  readonly ask: AskVault
  readonly clock: Clock
  /** Called once, when it can no longer be renewed. */
  readonly over: () => void
}

/** What Vault lent, e.g. a user of a database: it is dropped there when the lease ends. */
export class Lease {
  readonly #parts: LeaseParts
  #untilMs: number
  #spareMs: number
  #timer: Disposable | undefined
  #left = false

  constructor(parts: LeaseParts) {
    this.#parts = parts
    this.#untilMs = parts.clock.monotonic() + parts.lifeMs
    this.#spareMs = spareOf(parts.lifeMs)
    this.#await(parts.lifeMs)
  }

  get live(): boolean {
    return this.#parts.by.live && this.#parts.clock.monotonic() < this.#untilMs - this.#spareMs
  }

  /** Never rejects: what cannot be given back ends by itself. */
  async revoke(): Promise<void> {
    this.#timer?.[Symbol.dispose]()
    const { ask, id, by } = this.#parts
    await ask('sys/leases/revoke', { method: 'PUT', headers: by.headers, body: { lease_id: id } }).catch(
      () => {},
    )
  }

  /** It is not renewed any more. Who still uses it has what is left of its life. */
  leave(): void {
    this.#left = true
    const { clock } = this.#parts
    if (clock.monotonic() < this.#untilMs) this.#await(this.#untilMs - clock.monotonic())
  }

  #await(lifeMs: number): void {
    const { renewable, clock } = this.#parts
    this.#timer?.[Symbol.dispose]()
    if (renewable && !this.#left)
      this.#timer = clock.after(lifeMs * renewedAfter, () => void this.#renew(lifeMs))
    else this.#timer = clock.after(lifeMs, () => this.#parts.over())
  }

  /** `lifeMs`: of the last time. Vault shortens what it gives as the lease's greatest age comes near. */
  async #renew(lifeMs: number): Promise<void> {
    const { ask, id, by, clock } = this.#parts
    const answer = await ask('sys/leases/renew', {
      method: 'PUT',
      headers: by.headers,
      body: { lease_id: id },
    }).catch(() => undefined)
    const { lease_duration: seconds } = answer?.json ?? {}
    if (answer?.status === 200 && typeof seconds === 'number' && seconds > 0) {
      this.#untilMs = clock.monotonic() + seconds * 1_000
      this.#spareMs = spareOf(seconds * 1_000)
      return this.#await(seconds * 1_000)
    }
    const isRefused = answer !== undefined && answer.status < 500 && answer.status !== 429
    if (isRefused) this.#untilMs = Math.min(this.#untilMs, clock.monotonic())
    if (clock.monotonic() >= this.#untilMs) return this.#parts.over()
    if (this.#left) return this.#await(this.#untilMs - clock.monotonic())
    this.#timer = clock.after(Math.max(againMsMin, lifeMs * againAfter), () => void this.#renew(lifeMs))
  }
}
