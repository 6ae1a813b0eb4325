import { hostname } from 'node:os'
import type { Clock } from '@sluice/core'
import {
  openManagers,
  readPlace,
  readSecret,
  secretSource,
  type AwsIdentity,
  type AzureAuth,
  type LocalReference,
  type ManagersConfig,
  type SecretPlace,
  type SecretReference,
  type SecretSource,
  type VaultAuth,
} from '@sluice/identity'
import type { SecretsConfig, VaultAuthConfig } from './config/secrets.ts'
import { pemOf } from './pem.ts'

/** What parts of the configuration need to find what it names. */
export interface Named {
  /** Of relative files. */
  readonly base: string
  readonly secrets: SecretSource
}

/** Read now to see that it is there, and anew whenever it is used. */
export async function secretOf(reference: SecretReference, source: Named): Promise<() => Promise<string>> {
  const read = (): Promise<string> => readSecret(reference, source.secrets)
  await read()
  return read
}

/** The secrets of a configuration. Nothing is asked of anybody before one is needed. */
export async function openSecrets(
  { vault, aws, gcp, azure }: SecretsConfig,
  place: SecretPlace,
  clock: Clock,
): Promise<SecretSource> {
  const { base, env } = place
  const local = (reference: LocalReference) => (): Promise<string> => readPlace(reference, place)
  const config: ManagersConfig = {
    ...(vault === null
      ? {}
      : { vault: { ...vault, auth: vaultAuthOf(vault.auth, local), ca: await pemOf(vault.tlsCa, base) } }),
    ...(aws === null ? {} : { aws: { ...aws, identity: awsIdentityOf(aws.region, env, local) } }),
    ...(gcp === null
      ? {}
      : {
          gcp: {
            ...gcp,
            key: gcp.key === null ? null : local(gcp.key),
            metadata: new URL(`http://${env['GCE_METADATA_HOST'] ?? 'metadata.google.internal'}`),
          },
        }),
    ...(azure === null ? {} : { azure: { vault: azure.vault, auth: azureAuthOf(azure, env, local) } }),
  }
  return secretSource({ ...place, managers: openManagers(config, clock), clock })
}

type Local = (reference: LocalReference) => () => Promise<string>
type Env = SecretPlace['env']

function vaultAuthOf(auth: VaultAuthConfig, local: Local): VaultAuth {
  switch (auth.kind) {
    case 'token':
      return { kind: auth.kind, token: local(auth.token) }
    case 'approle':
      return { ...auth, secretId: local(auth.secretId) }
    case 'kubernetes':
      return { ...auth, jwt: local(auth.jwt) }
  }
}

/** The link-local address at which ECS keeps the keys of a task. */
const taskKeys = 'http://169.254.170.2'
const instanceMetadata = 'http://169.254.169.254'

/** In the order and by the variables of AWS's own programs: what runs them there sets these. */
function awsIdentityOf(region: string, env: Env, local: Local): AwsIdentity {
  if (env['AWS_ACCESS_KEY_ID'] !== undefined) {
    const [id, secret] = [local({ env: 'AWS_ACCESS_KEY_ID' }), local({ env: 'AWS_SECRET_ACCESS_KEY' })]
    const session = env['AWS_SESSION_TOKEN'] === undefined ? null : local({ env: 'AWS_SESSION_TOKEN' })
    return {
      kind: 'keys',
      keys: async () => ({
        accessKeyId: await id(),
        secretAccessKey: await secret(),
        ...(session === null ? {} : { sessionToken: await session() }),
      }),
    }
  }
  const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role, AWS_ROLE_SESSION_NAME: session } = env
  if (file !== undefined && role !== undefined) {
    const sts = new URL(env['AWS_ENDPOINT_URL_STS'] ?? `https://sts.${region}.amazonaws.com`)
    return {
      kind: 'web_identity',
      sts,
      role,
      session: session ?? `sluice-${hostname()}`.slice(0, 64),
      token: local({ file }),
    }
  }
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } = env
  const container = relative === undefined ? full : `${taskKeys}${relative}`
  if (container !== undefined)
    return { kind: 'container', url: new URL(container), authorization: authorizationOf(env, local) }
  return { kind: 'instance', metadata: new URL(env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] ?? instanceMetadata) }
}

function authorizationOf(env: Env, local: Local): (() => Promise<string>) | null {
  const { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file, AWS_CONTAINER_AUTHORIZATION_TOKEN: token } = env
  if (file !== undefined) return local({ file })
  return token === undefined ? null : local({ env: 'AWS_CONTAINER_AUTHORIZATION_TOKEN' })
}

const azureAuthority = 'https://login.microsoftonline.com'
const azureMetadata = 'http://169.254.169.254'

/** A secret where the file names one; otherwise the workload's token, which AKS names in these variables. */
function azureAuthOf(
  { tenant, clientId, clientSecret }: NonNullable<SecretsConfig['azure']>,
  env: Env,
  local: Local,
): AzureAuth {
  const authority = new URL(env['AZURE_AUTHORITY_HOST'] ?? azureAuthority)
  if (clientSecret !== null && tenant !== null && clientId !== null)
    return { kind: 'client_secret', authority, tenant, clientId, proof: local(clientSecret) }
  const { AZURE_FEDERATED_TOKEN_FILE: file, AZURE_TENANT_ID: ofTenant, AZURE_CLIENT_ID: ofClient } = env
  const [inTenant, asClient] = [tenant ?? ofTenant, clientId ?? ofClient]
  if (file !== undefined && inTenant !== undefined && asClient !== undefined)
    return {
      kind: 'workload_identity',
      authority,
      tenant: inTenant,
      clientId: asClient,
      proof: local({ file }),
    }
  return { kind: 'managed_identity', clientId, metadata: new URL(azureMetadata) }
}
