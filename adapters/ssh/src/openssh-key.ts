import type { KeyObject } from 'node:crypto'

/** A length and the bytes (RFC 4251 §5). */
function string(bytes: Buffer | string): Buffer {
  const content = Buffer.from(bytes)
  return Buffer.concat([uint32(content.length), content])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const type = 'ssh-ed25519'
const magic = Buffer.from('openssh-key-v1\0')

/** A private key of Ed25519 as OpenSSH writes it (PROTOCOL.key), which is the only form of it that the library reads. */
export function opensshKey(key: KeyObject): string {
  const { d = '', x = '' } = key.export({ format: 'jwk' })
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')]
  const blob = Buffer.concat([string(type), string(point)])
  const check = uint32(0)
  const secret = Buffer.concat([
    check,
    check,
    string(type),
    string(point),
    string(Buffer.concat([seed, point])),
    string(''),
  ])
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (secret.length % 8)) % 8))
  const file = Buffer.concat([
    magic,
    string('none'),
    string('none'),
    string(''),
    uint32(1),
    string(blob),
    string(Buffer.concat([secret, padding])),
  ])
  const name = 'OPENSSH PRIVATE KEY'
  return `-----BEGIN ${name}-----\n${file.toString('base64')}\n-----END ${name}-----\n`
}
