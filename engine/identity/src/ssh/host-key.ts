import type { KeyObject } from 'node:crypto'
import type { CertificateAuthority } from './authority.ts'
import { openSshText } from './private-key.ts'
import { ed25519Blob, lineOf } from './public-key.ts'

/** By what clients of SSH know the gateway: the same key at all gateways of an installation. */
export interface HostKey {
  /** The private key as OpenSSH keeps it, for the server's library. */
  readonly privateKey: string
  /** For `known_hosts` of clients that know no authorities, behind the name of the host. */
  readonly line: string
  /** For the names by which clients call it, signed by the authority: the line of a -cert.pub file. */
  certificate(names: readonly string[], lifeMs: number): string
}

export function hostKey(key: KeyObject, authority: CertificateAuthority): HostKey {
  return {
    privateKey: openSshText(key, 'sluice ssh_host'),
    line: lineOf({ type: 'ssh-ed25519', blob: ed25519Blob(key) }, 'sluice'),
    certificate: (names, lifeMs) => authority.issueHost(key, names, lifeMs),
  }
}
