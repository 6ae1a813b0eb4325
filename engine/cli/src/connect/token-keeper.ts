import type { Clock } from '@sluice/core'
import { Unreachable } from '../command.ts'
import type { GatewayToken } from '../token-exchange.ts'

export interface TokenKeeperPorts {
  /** A new gateway token. Rejects when there is none now. */
  readonly obtain: () => Promise<GatewayToken>
  /** Carries on what lives at the gateway by the `former` token. Rejects with `Unreachable` when that may be tried again. */
  readonly carryOn: (former: string, current: string) => Promise<void>
  readonly clock: Clock
  /** What goes wrong while nobody waits for it. */
  readonly report: (what: string, error: unknown) => void
}

interface Held {
  readonly token: string
  /** Milliseconds since 1970: a machine that slept has lost the time too. */
  readonly expiresAt: number
  readonly renewAt: number
}

/** Of its life: what is left must be enough for a provider that is slow, or down for a while. */
const usedPart = 2 / 3
const retryMs = 1_000

/**
 * The gateway token of the day: obtained when first needed, renewed while the one before still lives, and whatever
 * lives by that one is carried on by the next.
 */
export class TokenKeeper {
  readonly #ports: TokenKeeperPorts
  #held: Held | undefined
  #obtaining: Promise<Held> | undefined
  #timer: Disposable | undefined
  #prepared: ((token: string) => Promise<void>) | undefined
  #closed = false

  constructor(ports: TokenKeeperPorts) {
    this.#ports = ports
  }

  /** Good for some time yet. Rejects when there is none and none can be obtained. */
  async current(): Promise<string> {
    const held = this.#held
    const now = this.#ports.clock.now()
    if (held === undefined || now >= held.expiresAt) return (await this.#renew()).token
    // The timer may be late, as after a sleep.
    if (now >= held.renewAt) return (await this.#renew().catch(() => held)).token
    return held.token
  }

  /**
   * What is done with the token of now, and with each later one before it is anybody's: one with which it fails is none.
   * Rejects when it fails with that of now.
   */
  async prepare(prepared: (token: string) => Promise<void>): Promise<void> {
    const token = await this.current()
    this.#prepared = prepared
    await prepared(token)
  }

  /** Something has begun to live at the gateway by this token, which may have been replaced meanwhile. */
  begun(token: string): void {
    const held = this.#held
    if (held !== undefined && held.token !== token) this.#carryOn(token, held.expiresAt)
  }

  close(): void {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
  }

  #renew(): Promise<Held> {
    this.#obtaining ??= this.#obtained().finally(() => (this.#obtaining = undefined))
    return this.#obtaining
  }

  async #obtained(): Promise<Held> {
    const { obtain, clock } = this.#ports
    const asked = clock.now()
    const { token, lifeMs } = await obtain()
    await this.#prepared?.(token)
    const former = this.#held
    const held = { token, expiresAt: asked + lifeMs, renewAt: asked + lifeMs * usedPart }
    this.#held = held
    if (former !== undefined && former.token !== token) this.#carryOn(former.token, former.expiresAt)
    this.#renewAfter(held.renewAt - clock.now())
    return held
  }

  #renewAfter(ms: number): void {
    this.#timer?.[Symbol.dispose]()
    if (this.#closed || !Number.isFinite(ms)) return
    // Of a token at its end hardly anything is left, and the next one is as short: nobody is asked without a pause.
    this.#timer = this.#ports.clock.after(Math.max(retryMs, ms), () => {
      this.#renew().catch((error: unknown) => {
        this.#ports.report('the gateway token was not renewed, and is tried again', error)
        this.#renewAfter(retryMs)
      })
    })
  }

  /** Until it is done, or what lived by that token has ended. */
  #carryOn(former: string, untilMs: number): void {
    const { carryOn, clock, report } = this.#ports
    const current = this.#held?.token ?? former
    carryOn(former, current).catch((error: unknown) => {
      if (this.#closed) return
      report('open sessions were not carried on', error)
      if (error instanceof Unreachable && clock.now() < untilMs)
        clock.after(retryMs, () => this.#carryOn(former, untilMs))
    })
  }
}
