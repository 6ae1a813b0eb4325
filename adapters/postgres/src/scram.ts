import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify(pbkdf2)
/** A server that asks for more would only burn our time: PostgreSQL's default is 4,096. */
const iterationsMax = 600_000
const hashBytes = 32

/** The server's part of the exchange is wrong, or it does not know the password. */
export class ScramError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ScramError'
  }
}

export interface ScramProof {
  readonly clientFinal: string
  /** What the server must answer to prove that it knows the password too. */
  readonly serverSignature: Buffer
}

/** client-first-message of SCRAM-SHA-256 without channel binding (RFC 5802 §5, RFC 7677). */
export function clientFirst(user: string, nonce: string): string {
  return `n,,${clientFirstBare(user, nonce)}`
}

function clientFirstBare(user: string, nonce: string): string {
  return `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`
}

/** Answers the server-first-message. Throws `ScramError` when it does not continue our nonce. */
export async function clientFinal(
  user: string,
  password: string,
  nonce: string,
  serverFirst: string,
): Promise<ScramProof> {
  const challenge = parseServerFirst(serverFirst, nonce)
  const salted = await derive(
    password.normalize('NFKC'),
    challenge.salt,
    challenge.iterations,
    hashBytes,
    'sha256',
  )
  const withoutProof = `c=biws,r=${challenge.nonce}`
  const signed = `${clientFirstBare(user, nonce)},${serverFirst},${withoutProof}`
  const clientKey = hmac(salted, 'Client Key')
  const storedKey = createHash('sha256').update(clientKey).digest()
  const signature = hmac(storedKey, signed)
  const proof = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0))
  return {
    clientFinal: `${withoutProof},p=${Buffer.from(proof).toString('base64')}`,
    serverSignature: hmac(hmac(salted, 'Server Key'), signed),
  }
}

/** Throws `ScramError` unless the server-final-message carries the signature that only the real server can make. */
export function verifyServerFinal(message: string, expected: Buffer): void {
  const match = /^v=([A-Za-z0-9+/=]+)$/.exec(message)
  const signature = Buffer.from(match?.[1] ?? '', 'base64')
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected))
    throw new ScramError('the server could not prove that it knows the password')
}

function parseServerFirst(
  message: string,
  nonce: string,
): { readonly nonce: string; readonly salt: Buffer; readonly iterations: number } {
  const match = /^r=([!-+\--~]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9][0-9]{0,8})$/.exec(message)
  const [, full = '', salt = '', count = ''] = match ?? []
  if (!full.startsWith(nonce) || full.length <= nonce.length)
    throw new ScramError('the server sent an invalid challenge')
  const iterations = Number(count)
  if (iterations > iterationsMax) throw new ScramError('the server asks for too many iterations')
  return { nonce: full, salt: Buffer.from(salt, 'base64'), iterations }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
