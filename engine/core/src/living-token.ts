import { refusal, type Refusal } from './errors.ts'
import { limits } from './limits.ts'
import type { Clock } from './ports.ts'
import type { Identity } from './request.ts'
import { concerns, type Revocation } from './revocation.ts'

/** Why nothing more is done by it. */
export const expired: Refusal = refusal(
  'token_expired',
  'identity/expired',
  'The token has expired: connect again with a new one.',
)

/** The token that a session lives by, and a call once its time is over. */
export class LivingToken {
  readonly #clock: Clock
  readonly #onExpired: () => void
  readonly #former: Identity[] = []
  #identity: Identity
  #renewed = false
  #timer: Disposable | undefined

  constructor(identity: Identity, clock: Clock, onExpired: () => void) {
    this.#identity = identity
    this.#clock = clock
    this.#onExpired = onExpired
    this.#watch()
  }

  get identity(): Identity {
    return this.#identity
  }

  /** Whether it is another one than the first. */
  get renewed(): boolean {
    return this.#renewed
  }

  /** By the clock: a timer that fires late must not let a dead token through. */
  get expired(): boolean {
    return this.#identity.expiresAt <= this.#clock.now()
  }

  /** Whoever got in by a token that was not theirs is not let stay because its owner has renewed it since. */
  isConcerned(revocation: Revocation): boolean {
    return [this.#identity, ...this.#former].some((identity) => concerns(revocation, identity))
  }

  /** The very token that it lives by, saying the same, and hardly more time: then there is nothing to record. */
  gainsNothingBy({ tokenId, expiresAt, subject }: Identity): boolean {
    const { identity } = this
    if (tokenId !== identity.tokenId || expiresAt - identity.expiresAt >= limits.extensionGainMsMin)
      return false
    return JSON.stringify(subject) === JSON.stringify(identity.subject)
  }

  renew(identity: Identity): void {
    this.#former.push(this.#identity)
    if (this.#former.length > limits.sessionTokensMax) this.#former.shift()
    this.#identity = identity
    this.#renewed = true
    this.#watch()
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]()
  }

  #watch(): void {
    this.stop()
    const watched = this.#identity
    this.#timer = this.#clock.after(Math.max(0, watched.expiresAt - this.#clock.now()), () => {
      if (this.#identity === watched) this.#onExpired()
    })
  }
}
