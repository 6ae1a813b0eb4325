import { randomBytes } from 'node:crypto'
import { json, served, type Keeper } from './keeper.ts'

/**
 * A stand-in for Azure's Key Vault after its REST reference (Get Secret, 7.4), the token endpoint of Entra ID (client
 * credentials, by secret or by assertion) and the metadata service of machines.
 */

const [tenant, clientId] = ['tenant-1', 'client-1']
const assertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export async function azure(
  manner: 'managed_identity' | 'client_secret' | 'workload_identity',
): Promise<Keeper> {
  const secrets = new Map<string, string>()
  const proof = randomBytes(16).toString('hex')
  let asked = 0
  let bearer = randomBytes(16).toString('hex')
  const server = await served(({ method, url, headers, body }) => {
    const query = url.searchParams
    if (method === 'GET' && url.pathname === '/metadata/identity/oauth2/token') {
      const right =
        query.get('api-version') === '2018-02-01' && query.get('resource') === 'https://vault.azure.net'
      if (headers['metadata'] !== 'true' || !right) return json(400, { error: 'invalid_request' })
      return json(200, { access_token: bearer, expires_in: '86399', token_type: 'Bearer' })
    }
    if (method === 'POST' && url.pathname === `/${tenant}/oauth2/v2.0/token`) {
      const form = Object.fromEntries(new URLSearchParams(body))
      const shown =
        manner === 'client_secret'
          ? form['client_secret'] === proof
          : form['client_assertion'] === proof && form['client_assertion_type'] === assertion
      const right =
        form['grant_type'] === 'client_credentials' && form['scope'] === 'https://vault.azure.net/.default'
      if (!shown || !right || form['client_id'] !== clientId) return json(401, { error: 'invalid_client' })
      return json(200, { access_token: bearer, expires_in: 3599, token_type: 'Bearer' })
    }
    asked += 1
    if (headers.authorization !== `Bearer ${bearer}`) return json(401, { error: { code: 'Unauthorized' } })
    if (query.get('api-version') !== '7.4') return json(400, { error: { code: 'BadParameter' } })
    const value = secrets.get(/^\/secrets\/([0-9A-Za-z-]+)$/.exec(url.pathname)?.[1] ?? '')
    return method !== 'GET' || value === undefined
      ? json(404, { error: { code: 'SecretNotFound' } })
      : json(200, { value, id: url.href, attributes: { enabled: true } })
  })
  const own = new URL(server.url)
  return {
    config: {
      azure: {
        vault: own,
        auth:
          manner === 'managed_identity'
            ? { kind: manner, clientId: null, metadata: own }
            : { kind: manner, authority: own, tenant, clientId, proof: () => Promise.resolve(proof) },
      },
    },
    put: (name, value) => Promise.resolve(void secrets.set(name, value)),
    reference: (name, field) => ({ azure: field === undefined ? name : `${name}#${field}` }),
    asked: () => asked,
    forgetLogins: () => Promise.resolve(void (bearer = randomBytes(16).toString('hex'))),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
