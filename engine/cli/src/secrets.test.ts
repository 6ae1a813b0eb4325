import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { systemClock } from '@sluice/core'
import { SecretError } from '@sluice/identity'
import { noSecrets, type SecretsConfig } from './config/secrets.ts'
import { scriptedServer } from './scripted.ts'
import { openSecrets } from './secrets.ts'

/** The paths that are asked for a secret by a gateway with this configuration and environment. */
async function asked(
  config: (url: URL) => Partial<SecretsConfig>,
  env: (url: string) => Readonly<Record<string, string>>,
  reference: { readonly aws: string } | { readonly gcp: string } | { readonly azure: string },
): Promise<readonly string[]> {
  const paths: string[] = []
  await using server = await scriptedServer((path) => {
    paths.push(path)
    return { status: 403, body: '{}' }
  })
  const place = { base: '/', env: env(server.url) }
  const secrets = await openSecrets({ ...noSecrets, ...config(new URL(server.url)) }, place, systemClock)
  await assert.rejects(secrets.read(reference), SecretError)
  await secrets.close()
  return paths
}

const aws = (endpoint: URL): Partial<SecretsConfig> => ({ aws: { region: 'eu-west-1', endpoint } })
const keys = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'hunter2' }

suite('who this gateway is', () => {
  test('in AWS, the environment says in the order of its own programs', async () => {
    const instance = (url: string) => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: url })
    const container = (url: string) => ({
      ...instance(url),
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/task`,
    })
    const web = (url: string) => ({
      ...container(url),
      AWS_WEB_IDENTITY_TOKEN_FILE: '/etc/hostname',
      AWS_ROLE_ARN: 'arn:aws:iam::1:role/r',
      AWS_ENDPOINT_URL_STS: `${url}/sts`,
    })
    const shop = { aws: 'shop' }
    assert.equal((await asked(aws, instance, shop))[0], '/latest/api/token')
    assert.deepEqual(await asked(aws, container, shop), ['/task'])
    assert.deepEqual(await asked(aws, web, shop), ['/sts'])
    assert.deepEqual(await asked(aws, (url) => ({ ...web(url), ...keys }), shop), ['/'])
  })

  test('in Azure, a secret says before the workload', async () => {
    const azure = (clientSecret: { readonly env: string } | null) => (vault: URL) => ({
      azure: { vault, tenant: 'own', clientId: 'c', clientSecret },
    })
    const workload = (url: string) => ({
      S: 'hunter2',
      AZURE_AUTHORITY_HOST: url,
      AZURE_FEDERATED_TOKEN_FILE: '/etc/hostname',
      AZURE_TENANT_ID: 'of-the-workload',
      AZURE_CLIENT_ID: 'w',
    })
    for (const clientSecret of [null, { env: 'S' }])
      assert.deepEqual(await asked(azure(clientSecret), workload, { azure: 'shop' }), [
        '/own/oauth2/v2.0/token',
      ])
  })

  test('in Google Cloud, the metadata server says', async () => {
    const gcp = (endpoint: URL) => ({ gcp: { project: 'p', key: null, endpoint } })
    const host = (url: string) => ({ GCE_METADATA_HOST: new URL(url).host })
    const path = '/computeMetadata/v1/instance/service-accounts/default/token'
    assert.deepEqual(await asked(gcp, host, { gcp: 'shop' }), [path])
  })
})
