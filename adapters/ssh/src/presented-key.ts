import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import ssh2, { type PublicKeyAuthContext } from 'ssh2'
import { Fields, text } from './wire.ts'

/** Signatures that a caller may prove a key with: no SHA-1, no DSA, no tokens with a signature format of their own. */
const hashes: Readonly<Record<string, string | null>> = {
  'ssh-ed25519': null,
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
}
const certificateSuffix = '-cert-v01@openssh.com'

/** What the caller says its key is, e.g. `ssh-ed25519-cert-v01@openssh.com`. */
function algorithmOf({ key, hashAlgo }: PublicKeyAuthContext): string {
  return key.algo === 'ssh-rsa' && hashAlgo !== undefined ? `rsa-sha2-${hashAlgo.slice(3)}` : key.algo
}

/** Whether it is worth a signature: of a kind that is looked at. Whose it is nobody asks before. */
export function isOfUse(context: PublicKeyAuthContext): boolean {
  return Object.hasOwn(hashes, algorithmOf(context).replace(certificateSuffix, ''))
}

/** Whether the caller has signed this very request with the private key of what it shows, a key or a certificate. */
export function isProven(context: PublicKeyAuthContext): boolean {
  const { key, blob, signature } = context
  if (blob === undefined || signature === undefined || !isOfUse(context)) return false
  const algorithm = algorithmOf(context)
  try {
    const certified = algorithm.endsWith(certificateSuffix)
    const base = algorithm.replace(certificateSuffix, '')
    const publicKey = certified ? certifiedKey(key.data) : plainKey(key.data)
    const raw = certified ? certifiedSignature(signature, base) : signature
    return verify(hashes[base] ?? null, blob, publicKey, raw)
  } catch {
    return false
  }
}

function plainKey(blob: Buffer): KeyObject {
  const parsed = ssh2.utils.parseKey(blob)
  if (parsed instanceof Error) throw parsed
  return createPublicKey(parsed.getPublicPEM())
}

/**
 * The key in a certificate (PROTOCOL.certkeys): behind the type and a nonce stand the fields of the plain key. Who vouches
 * for it, and for how long, is for the authenticator to see.
 */
function certifiedKey(blob: Buffer): KeyObject {
  const fields = new Fields(blob)
  const plain = fields.string().toString('latin1').replace(certificateSuffix, '')
  fields.string()
  const own = Array.from({ length: plain === 'ssh-ed25519' ? 1 : 2 }, () => text(fields.string()))
  return plainKey(Buffer.concat([text(plain), ...own]))
}

/** The library takes apart only signatures of plain keys. Its name must be that of the key's own kind. */
function certifiedSignature(signature: Buffer, base: string): Buffer {
  const fields = new Fields(signature)
  const name = fields.string()
  const raw = fields.string()
  fields.end()
  if (name.toString('latin1') !== base) throw new Error('another signature')
  return base.startsWith('ecdsa-') ? asn1(raw) : raw
}

/** Two numbers as OpenSSL wants them (RFC 3279 §2.2.3). */
function asn1(raw: Buffer): Buffer {
  const fields = new Fields(raw)
  const numbers = Buffer.concat([integer(fields.string()), integer(fields.string())])
  // Of a curve of 521 bits it is longer than 127 bytes.
  const length = numbers.length < 128 ? [numbers.length] : [0x81, numbers.length]
  return Buffer.concat([Buffer.from([0x30, ...length]), numbers])
}

function integer(number: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x02, number.length]), number])
}
