import type { Clock } from '@sluice/core'
import { AwsSecretsManager, type AwsConfig } from './aws.ts'
import { AzureKeyVault, type AzureConfig } from './azure.ts'
import { GcpSecretManager, type GcpConfig } from './gcp.ts'
import type { SecretManager } from './manager.ts'
import type { ManagerName } from './reference.ts'
import { Requests } from './request.ts'
import { Vault, type VaultConfig } from './vault.ts'

/** Those that an installation has. */
export interface ManagersConfig {
  /** `ca`: PEM of the authorities that sign its certificate. */
  readonly vault?: VaultConfig & { readonly ca: string | undefined }
  readonly aws?: AwsConfig
  readonly gcp?: GcpConfig
  readonly azure?: AzureConfig
}

/** Nothing is asked of any of them before a secret is needed. */
export function openManagers(config: ManagersConfig, clock: Clock): ReadonlyMap<ManagerName, SecretManager> {
  const { vault, aws, gcp, azure } = config
  const managers = new Map<ManagerName, SecretManager>()
  if (vault !== undefined) managers.set('vault', new Vault(vault, new Requests(vault.ca), clock))
  if (aws !== undefined) managers.set('aws', new AwsSecretsManager(aws, new Requests(), clock))
  if (gcp !== undefined) managers.set('gcp', new GcpSecretManager(gcp, new Requests(), clock))
  if (azure !== undefined) managers.set('azure', new AzureKeyVault(azure, new Requests(), clock))
  return managers
}
