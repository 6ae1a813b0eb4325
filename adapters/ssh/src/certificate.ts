import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import ssh2 from 'ssh2'
import { BadField, Fields, text } from './wire.ts'

/** Certificates of OpenSSH (PROTOCOL.certkeys), as far as this side of the protocol looks into them. */

export const certificateSuffix = '-cert-v01@openssh.com'

/** Signatures by which a key may prove itself: no SHA-1, no DSA, no tokens with a signature format of their own. */
export const signatureHashes: Readonly<Record<string, string | null>> = {
  'ssh-ed25519': null,
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
}

export interface Certificate {
  /** The plain key that it is over. */
  readonly key: Buffer
  /** 1: of a user; 2: of a host. */
  readonly kind: number
  readonly principals: readonly string[]
  /** Seconds since 1970: the first one in which it is valid, and the first in which it is not any more. */
  readonly validAfter: bigint
  readonly validBefore: bigint
  /** Names. Whoever does not know one of them must not accept the certificate. */
  readonly criticalOptions: readonly string[]
  /** The plain key of who signed it, the signature, and what that is of. */
  readonly signer: Buffer
  readonly signature: Buffer
  readonly signed: Buffer
}

/** Of the line of a -cert.pub file. */
export function certificateBlob(line: string): Buffer {
  return Buffer.from(line.trim().split(/\s+/)[1] ?? '', 'base64')
}

/** Reads all of it and verifies nothing. Throws `BadField`. */
export function certificateOf(blob: Buffer): Certificate {
  const fields = new Fields(blob)
  const type = fields.string().toString('latin1')
  if (!type.endsWith(certificateSuffix)) throw new BadField('it is no certificate')
  fields.string()
  const plain = type.slice(0, -certificateSuffix.length)
  const own = Array.from({ length: plain === 'ssh-ed25519' ? 1 : 2 }, () => text(fields.string()))
  const key = Buffer.concat([text(plain), ...own])
  fields.u64()
  const kind = fields.u32()
  fields.string()
  const principals = [...strings(fields.string())].map((name) => name.toString())
  const [validAfter, validBefore] = [fields.u64(), fields.u64()]
  const criticalOptions = [...strings(fields.string())]
    .filter((_, at) => at % 2 === 0)
    .map((name) => name.toString())
  fields.string()
  fields.string()
  const signer = fields.string()
  const signed = blob.subarray(0, blob.length - fields.left)
  const signature = fields.string()
  fields.end()
  return { key, kind, principals, validAfter, validBefore, criticalOptions, signer, signature, signed }
}

/** Whether the key that it names signed it. Whose that is is another question. */
export function isSigned({ signer, signature, signed }: Certificate): boolean {
  const fields = new Fields(signature)
  const algorithm = fields.string().toString('latin1')
  const raw = fields.string()
  fields.end()
  return isSignature(signed, algorithm, raw, signer)
}

/** `raw`: as SSH writes it behind its name. */
export function isSignature(data: Buffer, algorithm: string, raw: Buffer, key: Buffer): boolean {
  if (!Object.hasOwn(signatureHashes, algorithm)) return false
  const type = new Fields(key).string().toString('latin1')
  if ((algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm) !== type) return false
  const signature = algorithm.startsWith('ecdsa-') ? asn1(raw) : raw
  return verify(signatureHashes[algorithm] ?? null, data, plainKey(key), signature)
}

/** Throws where it is none. */
export function plainKey(blob: Buffer): KeyObject {
  const parsed = ssh2.utils.parseKey(blob)
  if (parsed instanceof Error) throw parsed
  return createPublicKey(parsed.getPublicPEM())
}

function* strings(bytes: Buffer): Generator<Buffer> {
  const fields = new Fields(bytes)
  while (fields.left > 0) yield fields.string()
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
