import { generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import type { VaultAuth } from '@sluice/identity'
import { authority, startOpenBao, type OpenBao } from '../../src/index.ts'
import { json, served, type Keeper } from './keeper.ts'

/** A real OpenBao, logged into in each of the three ways. Kubernetes itself is a stand-in that reviews one token. */
export async function vault(kind: VaultAuth['kind']): Promise<Keeper> {
  await using parts = new AsyncDisposableStack()
  const bao = parts.use(await startOpenBao())
  await bao.ask('PUT', 'sys/policies/acl/sluice', {
    policy: 'path "secret/data/*" { capabilities = ["read"] }',
  })
  const { auth, renew } = await logins[kind](bao, parts)
  const open = parts.move()
  return {
    config: { vault: { url: new URL(bao.url), namespace: null, ca: undefined, auth } },
    async put(name, value) {
      const data = value.startsWith('{') ? (JSON.parse(value) as object) : { only: value }
      await bao.ask('POST', `secret/data/${name}`, { data })
    },
    reference: (name, field = 'only') => ({ vault: `secret/data/${name}#${field}` }),
    asked: () => null,
    forgetLogins: renew,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

interface Logins {
  readonly auth: VaultAuth
  readonly renew: () => Promise<void>
}

const logins: Readonly<
  Record<VaultAuth['kind'], (bao: OpenBao, parts: AsyncDisposableStack) => Promise<Logins>>
> = {
  async token(bao) {
    const made = async (): Promise<string> => {
      const { auth } = await bao.ask('POST', 'auth/token/create', { policies: ['sluice'], ttl: '1h' })
      return (auth as { client_token: string }).client_token
    }
    let token = await made()
    return {
      auth: { kind: 'token', token: () => Promise.resolve(token) },
      async renew() {
        await bao.ask('POST', 'auth/token/revoke', { token })
        token = await made()
      },
    }
  },
  async approle(bao) {
    await bao.ask('POST', 'sys/auth/approle', { type: 'approle' })
    await bao.ask('POST', 'auth/approle/role/sluice', { token_policies: 'sluice' })
    const of = async (method: string, path: string): Promise<Record<string, string>> =>
      (await bao.ask(method, `auth/approle/role/sluice/${path}`))['data'] as Record<string, string>
    const { role_id: roleId = '' } = await of('GET', 'role-id')
    const { secret_id: secretId = '' } = await of('POST', 'secret-id')
    return {
      auth: { kind: 'approle', mount: 'approle', roleId, secretId: () => Promise.resolve(secretId) },
      renew: () => revokeAll(bao, 'approle'),
    }
  },
  async kubernetes(bao, parts) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const jwt = await new SignJWT({
      'kubernetes.io': { namespace: 'sluice', serviceaccount: { name: 'sluice', uid: 'u1' } },
    })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer('kubernetes/serviceaccount')
      .setSubject('system:serviceaccount:sluice:sluice')
      .setIssuedAt()
      .setNotBefore('0s')
      .setExpirationTime('1h')
      .sign(privateKey)
    const cluster = parts.use(
      await served(({ url, body }) => {
        const shown = (JSON.parse(body) as { spec?: { token?: string } }).spec?.token
        if (url.pathname !== '/apis/authentication.k8s.io/v1/tokenreviews') return json(404, {})
        const user = {
          username: 'system:serviceaccount:sluice:sluice',
          uid: 'u1',
          groups: ['system:serviceaccounts'],
        }
        return json(201, { status: shown === jwt ? { authenticated: true, user } : { authenticated: false } })
      }),
    )
    await bao.ask('POST', 'sys/auth/kubernetes', { type: 'kubernetes' })
    await bao.ask('POST', 'auth/kubernetes/config', {
      kubernetes_host: cluster.url,
      // Not used without TLS, and asked for all the same.
      kubernetes_ca_cert: authority('kubernetes').cert,
      disable_local_ca_jwt: true,
      token_reviewer_jwt: jwt,
    })
    await bao.ask('POST', 'auth/kubernetes/role/sluice', {
      bound_service_account_names: ['sluice'],
      bound_service_account_namespaces: ['sluice'],
      token_policies: ['sluice'],
    })
    return {
      auth: { kind: 'kubernetes', mount: 'kubernetes', role: 'sluice', jwt: () => Promise.resolve(jwt) },
      renew: () => revokeAll(bao, 'kubernetes'),
    }
  },
}

async function revokeAll(bao: OpenBao, mount: string): Promise<void> {
  await bao.ask('POST', `sys/leases/revoke-prefix/auth/${mount}`)
}
