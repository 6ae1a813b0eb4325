import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { ed25519Blob, fingerprint, lineOf, publicKeyLine, publicKeyOf } from './public-key.ts'
import { string, WireError } from './wire.ts'

const blob = ed25519Blob(generateKeyPairSync('ed25519').privateKey)
const line = lineOf({ type: 'ssh-ed25519', blob }, 'alice@laptop')

function ecdsa(curve: string, point: Buffer): Buffer {
  return Buffer.concat([string(`ecdsa-sha2-${curve}`), string(curve), string(point)])
}
const pointOf = (namedCurve: string): Buffer => {
  const { x, y } = generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' })
  return Buffer.concat([Buffer.of(4), Buffer.from(x ?? '', 'base64url'), Buffer.from(y ?? '', 'base64url')])
}
function rsa(bits: number, publicExponent = 65_537): Buffer {
  const { n, e } = generateKeyPairSync('rsa', { modulusLength: bits, publicExponent }).publicKey.export({
    format: 'jwk',
  })
  const mpint = (value = ''): Buffer => {
    const bytes = Buffer.from(value, 'base64url')
    return string((bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.of(0), bytes]))
  }
  return Buffer.concat([string('ssh-rsa'), mpint(e), mpint(n)])
}

suite('a public key', () => {
  test('is read from a .pub file, with or without a comment', () => {
    for (const text of [line, `${line}\n`, line.split(' ').slice(0, 2).join(' '), `${line} and more`])
      assert.deepEqual(publicKeyLine(text), { type: 'ssh-ed25519', blob })
  })
  test('is of Ed25519, of a curve of NIST, or of RSA with 2048 bits', () => {
    for (const known of [
      blob,
      ecdsa('nistp256', pointOf('P-256')),
      ecdsa('nistp384', pointOf('P-384')),
      ecdsa('nistp521', pointOf('P-521')),
      rsa(2_048),
    ])
      assert.deepEqual(publicKeyOf(known).blob, known)
  })
  const point = pointOf('P-256')
  const offCurve = Buffer.from(point)
  offCurve[40] = (offCurve[40] ?? 0) ^ 1
  const unusable: readonly (readonly [string, () => Buffer])[] = [
    ['RSA with 1024 bits', () => rsa(1_024)],
    [
      'RSA whose modulus is negative',
      () => Buffer.concat([string('ssh-rsa'), string(Buffer.of(3)), string(Buffer.alloc(256, 0xff))]),
    ],
    [
      'RSA with a longer spelling of its exponent',
      () => Buffer.concat([string('ssh-rsa'), string(Buffer.of(0, 3)), rsa(2_048).subarray(-261)]),
    ],
    ['a point that is not on its curve', () => ecdsa('nistp256', offCurve)],
    ['a compressed point', () => ecdsa('nistp256', Buffer.concat([Buffer.of(2), point.subarray(1, 33)]))],
    ['a point of another curve', () => ecdsa('nistp384', point)],
    ['Ed25519 with 31 bytes', () => Buffer.concat([string('ssh-ed25519'), string(Buffer.alloc(31))])],
    ['DSA', () => Buffer.concat([string('ssh-dss'), blob.subarray(15)])],
    [
      'a key of a hardware token',
      () => Buffer.concat([string('sk-ssh-ed25519@openssh.com'), blob.subarray(15), string('ssh:')]),
    ],
    ['a key with something behind it', () => Buffer.concat([blob, Buffer.of(0)])],
    ['nothing', () => Buffer.alloc(0)],
  ]
  for (const [name, bytes] of unusable)
    test(`is not ${name}`, () => assert.throws(() => publicKeyOf(bytes()), WireError))
  for (const text of [
    '',
    'ssh-ed25519',
    `ssh-rsa ${line.split(' ')[1]}`,
    `${line}\n${line}`,
    `command="ls" ${line}`,
    line.replace('A', ''),
    '-----BEGIN OPENSSH PRIVATE KEY-----',
  ])
    test(`is not the line ${JSON.stringify(text.slice(0, 40))}`, () =>
      assert.throws(() => publicKeyLine(text), WireError))
  test('is refused by one kind of error, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.uint8Array({ maxLength: 80 }), (text, bytes) => {
        assert.throws(() => publicKeyLine(text), WireError)
        assert.throws(() => publicKeyOf(Buffer.concat([blob.subarray(0, 15), bytes, bytes])), WireError)
      }),
    )
  })
})

test('a fingerprint is of 43 characters', () => {
  assert.match(fingerprint(blob), /^SHA256:[A-Za-z0-9+/]{43}$/)
})
