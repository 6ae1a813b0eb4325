import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { text, u32, u64 } from './wire.ts'

/** A pair of keys of Ed25519, and the public one as it is on the wire. */
export interface Pair {
  readonly key: KeyObject
  readonly blob: Buffer
}

export function newPair(): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  return { key: privateKey, blob: Buffer.concat([text('ssh-ed25519'), text(Buffer.from(x, 'base64url'))]) }
}

export interface Said {
  readonly kind: number
  readonly principals: readonly string[]
  readonly after: bigint
  readonly before: bigint
  readonly critical: readonly (readonly [string, string])[]
  readonly reserved: string
  /** Whose signature it bears, if not that of the signer it names. */
  readonly signedBy: Pair
}

/** A certificate of a host that says what tests want it to. */
export function scriptedCertificate(of: Pair, signer: Pair, said: Partial<Said> = {}): Buffer {
  const { kind = 2, principals = ['host'], after = 0n, before = 2n ** 64n - 1n, critical = [] } = said
  const signed = Buffer.concat([
    text('ssh-ed25519-cert-v01@openssh.com'),
    text(Buffer.alloc(32, 1)),
    of.blob.subarray(-36),
    u64(7n),
    u32(kind),
    text('id'),
    text(Buffer.concat(principals.map((name) => text(name)))),
    u64(after),
    u64(before),
    text(Buffer.concat(critical.flatMap(([name, value]) => [text(name), text(value)]))),
    text(''),
    text(said.reserved ?? ''),
    text(signer.blob),
  ])
  const raw = sign(null, signed, (said.signedBy ?? signer).key)
  return Buffer.concat([signed, text(Buffer.concat([text('ssh-ed25519'), text(raw)]))])
}
