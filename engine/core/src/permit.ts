import { hash } from 'node:crypto'
import { refusal, Refused, type Refusal } from './errors.ts'

/** Only this module can mint: the constructor refuses any other key. */
const mintKey: unique symbol = Symbol('permit')

/**
 * Proof that the allowing decision of one exchange is durable, or is on its way to be where performing it leaves
 * nothing behind and its answer waits. Forwarding needs one, it can be spent once, and only on the bytes that were
 * judged; once more only where the target did not apply them. Its constructor is reachable only through `mint`, which the package does
 * not export: an adapter can name the type and never make one.
 */
class DurablePermit {
  readonly decision: string
  readonly #digest: string
  readonly #live: () => boolean
  #spent = 0

  constructor(key: typeof mintKey, decision: string, digest: string, live: () => boolean) {
    if (key !== mintKey) throw new Error('a permit is minted only by a durable append')
    this.decision = decision
    this.#digest = digest
    this.#live = live
  }

  /**
   * Call with the bytes about to leave, in the turn in which they do. Throws when they are not the judged ones or the
   * permit was used: both are broken invariants that must end the session. Throws `Refused` when the lease on the log
   * has lapsed since it was minted.
   */
  spend(content: Uint8Array): void {
    this.#leave(0, content)
  }

  /**
   * The same bytes once more, where the target has said that it did not apply them, e.g. because it did not accept the
   * gateway's credential. Throws as `spend` does, and before it.
   */
  repeat(content: Uint8Array): void {
    this.#leave(1, content)
  }

  #leave(spentBefore: number, content: Uint8Array): void {
    const spent = this.#spent
    // Until it has left it counts as spent for good.
    this.#spent = Infinity
    if (spent !== spentBefore)
      throw new Error(`permit of ${this.decision} was ${spent === 0 ? 'not' : 'already'} spent`)
    if (digest(content) !== this.#digest) throw new Error(`permit of ${this.decision} is for other bytes`)
    if (!this.#live()) throw new Refused(lapsed)
    this.#spent = spent + 1
  }
}

export type Permit = DurablePermit

/** `live`: whether an effect may leave in this turn. */
export function mint(decision: string, contentDigest: string, live: () => boolean): Permit {
  return new DurablePermit(mintKey, decision, contentDigest, live)
}

/** A process that slept may have been taken for lost, and what it was doing ended by others. */
export const lapsed: Refusal = refusal(
  'log_unavailable',
  'sluice/lease',
  'The gateway lost touch with its log. Nothing was executed.',
)

/** SHA-256 of the exact bytes, hexadecimal. */
export function digest(content: Uint8Array): string {
  return hash('sha256', content, 'hex')
}
