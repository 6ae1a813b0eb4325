import { configuredKeys, SshKeyConfigError, type SshKeyConfig } from '@sluice/identity'
import type { Located } from './document.ts'
import { ConfigError } from './problem.ts'

/** Plain public keys that can be trusted as the file says. Throws `ConfigError`. */
export function sshKeysOf(document: Located, entries: readonly SshKeyConfig[] = []): readonly SshKeyConfig[] {
  try {
    configuredKeys(entries)
    return entries
  } catch (error) {
    if (!(error instanceof SshKeyConfigError)) throw error
    throw new ConfigError([document.problem(['identity', 'ssh_keys', error.index], error.message)])
  }
}
