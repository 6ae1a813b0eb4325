import { managedOf, type LocalReference, type SecretReference } from '@sluice/identity'
import type { Located, Path } from './document.ts'
import { Entry } from './entry.ts'
import { ConfigError } from './problem.ts'

type VaultAuthKind = 'token' | 'approle' | 'kubernetes'

/** How this gateway shows Vault who it is. */
export type VaultAuthConfig =
  | { readonly kind: 'token'; readonly token: LocalReference }
  | {
      readonly kind: 'approle'
      readonly mount: string
      readonly roleId: string
      readonly secretId: LocalReference
    }
  | {
      readonly kind: 'kubernetes'
      readonly mount: string
      readonly role: string
      readonly jwt: LocalReference
    }

/** Where secrets are kept outside this machine. What this gateway shows to get them is on it. */
export interface SecretsConfig {
  readonly vault: {
    readonly url: URL
    readonly namespace: string | null
    readonly tlsCa: string | null
    readonly auth: VaultAuthConfig
  } | null
  readonly aws: { readonly region: string; readonly endpoint: URL | null } | null
  readonly gcp: {
    readonly project: string | null
    readonly key: LocalReference | null
    readonly endpoint: URL
  } | null
  readonly azure: {
    readonly vault: URL
    readonly tenant: string | null
    readonly clientId: string | null
    readonly clientSecret: LocalReference | null
  } | null
}

interface RawVaultAuth {
  readonly kind: VaultAuthKind
  readonly mount?: string
  readonly token?: LocalReference
  readonly role_id?: string
  readonly secret_id?: LocalReference
  readonly role?: string
  readonly jwt?: LocalReference
}

interface RawVault {
  readonly url: string
  readonly namespace?: string
  readonly tls_ca?: string
  readonly auth: RawVaultAuth
}

interface RawAzure {
  readonly vault: string
  readonly tenant?: string
  readonly client_id?: string
  readonly client_secret?: LocalReference
}

export interface RawSecrets {
  readonly vault?: RawVault
  readonly aws?: { readonly region: string; readonly endpoint?: string }
  readonly gcp?: { readonly project?: string; readonly key?: LocalReference; readonly endpoint?: string }
  readonly azure?: RawAzure
}

const authKeys: Readonly<Record<VaultAuthKind, readonly (keyof RawVaultAuth)[]>> = {
  token: ['kind', 'token'],
  approle: ['kind', 'mount', 'role_id', 'secret_id'],
  kubernetes: ['kind', 'mount', 'role', 'jwt'],
}
const podToken = '/var/run/secrets/kubernetes.io/serviceaccount/token'
const googleEndpoint = 'https://secretmanager.googleapis.com'

/** All secrets are on this machine. */
export const noSecrets: SecretsConfig = { vault: null, aws: null, gcp: null, azure: null }

/** Without the key all secrets are on this machine. Throws `ConfigError`. */
export function secretsOf(document: Located, raw: RawSecrets = {}): SecretsConfig {
  const { vault, aws, gcp, azure } = raw
  const entries: Entry<object>[] = []
  const entryOf = <Raw extends object>(of: Raw, ...at: Path): Entry<Raw> => {
    const entry = new Entry(document, ['secrets', ...at], of)
    entries.push(entry)
    return entry
  }
  const config = {
    vault:
      vault === undefined
        ? null
        : {
            url: entryOf(vault, 'vault').url('url', vault.url),
            namespace: vault.namespace ?? null,
            tlsCa: vault.tls_ca ?? null,
            auth: vaultAuthOf(entryOf(vault.auth, 'vault', 'auth')),
          },
    aws:
      aws === undefined ? null : { region: aws.region, endpoint: urlOf(entryOf(aws, 'aws'), aws.endpoint) },
    gcp:
      gcp === undefined
        ? null
        : {
            project: gcp.project ?? null,
            key: gcp.key ?? null,
            endpoint: urlOf(entryOf(gcp, 'gcp'), gcp.endpoint) ?? new URL(googleEndpoint),
          },
    azure: azure === undefined ? null : azureOf(entryOf(azure, 'azure')),
  }
  const problems = entries.flatMap((entry) => entry.problems)
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

function vaultAuthOf(entry: Entry<RawVaultAuth>): VaultAuthConfig {
  const { kind, mount = kind } = entry.raw
  entry.refuseOthersThan(authKeys[kind], `login of kind ${kind}`)
  // What is missing is a problem of its entry, so nothing comes of what stands in its place.
  const none = { env: '' }
  switch (kind) {
    case 'token':
      return { kind, token: entry.needed('token') ?? none }
    case 'approle':
      return {
        kind,
        mount,
        roleId: entry.needed('role_id') ?? '',
        secretId: entry.needed('secret_id') ?? none,
      }
    case 'kubernetes':
      return { kind, mount, role: entry.needed('role') ?? '', jwt: entry.raw.jwt ?? { file: podToken } }
  }
}

function urlOf(entry: Entry<{ readonly endpoint?: string }>, text: string | undefined): URL | null {
  return text === undefined ? null : entry.url('endpoint', text)
}

function azureOf(entry: Entry<RawAzure>): NonNullable<SecretsConfig['azure']> {
  const { vault, tenant = null, client_id: clientId = null, client_secret: clientSecret = null } = entry.raw
  if (clientSecret !== null) {
    entry.needed('tenant')
    entry.needed('client_id')
  }
  return { vault: entry.url('vault', vault), tenant, clientId, clientSecret }
}

/**
 * The reference, unless the file does not say how to reach whom it names: that would be found at start or at the first
 * login, and without its line. Throws `ConfigError`.
 */
export function keptBy<Reference extends SecretReference | null>(
  document: Located,
  config: SecretsConfig,
  at: Path,
  reference: Reference,
): Reference {
  const manager = reference === null ? undefined : managedOf(reference)?.manager
  if (manager === undefined || config[manager] !== null) return reference
  const message = `${at.join('.')} is kept by ${manager}, and the file lacks secrets.${manager}`
  throw new ConfigError([document.problem(at, message)])
}
