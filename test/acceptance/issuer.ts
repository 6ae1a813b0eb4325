import { generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { demoIssuer, type IdentityProvider } from '@sluice/demo'

/** An issuer whose tokens are as a test wants them: short-lived, expired, for somebody else. */
export interface Issuer extends IdentityProvider {
  /** `claims` are laid over those of a good token; `seconds`: until it expires. */
  mint(seconds: number, claims?: Readonly<Record<string, unknown>>): string
  /** A token that says the same and is signed with another key. */
  forge(): string
}

export async function startIssuer(): Promise<Issuer> {
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const server = createServer((request, response) => {
    const documents: Readonly<Record<string, object>> = {
      '/.well-known/openid-configuration': { issuer, jwks_uri: `${issuer}/jwks` },
      '/jwks': { keys: [{ ...own.publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }] },
    }
    const document = documents[request.url ?? '']
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(document ?? {}))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const mint = (key: KeyObject, seconds: number, claims: Readonly<Record<string, unknown>>): string => {
    const now = Math.floor(Date.now() / 1000)
    return signed(key, {
      iss: issuer,
      aud: demoIssuer.audience,
      sub: 'agent',
      jti: randomUUID(),
      iat: now - 60,
      exp: now + seconds,
      [demoIssuer.groups_claim]: ['langchain'],
      [demoIssuer.type_claim]: 'service',
      ...claims,
    })
  }
  return {
    issuer,
    token_endpoint: `${issuer}/token`,
    requests: { 'langchain-reporting': {}, alice: {}, bob: {}, carol: {}, dave: {}, erin: {} },
    login: { client_id: '', resource: '', password: '' },
    mint: (seconds, claims = {}) => mint(own.privateKey, seconds, claims),
    forge: () => mint(other.privateKey, 300, {}),
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const kid = 'acceptance'

function signed(key: KeyObject, claims: object): string {
  const text = [{ alg: 'RS256', typ: 'at+jwt', kid }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
}
