import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { newPrivateKey, openSshText, privateKeyOf } from './private-key.ts'
import { WireError } from './wire.ts'

suite('a private key', () => {
  test('is as it was written, in the form of OpenSSH and in PKCS#8', () => {
    const key = privateKeyOf(newPrivateKey('sluice'))
    assert.ok(privateKeyOf(openSshText(key, 'another comment')).equals(key))
    assert.ok(privateKeyOf(key.export({ type: 'pkcs8', format: 'pem' }).toString()).equals(key))
    assert.ok(!privateKeyOf(newPrivateKey('sluice')).equals(key))
  })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey
  const { privateKey: ed25519 } = generateKeyPairSync('ed25519')
  const damaged = (at: number): string => {
    const [begin, ...lines] = openSshText(ed25519, 'x').trim().split('\n')
    const blob = Buffer.from(lines.slice(0, -1).join(''), 'base64')
    blob[at] = (blob[at] ?? 0) ^ 1
    return [begin, blob.toString('base64'), lines.at(-1)].join('\n')
  }
  const unusable: readonly (readonly [string, string])[] = [
    ['none at all', 'hello'],
    ['of RSA', rsa.export({ type: 'pkcs8', format: 'pem' }).toString()],
    [
      'encrypted',
      ed25519.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
    ],
    ['of OpenSSH and cut', openSshText(ed25519, 'x').slice(0, 200)],
    ['without its magic', damaged(3)],
    ['with another cipher than none', damaged(20)],
    ['whose halves do not fit', damaged(75)],
    ['whose seed is another one', damaged(170)],
  ]
  for (const [name, text] of unusable)
    test(`that is ${name} is refused`, () => assert.throws(() => privateKeyOf(text), WireError))
})
