import { createPrivateKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { ed25519Blob, lineOf } from './public-key.ts'
import { Reader, string, uint32, WireError } from './wire.ts'

/**
 * A private key of Ed25519 as OpenSSH keeps it (PROTOCOL.key), or in PKCS#8. Encrypted ones are refused: the passphrase
 * would lie beside them.
 *
 * @throws WireError
 */
export function privateKeyOf(pem: string): KeyObject {
  const text = pem.trim()
  const key = text.startsWith(begin) ? openSshKeyOf(text) : pkcs8Of(text)
  if (key.asymmetricKeyType !== 'ed25519') throw new WireError('it is not a key of Ed25519')
  return key
}

export function newPrivateKey(comment: string): string {
  return openSshText(generateKeyPairSync('ed25519').privateKey, comment)
}

export interface KeyPair {
  /** As OpenSSH keeps it. */
  readonly privateKey: string
  /** The line of a .pub file. */
  readonly publicKey: string
}

/** Of Ed25519. */
export function newKeyPair(comment: string): KeyPair {
  const { privateKey } = generateKeyPairSync('ed25519')
  const publicKey = lineOf({ type: 'ssh-ed25519', blob: ed25519Blob(privateKey) }, comment)
  return { privateKey: openSshText(privateKey, comment), publicKey }
}

/** As `ssh-keygen -t ed25519 -N ''` writes it, so that OpenSSH's own tools and libraries can use it too. */
export function openSshText(privateKey: KeyObject, comment: string): string {
  const publicBlob = ed25519Blob(privateKey)
  const pair = Buffer.concat([seedOf(privateKey), publicBlob.subarray(-32)])
  const check = randomBytes(4)
  const body = Buffer.concat([check, check, publicBlob, string(pair), string(comment)])
  const padding = Buffer.from(Array.from({ length: (8 - (body.length % 8)) % 8 }, (_, at) => at + 1))
  const blob = Buffer.concat([
    magic,
    string('none'),
    string('none'),
    string(''),
    uint32(1),
    string(publicBlob),
    string(Buffer.concat([body, padding])),
  ])
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? []
  return [begin, ...lines, end, ''].join('\n')
}

const begin = '-----BEGIN OPENSSH PRIVATE KEY-----'
const end = '-----END OPENSSH PRIVATE KEY-----'
const magic = Buffer.from('openssh-key-v1\0')

function pkcs8Of(text: string): KeyObject {
  try {
    return createPrivateKey(text)
  } catch {
    throw new WireError('it is neither a key of OpenSSH nor in PKCS#8, or it is encrypted')
  }
}

function openSshKeyOf(text: string): KeyObject {
  const blob = Buffer.from(text.slice(begin.length, text.lastIndexOf('-----END')), 'base64')
  const outer = new Reader(blob)
  if (!outer.take(Math.min(magic.length, outer.left)).equals(magic))
    throw new WireError('it is not of OpenSSH')
  if (outer.text() !== 'none') throw new WireError('it is encrypted: ssh-keygen -p -N "" takes that away')
  outer.bytes()
  outer.bytes()
  if (outer.uint32() !== 1) throw new WireError('it holds several keys')
  const shown = outer.bytes()
  const inner = new Reader(outer.bytes())
  outer.end()
  if (inner.uint32() !== inner.uint32()) throw new WireError('it is damaged')
  if (inner.text() !== 'ssh-ed25519') throw new WireError('it is not a key of Ed25519')
  inner.bytes()
  const key = fromSeed(inner.bytes().subarray(0, 32))
  if (!ed25519Blob(key).equals(shown)) throw new WireError('its two halves do not fit')
  return key
}

/** RFC 8410 §7: what stands in PKCS#8 before the 32 bytes of a key of Ed25519. */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

function fromSeed(seed: Buffer): KeyObject {
  if (seed.length !== 32) throw new WireError('it is damaged')
  return createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' })
}

function seedOf(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url')
}
