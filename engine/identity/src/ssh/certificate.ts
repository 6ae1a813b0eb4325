import { sign, verify, type KeyObject } from 'node:crypto'
import { isKeyType, readKey, type PublicKey } from './public-key.ts'
import { Reader, string, uint32, uint64, WireError } from './wire.ts'

/** What a certificate of OpenSSH says (PROTOCOL.certkeys), apart from who signed it. */
export interface Certificate {
  readonly key: PublicKey
  readonly serial: bigint
  readonly kind: 'user' | 'host'
  readonly keyId: string
  readonly principals: readonly string[]
  /** Seconds since 1970: the first one in which it is valid, and the first in which it is not any more. */
  readonly validAfter: bigint
  readonly validBefore: bigint
  readonly criticalOptions: ReadonlyMap<string, Buffer>
  readonly extensions: ReadonlyMap<string, Buffer>
}

export interface SignedCertificate extends Certificate {
  /** The signer's public key, as it is on the wire. */
  readonly signer: Buffer
  readonly signature: Buffer
  /** What the signature is of. */
  readonly signed: Buffer
}

const suffix = '-cert-v01@openssh.com'
const kinds = { user: 1, host: 2 } as const
const nonceBytesMin = 16
const ed25519 = 'ssh-ed25519'

/** The type of a certificate over a key of this type. */
export function certificateType(key: Pick<PublicKey, 'type'>): string {
  return `${key.type}${suffix}`
}

export function isCertificate(blob: Uint8Array): boolean {
  try {
    return new Reader(blob).text().endsWith(suffix)
  } catch {
    return false
  }
}

/** Reads all of it; verifies nothing. Throws `WireError`. */
export function certificateOf(blob: Uint8Array): SignedCertificate {
  const reader = new Reader(blob)
  const type = reader.text()
  const of = type.slice(0, -suffix.length)
  if (!type.endsWith(suffix) || !isKeyType(of))
    throw new WireError('it is no certificate over a known type of key')
  if (reader.bytes().length < nonceBytesMin) throw new WireError('its nonce is too short')
  const key = readKey(of, reader)
  const serial = reader.uint64()
  const kind = kindOf(reader.uint32())
  const keyId = reader.text()
  const principals = textsOf(reader.bytes())
  const [validAfter, validBefore] = [reader.uint64(), reader.uint64()]
  const [criticalOptions, extensions] = [optionsOf(reader.bytes()), optionsOf(reader.bytes())]
  if (reader.bytes().length > 0) throw new WireError('it holds what is reserved for later')
  const signer = reader.bytes()
  const signed = Buffer.from(blob.subarray(0, reader.at))
  const signature = reader.bytes()
  reader.end()
  const said = { key, serial, kind, keyId, principals, validAfter, validBefore, criticalOptions, extensions }
  return { ...said, signer, signature, signed }
}

/** Whether this key of Ed25519 signed it. The signer that it names is not looked at: that is another question. */
export function isSignedBy({ signed, signature }: SignedCertificate, key: KeyObject): boolean {
  const reader = new Reader(signature)
  const type = reader.text()
  const bytes = reader.bytes()
  reader.end()
  return type === ed25519 && bytes.length === 64 && verify(null, signed, key, bytes)
}

export interface Signer {
  /** A private key of Ed25519. */
  readonly key: KeyObject
  readonly blob: Buffer
}

/** The blob of a certificate. `nonce`: random bytes, so that nobody can make two of them that hash alike. */
export function signedCertificate(said: Certificate, signer: Signer, nonce: Uint8Array): Buffer {
  const { key, serial, kind, keyId, principals, validAfter, validBefore } = said
  const ofKey = new Reader(key.blob)
  ofKey.bytes()
  const signed = Buffer.concat([
    string(certificateType(key)),
    string(nonce),
    ofKey.take(ofKey.left),
    uint64(serial),
    uint32(kinds[kind]),
    string(keyId),
    string(Buffer.concat(principals.map(string))),
    uint64(validAfter),
    uint64(validBefore),
    optionsBlob(said.criticalOptions),
    optionsBlob(said.extensions),
    string(''),
    string(signer.blob),
  ])
  const signature = Buffer.concat([string(ed25519), string(sign(null, signed, signer.key))])
  return Buffer.concat([signed, string(signature)])
}

/** The text in an option that has one: a string in a string. Throws `WireError`. */
export function optionText(data: Uint8Array): string {
  const reader = new Reader(data)
  const text = reader.text()
  reader.end()
  return text
}

function kindOf(value: number): Certificate['kind'] {
  if (value === kinds.user) return 'user'
  if (value === kinds.host) return 'host'
  throw new WireError('it is neither of a user nor of a host')
}

function textsOf(bytes: Buffer): readonly string[] {
  const reader = new Reader(bytes)
  const texts: string[] = []
  while (reader.left > 0) texts.push(reader.text())
  return texts
}

/** In ascending order, so that no name comes twice. */
function optionsOf(bytes: Buffer): ReadonlyMap<string, Buffer> {
  const reader = new Reader(bytes)
  const options = new Map<string, Buffer>()
  let before: string | undefined
  while (reader.left > 0) {
    const name = reader.text()
    if (before !== undefined && before >= name) throw new WireError('its options are not in order')
    options.set(name, reader.bytes())
    before = name
  }
  return options
}

function optionsBlob(options: ReadonlyMap<string, Buffer>): Buffer {
  const ordered = [...options].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return string(Buffer.concat(ordered.flatMap(([name, data]) => [string(name), string(data)])))
}
