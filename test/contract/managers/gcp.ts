import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { jwtVerify } from 'jose'
import { json, served, type Keeper } from './keeper.ts'

/**
 * A stand-in for Google Cloud's Secret Manager after its REST reference (projects.secrets.versions.access), the token
 * endpoint for service accounts and the metadata server.
 */

const scope = 'https://www.googleapis.com/auth/cloud-platform'
const [project, email] = ['shop-project', 'sluice@shop-project.iam.gserviceaccount.com']

export async function gcp(manner: 'metadata' | 'key'): Promise<Keeper> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const secrets = new Map<string, string>()
  let asked = 0
  let bearer = randomBytes(16).toString('hex')
  const token = () => json(200, { access_token: bearer, expires_in: 3599, token_type: 'Bearer' })
  const server = await served(async ({ method, url, headers, body }) => {
    if (method === 'GET' && url.pathname === '/computeMetadata/v1/instance/service-accounts/default/token')
      return headers['metadata-flavor'] === 'Google' ? token() : json(403, {})
    if (method === 'POST' && url.pathname === '/token') {
      const form = new URLSearchParams(body)
      if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return json(400, {})
      const audience = `${server.url}/token`
      const { payload } = await jwtVerify(form.get('assertion') ?? '', publicKey, { issuer: email, audience })
      const lives = (payload.exp ?? Infinity) - (payload.iat ?? 0)
      return payload['scope'] === scope && lives <= 3600 ? token() : json(400, { error: 'invalid_grant' })
    }
    asked += 1
    if (headers.authorization !== `Bearer ${bearer}`)
      return json(401, { error: { status: 'UNAUTHENTICATED' } })
    const name = /^\/v1\/projects\/shop-project\/secrets\/([\w-]+)\/versions\/latest:access$/.exec(
      url.pathname,
    )?.[1]
    const value = secrets.get(name ?? '')
    if (method !== 'GET' || value === undefined) return json(404, { error: { status: 'NOT_FOUND' } })
    return json(200, { name: url.pathname, payload: { data: Buffer.from(value).toString('base64') } })
  })
  const file = (): string =>
    JSON.stringify({
      type: 'service_account',
      client_email: email,
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: `${server.url}/token`,
    })
  return {
    config: {
      gcp: {
        endpoint: new URL(server.url),
        project,
        key: manner === 'key' ? () => Promise.resolve(file()) : null,
        metadata: new URL(server.url),
      },
    },
    put: (name, value) => Promise.resolve(void secrets.set(name, value)),
    reference: (name, field) => ({
      gcp: field === undefined ? name : `projects/${project}/secrets/${name}#${field}`,
    }),
    asked: () => asked,
    forgetLogins: () => Promise.resolve(void (bearer = randomBytes(16).toString('hex'))),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
