import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

/** The client's half of SCRAM-SHA-256 (RFC 5802, RFC 7677), as PostgreSQL asks for it. */
export class ScramClient {
  readonly #password: string
  readonly #bare: string

  constructor(secret: string) {
    this.#password = secret
    this.#bare = `n=,r=${randomBytes(18).toString('base64')}`
  }

  get first(): string {
    return `n,,${this.#bare}`
  }

  final(serverFirst: string): string {
    const fields = new Map(serverFirst.split(',').map((field) => [field.slice(0, 1), field.slice(2)]))
    const salt = Buffer.from(fields.get('s') ?? '', 'base64')
    const salted = pbkdf2Sync(this.#password, salt, Number(fields.get('i')), 32, 'sha256')
    const clientKey = hmac(salted, 'Client Key')
    const storedKey = createHash('sha256').update(clientKey).digest()
    const withoutProof = `c=biws,r=${fields.get('r') ?? ''}`
    const signature = hmac(storedKey, `${this.#bare},${serverFirst},${withoutProof}`)
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)))
    return `${withoutProof},p=${proof.toString('base64')}`
  }
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
