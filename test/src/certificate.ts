import { createPrivateKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isIP } from 'node:net'

/** PEM texts of a certificate that is its own authority, and of its key. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

const tag = {
  boolean: 1,
  integer: 2,
  bits: 3,
  octets: 4,
  oid: 6,
  utf8: 12,
  time: 24,
  sequence: 48,
  set: 49,
} as const
const dayMs = 86_400_000

/** A certificate that signs others. */
export interface Authority extends Certificate {
  readonly name: string
}

/** A self-signed certificate for these host names and addresses (X.509 v3 in DER, RFC 5280), valid for a day. */
export function selfSigned(...names: readonly string[]): Certificate {
  const keys = keyPair()
  return { cert: signed(names, keys, { name: names[0] ?? 'nobody', key: keys.privateKey }), key: keys.pem }
}

export function authority(name: string): Authority {
  return { name, ...selfSigned(name) }
}

/** `validMs`: until then from now; negative where it has expired. */
export function issuedBy(
  { name, key }: Authority,
  names: readonly string[],
  validMs: number = dayMs,
): Certificate {
  const keys = keyPair()
  return { cert: signed(names, keys, { name, key: createPrivateKey(key) }, validMs), key: keys.pem }
}

interface Keys {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  readonly pem: string
}

function keyPair(): Keys {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { publicKey, privateKey, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

function signed(
  names: readonly string[],
  { publicKey }: Pick<Keys, 'publicKey'>,
  issuer: { readonly name: string; readonly key: KeyObject },
  validMs: number = dayMs,
): string {
  const algorithm = der(tag.sequence, oid(1, 2, 840, 10045, 4, 3, 2))
  const now = Date.now()
  const body = der(
    tag.sequence,
    der(0xa0, der(tag.integer, Buffer.from([2]))),
    der(tag.integer, Buffer.from([1]), randomBytes(15)),
    algorithm,
    distinguished(issuer.name),
    der(tag.sequence, time(now - 2 * dayMs), time(now + validMs)),
    distinguished(names[0] ?? 'nobody'),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(tag.sequence, authoritative, alternatives(names))),
  )
  const signature = sign('sha256', body, issuer.key)
  return pem(der(tag.sequence, body, algorithm, der(tag.bits, Buffer.from([0]), signature)))
}

function distinguished(name: string): Buffer {
  return der(tag.sequence, der(tag.set, der(tag.sequence, oid(2, 5, 4, 3), der(tag.utf8, Buffer.from(name)))))
}

function der(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([type, ...lengthOf(content.length)]), content])
}

function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length]
  return length < 0x1_00 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}

/** The first two numbers share a byte, the others come in groups of seven bits. */
function oid(first: number, second: number, ...rest: readonly number[]): Buffer {
  const groups = (value: number): readonly number[] =>
    value < 0x80 ? [value] : [...groups(value >> 7).map((byte) => byte | 0x80), value & 0x7f]
  return der(tag.oid, Buffer.from([first * 40 + second, ...rest.flatMap(groups)]))
}

function time(ms: number): Buffer {
  return der(tag.time, Buffer.from(new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')))
}

const authoritative = der(
  tag.sequence,
  oid(2, 5, 29, 19),
  der(tag.boolean, Buffer.from([0xff])),
  der(tag.octets, der(tag.sequence, der(tag.boolean, Buffer.from([0xff])))),
)

function alternatives(names: readonly string[]): Buffer {
  const entries = names.map((name) =>
    isIP(name) === 4 ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)),
  )
  return der(tag.sequence, oid(2, 5, 29, 17), der(tag.octets, der(tag.sequence, ...entries)))
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}
