import type { Authenticator, Clock } from '@sluice/core'
import { isCertificate } from './certificate.ts'
import { certifiedIdentity, type CertificateTerms } from './certified.ts'
import type { ConfiguredKeys } from './configured-keys.ts'

export interface PublicKeyPorts {
  /** For every other proof. */
  readonly tokens: Authenticator
  readonly keys: ConfiguredKeys
  readonly terms: CertificateTerms
  readonly clock: Clock
}

/** Accepts certificates of the authority, and plain keys that the configuration maps to subjects. */
export function publicKeyAuthenticator({ tokens, keys, terms, clock }: PublicKeyPorts): Authenticator {
  return {
    async authenticate(proof) {
      if (proof.kind !== 'public_key') return tokens.authenticate(proof)
      const { blob, ip } = proof
      return isCertificate(blob)
        ? certifiedIdentity(blob, ip, terms, clock.now())
        : keys.identity(blob, clock.now())
    },
  }
}
