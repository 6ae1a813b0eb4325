import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { Reader, string, WireError } from './wire.ts'

/** A public key of SSH: what names it on the wire, and all of it. */
export interface PublicKey {
  readonly type: KeyType
  /** As RFC 4253 §6.6 and its successors write it, type included. */
  readonly blob: Buffer
}

/** No DSA, and no keys of tokens (`sk-`): what these sign holds a flag and a counter of their own. */
const curves = {
  'ecdsa-sha2-nistp256': { name: 'nistp256', jwk: 'P-256', bytes: 32 },
  'ecdsa-sha2-nistp384': { name: 'nistp384', jwk: 'P-384', bytes: 48 },
  'ecdsa-sha2-nistp521': { name: 'nistp521', jwk: 'P-521', bytes: 66 },
} as const
export const keyTypes = ['ssh-ed25519', ...Object.keys(curves), 'ssh-rsa'] as readonly KeyType[]
export type KeyType = 'ssh-ed25519' | keyof typeof curves | 'ssh-rsa'

const rsaBitsMin = 2_048
const rsaBytesMax = 2_048

export function isKeyType(type: string): type is KeyType {
  return (keyTypes as readonly string[]).includes(type)
}

/** Reads what follows the type of a key, and checks that it is one. Throws `WireError`. */
export function readKey(type: KeyType, reader: Reader): PublicKey {
  const fields = fieldsOf(type, reader)
  const jwk = jwkOf(type, fields)
  try {
    createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    throw new WireError('its key is not on its curve, or none at all')
  }
  return { type, blob: Buffer.concat([string(type), ...fields.map(string)]) }
}

/** Throws `WireError`. */
export function publicKeyOf(blob: Uint8Array): PublicKey {
  const reader = new Reader(blob)
  const type = reader.text()
  if (!isKeyType(type)) throw new WireError(`its type is none of ${keyTypes.join(', ')}`)
  const key = readKey(type, reader)
  reader.end()
  return key
}

/** A line as in `~/.ssh/id_ed25519.pub`: type, base64 and a comment. Throws `WireError`. */
export function publicKeyLine(text: string): PublicKey {
  const [type, base64] = text.trim().split(/[ \t]+/)
  if (/[\r\n]/.test(text.trim()) || type === undefined || base64 === undefined)
    throw new WireError('it is not one line of type and base64, as in a .pub file')
  const blob = Buffer.from(base64, 'base64')
  if (blob.toString('base64') !== base64) throw new WireError('its base64 is not whole')
  const key = publicKeyOf(blob)
  if (key.type !== type) throw new WireError('it calls itself another type than it is')
  return key
}

export function lineOf(
  { type, blob }: { readonly type: string; readonly blob: Buffer },
  comment: string,
): string {
  return `${type} ${blob.toString('base64')} ${comment}`
}

/** As `ssh-keygen -l` shows it. */
export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

/** The public half of a key of Ed25519, on the wire. */
export function ed25519Blob(key: KeyObject): Buffer {
  const { x } = key.export({ format: 'jwk' })
  return Buffer.concat([string('ssh-ed25519'), string(Buffer.from(x ?? '', 'base64url'))])
}

function fieldsOf(type: KeyType, reader: Reader): readonly Buffer[] {
  if (type === 'ssh-ed25519') return [reader.bytes()]
  return [reader.bytes(), reader.bytes()]
}

interface Jwk {
  readonly kty: string
  readonly [name: string]: string
}

function jwkOf(type: KeyType, [first = Buffer.alloc(0), second = Buffer.alloc(0)]: readonly Buffer[]): Jwk {
  if (type === 'ssh-ed25519') {
    if (first.length !== 32) throw new WireError('its key is not of 32 bytes')
    return { kty: 'OKP', crv: 'Ed25519', x: first.toString('base64url') }
  }
  if (type === 'ssh-rsa') {
    const [e, n] = [unsigned(first), unsigned(second)]
    if (n.length * 8 - Math.clz32(n[0] ?? 0) + 24 < rsaBitsMin || n.length > rsaBytesMax)
      throw new WireError(`RSA keys have ${rsaBitsMin} bits at least and ${rsaBytesMax * 8} at most`)
    if (e.length > 4 || (e.at(-1) ?? 0) % 2 === 0) throw new WireError('its exponent is not usable')
    return { kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') }
  }
  const { name, jwk, bytes } = curves[type]
  // Uncompressed points only (RFC 5656 §3.1).
  if (first.toString('latin1') !== name || second.length !== 1 + 2 * bytes || second[0] !== 4)
    throw new WireError('its point is not of its curve')
  return {
    kty: 'EC',
    crv: jwk,
    x: second.subarray(1, 1 + bytes).toString('base64url'),
    y: second.subarray(1 + bytes).toString('base64url'),
  }
}

/** A positive mpint in its only spelling: without a leading zero that no sign needs. */
function unsigned(mpint: Buffer): Buffer {
  const [first = 0x80, second = 0] = mpint
  if (first >= 0x80 || (first === 0 && second < 0x80)) throw new WireError('a number in it is not positive')
  return first === 0 ? mpint.subarray(1) : mpint
}
