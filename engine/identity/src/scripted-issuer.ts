import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Clock } from '@sluice/core'
import type { IssuerConfig } from './issuer.ts'

/** For tests: an issuer on loopback whose keys, documents and failures follow a script, and a clock that does too. */

/** Noon, 1 January 2026, far from the machine's own time: whoever reads that instead fails. */
export const noon: number = Date.UTC(2026, 0, 1, 12)

export interface ScriptedClock extends Clock {
  advance(ms: number): void
}

export function scriptedClock(): ScriptedClock {
  let now = noon
  return {
    now: () => now,
    monotonic: () => now - noon,
    after: () => ({ [Symbol.dispose]: () => {} }),
    advance: (ms) => {
      now += ms
    },
  }
}

export interface SigningKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: KeyObject
  readonly jwk: Readonly<Record<string, unknown>>
}

export function signingKey(
  kid: string,
  alg: 'RS256' | 'PS256' | 'ES256' | 'ES384' | 'EdDSA',
  bits = 2048,
): SigningKey {
  const { privateKey, publicKey } = keyPair(alg, bits)
  return { kid, alg, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } }
}

function keyPair(alg: string, bits: number): { privateKey: KeyObject; publicKey: KeyObject } {
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519')
  if (alg.startsWith('ES'))
    return generateKeyPairSync('ec', { namedCurve: alg === 'ES256' ? 'P-256' : 'P-384' })
  return generateKeyPairSync('rsa', { modulusLength: bits })
}

/** What may be wrong with the next documents. */
export interface Script {
  keys: readonly Readonly<Record<string, unknown>>[]
  down: boolean
  /** Merged into the discovery document. */
  metadata: Readonly<Record<string, unknown>>
  /** Instead of the key set. */
  body: string | null
  /** Where the discovery document says it moved to, which is true. */
  redirect: string | null
}

export interface ScriptedIssuer {
  readonly url: string
  readonly script: Script
  /** Paths that were asked for, in order. */
  readonly asked: string[]
  readonly config: IssuerConfig
  close(): Promise<void>
}

export async function scriptedIssuer(keys: readonly SigningKey[], path = ''): Promise<ScriptedIssuer> {
  const script: Script = {
    keys: keys.map(({ jwk }) => jwk),
    down: false,
    metadata: {},
    body: null,
    redirect: null,
  }
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    if (script.down) return void request.socket.destroy()
    if (script.redirect !== null && request.url?.includes('.well-known'))
      return void response.writeHead(302, { location: script.redirect }).end()
    const document = { issuer: url, jwks_uri: `${url}/keys`, ...script.metadata }
    const body = request.url?.endsWith('/keys')
      ? (script.body ?? JSON.stringify({ keys: script.keys }))
      : JSON.stringify(document)
    response.setHeader('content-type', 'application/json').end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  const url = `http://127.0.0.1:${address.port}${path}`
  return {
    url,
    script,
    asked,
    config: { name: 'idp', kind: 'oidc', issuer: url, audience: 'sluice', type_claim: 'subject_type' },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Claims of a token that nothing is wrong with. */
export function goodClaims(issuer: string): Readonly<Record<string, unknown>> {
  const now = noon / 1000
  return {
    iss: issuer,
    sub: 'alice',
    aud: 'sluice',
    iat: now,
    exp: now + 3600,
    client_id: 'app',
    groups: ['analysts'],
  }
}

export interface JwsParts {
  /** Merged into the header; `undefined` removes a parameter. */
  readonly header?: Readonly<Record<string, unknown>>
  /** Instead of the header's JSON. */
  readonly headerText?: string
  /** Instead of the claims' JSON. */
  readonly payloadText?: string
  /** Instead of the real signature. */
  readonly signature?: (input: string) => Buffer
}

/** A signed token, right or wrong in whatever way `parts` says. */
export function jws(
  key: SigningKey,
  claims: Readonly<Record<string, unknown>>,
  parts: JwsParts = {},
): string {
  const header =
    parts.headerText ?? JSON.stringify({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...parts.header })
  const input = `${encoded(header)}.${encoded(parts.payloadText ?? JSON.stringify(claims))}`
  const signature = parts.signature?.(input) ?? signatureOf(input, key)
  return `${input}.${signature.toString('base64url')}`
}

export function hmacSignature(secret: string): (input: string) => Buffer {
  return (input) => createHmac('sha256', secret).update(input).digest()
}

function signatureOf(input: string, { alg, privateKey }: SigningKey): Buffer {
  const hash = alg === 'EdDSA' ? null : alg === 'ES384' ? 'sha384' : 'sha256'
  const pss = alg === 'PS256' ? { padding: 6, saltLength: 32 } : {}
  return sign(hash, Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363', ...pss })
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url')
}
