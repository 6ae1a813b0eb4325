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

  /** A minted password, by its id. The adapter has seen that the caller knows it; whose it is it does not know. */
  | { readonly kind: 'password'; readonly id: string }

/** What a server of SCRAM knows of a password (RFC 5802 §3). */
export interface ScramVerifier {
  readonly salt: Uint8Array
  readonly iterations: number
  /** Some milliseconds of work, for a password that there is as for one that there is not. */
  readonly keys: () => Promise<ScramKeys>
}

export interface ScramKeys {
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
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
