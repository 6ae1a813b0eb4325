import { refusal, Refused } from './errors.ts'

/** By what a caller shows who it is. */
export type Proof =
  | { readonly kind: 'token'; readonly token: string }
  /**
   * A public key or a certificate of OpenSSH, as it is on the wire (RFC 4253 §6.6, PROTOCOL.certkeys). The adapter has
   * seen a signature by its private key over this very connection; whose key it is it does not know.
   */
  | {
      readonly kind: 'public_key'
      readonly blob: Uint8Array
      /** From which network address it is shown: a certificate may be bound to some. */
      readonly ip: string
    }

export function byToken(token: string): Proof {
  return { kind: 'token', token }
}

/** For whoever knows nothing but tokens. Throws `Refused` for anything else. */
export function tokenIn(proof: Proof): string {
  if (proof.kind === 'token') return proof.token
  throw new Refused(
    refusal('token_refused', 'identity/public_key', 'This gateway knows no such key: show a token instead.'),
  )
}
