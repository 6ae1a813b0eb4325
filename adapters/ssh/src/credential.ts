import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Client, ConnectConfig, ParsedKey, PublicKeyAuthMethod } from 'ssh2'
import type { Credential } from '@sluice/core'
import { certificateBlob } from './certificate.ts'
import { certifiedFreshKey, certifiedKey, signAsPlain, type CertifiedKey } from './library/certified-login.ts'
import { text } from './wire.ts'

/** By what the gateway logs in once. */
export interface Proof {
  readonly config: Pick<ConnectConfig, 'privateKey' | 'password' | 'authHandler'>
  /** What else it takes of a connection that has not begun. */
  prepare(client: Client): void
}

/**
 * As `login`. A private key where the secret is one, with its certificate where there is one; or a certificate over a key
 * that is made for this login and forgotten with it; or else a password. Throws where a key or certificate is not usable.
 * `keyId`: in whose name, for the log of the host.
 */
export function proofOf({ password, certificate, certify }: Credential, login: string, keyId: string): Proof {
  if (certify !== undefined) {
    const { privateKey, publicKey } = newKey()
    const made = Buffer.from(certify({ publicKey, login, keyId }))
    return certified(certifiedFreshKey(privateKey, made), login)
  }
  if (certificate !== undefined) return certified(certifiedKey(password, certificateBlob(certificate)), login)
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(password.trimStart()))
    return { config: { privateKey: password, authHandler: ['publickey'] }, prepare: () => {} }
  return { config: { password, authHandler: ['password'] }, prepare: () => {} }
}

function certified(proof: CertifiedKey, username: string): Proof {
  const key = proof.key as unknown as ParsedKey
  const method: PublicKeyAuthMethod = { type: 'publickey', username, key }
  return {
    config: { authHandler: [method] },
    prepare: (client) => signAsPlain(client, proof),
  }
}

/** Of Ed25519; in this process's memory only. */
function newKey(): { readonly privateKey: KeyObject; readonly publicKey: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  return { privateKey, publicKey: Buffer.concat([text('ssh-ed25519'), text(Buffer.from(x, 'base64url'))]) }
}
