import { createHash, randomBytes, sign, type KeyObject } from 'node:crypto'

/**
 * Certificates of Ed25519 keys (X.509 v3 in DER: RFC 5280, RFC 8410). They are only written here; whoever gets one reads
 * it with OpenSSL.
 */

const tag = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  dnsName: 0x82,
  version: 0xa0,
  extensions: 0xa3,
} as const

export interface CertificateRequest {
  /** The common name. */
  readonly subject: string
  readonly publicKey: KeyObject
  readonly issuer: { readonly name: string; readonly privateKey: KeyObject }
  /** Milliseconds since 1970; `null`: it has no end. */
  readonly from: number
  readonly until: number | null
  /** `authority`: it signs others, and all that is in it follows from its key. */
  readonly purpose: 'authority' | 'client' | 'server'
  /** A DNS name for which a server speaks. */
  readonly host?: string
}

const serialBytes = 16
const ed25519 = sequence(oid(1, 3, 101, 112))
const extendedUsage = {
  client: oid(1, 3, 6, 1, 5, 5, 7, 3, 2),
  server: oid(1, 3, 6, 1, 5, 5, 7, 3, 1),
} as const

/** PEM. */
export function certificate(request: CertificateRequest): string {
  const { subject, publicKey, issuer, from, until } = request
  const body = sequence(
    der(tag.version, der(tag.integer, Buffer.from([2]))),
    der(tag.integer, serialOf(request)),
    ed25519,
    nameOf(issuer.name),
    sequence(
      timeOf(from),
      until === null ? der(tag.generalTime, Buffer.from('99991231235959Z')) : timeOf(until),
    ),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(tag.extensions, sequence(...extensionsOf(request))),
  )
  return pemOf(sequence(body, ed25519, bits(sign(null, body, issuer.privateKey))))
}

function extensionsOf({ purpose, host }: CertificateRequest): readonly Buffer[] {
  if (purpose === 'authority')
    return [
      extension(oid(2, 5, 29, 19), true, sequence(der(tag.boolean, Buffer.from([0xff])))),
      // keyCertSign
      extension(oid(2, 5, 29, 15), true, bits(Buffer.from([0x04]), 2)),
    ]
  return [
    extension(oid(2, 5, 29, 19), true, sequence()),
    // digitalSignature
    extension(oid(2, 5, 29, 15), true, bits(Buffer.from([0x80]), 7)),
    extension(oid(2, 5, 29, 37), true, sequence(extendedUsage[purpose])),
    ...(host === undefined
      ? []
      : [extension(oid(2, 5, 29, 17), false, sequence(der(tag.dnsName, Buffer.from(host))))]),
  ]
}

/** Positive, and of an authority the same whenever it is made from the same key. */
function serialOf({ purpose, publicKey }: CertificateRequest): Buffer {
  const bytes =
    purpose === 'authority'
      ? createHash('sha256')
          .update(publicKey.export({ type: 'spki', format: 'der' }))
          .digest()
      : randomBytes(serialBytes)
  return Buffer.concat([Buffer.from([1]), bytes.subarray(0, serialBytes - 1)])
}

function nameOf(commonName: string): Buffer {
  return sequence(der(tag.set, sequence(oid(2, 5, 4, 3), der(tag.utf8, Buffer.from(commonName)))))
}

/** RFC 5280 §4.1.2.5: two digits of the year until 2049. */
function timeOf(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return text < '2050'
    ? der(tag.utcTime, Buffer.from(text.slice(2)))
    : der(tag.generalTime, Buffer.from(text))
}

function extension(id: Buffer, critical: boolean, value: Buffer): Buffer {
  const mark = critical ? [der(tag.boolean, Buffer.from([0xff]))] : []
  return sequence(id, ...mark, der(tag.octets, value))
}

function bits(bytes: Uint8Array, unused = 0): Buffer {
  return der(tag.bits, Buffer.from([unused]), bytes)
}

/** The first two numbers share a byte, the others come in groups of seven bits. */
function oid(first: number, second: number, ...rest: readonly number[]): Buffer {
  const groups = (value: number): readonly number[] =>
    value < 0x80 ? [value] : [...groups(value >> 7).map((byte) => byte | 0x80), value & 0x7f]
  return der(tag.oid, Buffer.from([first * 40 + second, ...rest.flatMap(groups)]))
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(tag.sequence, ...parts)
}

function der(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([type, ...lengthOf(content.length)]), content])
}

/** What is written here stays far below 64 KiB. */
function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}

function pemOf(bytes: Buffer): string {
  const lines = bytes.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}
