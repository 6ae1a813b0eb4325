import { join } from 'node:path'
import type { Clock, Ids, MintedPasswords, Revocations } from '@sluice/core'
import type { SshOfGateway } from '@sluice/api'
import {
  openIdentity,
  type CertificateAuthority,
  type IdentityOptions,
  type IdentityParts,
} from '@sluice/identity'
import type { Config } from './config/config.ts'
import type { Named } from './secrets.ts'

export interface IdentityPorts extends Named {
  /** Folder of what this gateway keeps. */
  readonly data: string
  readonly revocations: Pick<Revocations, 'of'>
  readonly passwords: Pick<MintedPasswords, 'of'>
  /** Of a target, by its name. */
  readonly credentials: IdentityOptions['credentials']
  readonly clock: Clock
  readonly ids: Ids
}

/** Who callers are, and the secrets of targets, as the configuration says. */
export function identityOf(config: Config, { data, ...ports }: IdentityPorts): Promise<IdentityParts> {
  return openIdentity({
    issuers: config.issuers,
    saml: { issuers: config.samlIssuers, url: config.api.url ?? '' },
    tokenKey: config.tokenKey,
    sshCaKey: config.sshCaKey,
    sshHostKey: config.sshHostKey,
    sshLoginKey: config.sshLoginKey,
    sshKeys: config.sshKeys,
    maskingKey: config.maskingKey,
    keys: join(data, 'keys'),
    ...ports,
  })
}

/** What people are told of SSH at this gateway, and what signs certificates for them. */
export function sshOf(
  { sshAuthority, sshHost, sshLogins }: Pick<IdentityParts, 'sshAuthority' | 'sshHost' | 'sshLogins'>,
  { listen }: Pick<Config, 'listen'>,
): CertificateAuthority & SshOfGateway {
  return {
    ...sshAuthority,
    hostKey: sshHost.line,
    loginLine: sshLogins.line,
    names: listen.ssh?.names ?? [],
  }
}
