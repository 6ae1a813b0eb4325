import { randomBytes, type KeyObject } from 'node:crypto'
import { limits, type Certify, type Clock } from '@sluice/core'
import { signedCertificate, type Certificate } from './certificate.ts'
import { ed25519Blob, lineOf, publicKeyOf } from './public-key.ts'

/** Signs what the gateway itself logs in with at targets. */
export interface LoginAuthority {
  /** For the file of `TrustedUserCAKeys` at the hosts. */
  readonly line: string
  readonly certify: Certify
}

/** What the adapter does for callers; nobody's agent or display is taken along. */
const permits = ['permit-port-forwarding', 'permit-pty']
/** OpenSSH writes no longer one into its log. */
const keyIdCharsMax = 400
const none = Buffer.alloc(0)

/**
 * Never with the key of the authority that certifies callers: hosts that trust this one would take callers' certificates
 * for logins, past the gateway.
 */
export function loginAuthority(key: KeyObject, clock: Clock): LoginAuthority {
  const signer = { key, blob: ed25519Blob(key) }
  return {
    line: lineOf({ type: 'ssh-ed25519', blob: signer.blob }, 'sluice logins'),
    certify({ publicKey, login, keyId }) {
      const certified = publicKeyOf(publicKey)
      const now = clock.now()
      const said: Certificate = {
        key: certified,
        serial: randomBytes(8).readBigUInt64BE(),
        kind: 'user',
        keyId: printable(keyId),
        principals: [login],
        // Clocks of hosts may be behind, or ahead.
        validAfter: BigInt(Math.floor((now - limits.clockSkewMs) / 1_000)),
        validBefore: BigInt(Math.floor((now + limits.loginCertificateLifeMs) / 1_000)),
        criticalOptions: new Map(),
        extensions: new Map(permits.map((name) => [name, none])),
      }
      return signedCertificate(said, signer, randomBytes(32))
    },
  }
}

export function sameAuthority(one: KeyObject, other: KeyObject): boolean {
  return ed25519Blob(one).equals(ed25519Blob(other))
}

/** It ends in the log of the host, one line for each login. */
function printable(keyId: string): string {
  return keyId.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, keyIdCharsMax)
}
