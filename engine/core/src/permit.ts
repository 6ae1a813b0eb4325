import { hash } from 'node:crypto'

/** Only this module can mint: the constructor refuses any other key. */
const mintKey: unique symbol = Symbol('permit')

/**
 * Proof that the allowing decision of one exchange is durable. Forwarding needs one, it can be spent once, and
 * only on the bytes that were judged. Its constructor is reachable only through `mint`, which the package does
 * not export: an adapter can name the type and never make one.
 */
class DurablePermit {
  readonly decision: string
  readonly #digest: string
  #spent = false

  constructor(key: typeof mintKey, decision: string, digest: string) {
    if (key !== mintKey) throw new Error('a permit is minted only by a durable append')
    this.decision = decision
    this.#digest = digest
  }

  /**
   * Call with the bytes about to leave. Throws when they are not the judged ones or the permit was used:
   * both are broken invariants that must end the session.
   */
  spend(content: Uint8Array): void {
    if (this.#spent) throw new Error(`permit of ${this.decision} was already spent`)
    this.#spent = true
    if (digest(content) !== this.#digest) throw new Error(`permit of ${this.decision} is for other bytes`)
  }
}

export type Permit = DurablePermit

export function mint(decision: string, contentDigest: string): Permit {
  return new DurablePermit(mintKey, decision, contentDigest)
}

/** SHA-256 of the exact bytes, hexadecimal. */
export function digest(content: Uint8Array): string {
  return hash('sha256', content, 'hex')
}
