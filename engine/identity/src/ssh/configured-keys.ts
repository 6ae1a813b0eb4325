import { limits, type Identity } from '@sluice/core'
import { refuse } from '../refuse.ts'
import { fingerprint, publicKeyLine } from './public-key.ts'
import { WireError } from './wire.ts'

/** One `identity.ssh_keys` entry of the configuration. */
export interface SshKeyConfig {
  /** A line as in a .pub file. */
  readonly key: string
  /** `issuer#sub`. */
  readonly subject: string
  /** Default `service`. */
  readonly type?: 'human' | 'service'
  readonly groups?: readonly string[]
  /** Names of the targets that it opens; without it, any. */
  readonly targets?: readonly string[]
  /** How long a connection lives at most; by default as long as a token does, since it cannot be carried on. */
  readonly life_s?: number
}

/** The configuration names a key that cannot be trusted with anything. */
export class SshKeyConfigError extends Error {
  /** Of its entry. */
  readonly index: number
  constructor(index: number, what: string) {
    super(what)
    this.name = 'SshKeyConfigError'
    this.index = index
  }
}

/** Who a plain public key speaks for. */
export interface ConfiguredKeys {
  /** Throws `Refused`. */
  identity(blob: Uint8Array, now: number): Identity
}

/** Throws `SshKeyConfigError`. */
export function configuredKeys(configs: readonly SshKeyConfig[]): ConfiguredKeys {
  const known = new Map<string, SshKeyConfig>()
  for (const [index, config] of configs.entries()) {
    const of = blobOf(config, index)
    if (known.has(of))
      throw new SshKeyConfigError(index, `the key of ${config.subject} is that of another subject too`)
    known.set(of, config)
  }
  return {
    identity(blob, now) {
      const config = known.get(Buffer.from(blob).toString('base64'))
      if (config === undefined)
        refuse(
          'public_key',
          'This gateway knows no such key: show a certificate of it, or a token as password.',
        )
      return identityOf(config, fingerprint(blob), now)
    },
  }
}

function blobOf({ key, subject }: SshKeyConfig, index: number): string {
  if (!/^[^#]+#.+$/.test(subject))
    throw new SshKeyConfigError(index, `"${subject}" is not of the form issuer#subject`)
  try {
    return publicKeyLine(key).blob.toString('base64')
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new SshKeyConfigError(index, `the key of ${subject} is not usable: ${error.message}`)
  }
}

function identityOf(config: SshKeyConfig, id: string, now: number): Identity {
  const { subject, type = 'service', groups = [], targets, life_s: lifeS } = config
  const issuer = subject.slice(0, subject.indexOf('#'))
  const lifeMs = lifeS === undefined ? limits.tokenLifeMs : lifeS * 1000
  return {
    subject: { id: subject, type, issuer, groups, claims: {}, on_behalf_of: null },
    tokenId: id,
    expiresAt: now + Math.min(lifeMs, limits.issuerTokenLifeMs),
    ...(targets === undefined ? {} : { confined: { targets, command: null, permits: null } }),
  }
}
