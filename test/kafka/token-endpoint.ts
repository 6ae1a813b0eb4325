import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'

/** An issuer of access tokens by client credentials (RFC 6749 §4.4), on loopback, with the keys that check them. */
export interface TokenEndpoint extends AsyncDisposable {
  readonly issuer: string
  readonly jwks: string
  /** Gives out tokens for `client`, with `secret`. */
  readonly token: string
  /** The same, but signs with a key that is not among those of the issuer. */
  readonly forged: string
  readonly client: string
  readonly secret: string
}

const algorithm = 'RS256'

export async function tokenEndpoint(audience: string): Promise<TokenEndpoint> {
  const [client, secret] = ['sluice', 'open-sesame']
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const basic = `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}`
  const server = createServer(({ url, headers }, response) => {
    const answer = (status: number, body: object): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (url === '/jwks')
      answer(200, {
        keys: [{ ...own.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: algorithm }],
      })
    else if (headers.authorization !== basic) answer(401, { error: 'invalid_client' })
    else {
      const { privateKey } = url === '/forged' ? other : own
      const claims = { iss: issuer, aud: audience, sub: client }
      answer(200, { access_token: signed(claims, privateKey), token_type: 'Bearer', expires_in: 3_600 })
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  const issuer = `http://127.0.0.1:${address.port}`
  return {
    issuer,
    jwks: `${issuer}/jwks`,
    token: `${issuer}/token`,
    forged: `${issuer}/forged`,
    client,
    secret,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function signed(claims: object, key: KeyObject): string {
  const now = Math.floor(Date.now() / 1_000)
  const part = (of: object): string => Buffer.from(JSON.stringify(of)).toString('base64url')
  const text = `${part({ alg: algorithm, kid: 'k1' })}.${part({ ...claims, iat: now, exp: now + 3_600 })}`
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
}
