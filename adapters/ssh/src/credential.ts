import type { ConnectConfig } from 'ssh2'
import type { Credential } from '@sluice/core'

/** By what the gateway logs in: a private key where the secret is one, or else a password. */
export function proofOf({
  password,
}: Credential): Pick<ConnectConfig, 'privateKey' | 'password' | 'authHandler'> {
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(password.trimStart()))
    return { privateKey: password, authHandler: ['publickey'] }
  return { password, authHandler: ['password'] }
}
