import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { limits, Refused, type Identity } from '@sluice/core'
import { noon, scriptedClock } from '../scripted-issuer.ts'
import { certificateAuthority, type CertificateRequest } from './authority.ts'
import { certificateOf, isSignedBy } from './certificate.ts'
import { hostKey } from './host-key.ts'
import { ed25519Blob, fingerprint, lineOf, publicKeyLine } from './public-key.ts'

const key = generateKeyPairSync('ed25519')
const authority = certificateAuthority(key.privateKey, scriptedClock())
const userBlob = ed25519Blob(generateKeyPairSync('ed25519').privateKey)
const request: CertificateRequest = {
  publicKey: lineOf({ type: 'ssh-ed25519', blob: userBlob }, 'alice@laptop'),
  targets: ['shop-host'],
}
const identity: Identity = {
  subject: { id: 'idp#alice', type: 'human', issuer: 'idp', groups: [], claims: {}, on_behalf_of: null },
  tokenId: 'tok_1',
  expiresAt: noon + 90_500,
}

function refusedBy(attempt: () => unknown, rule: string): void {
  assert.throws(attempt, (error) => error instanceof Refused && error.refusal.rule === `identity/${rule}`)
}

suite('what the authority signs', () => {
  test('says who, for what, by which token, and until the end of that token', () => {
    const issued = authority.issue(identity, request)
    const [type, base64 = ''] = issued.certificate.split(' ')
    const read = certificateOf(Buffer.from(base64, 'base64'))
    assert.ok(isSignedBy(read, key.publicKey))
    assert.equal(type, 'ssh-ed25519-cert-v01@openssh.com')
    assert.deepEqual(
      [read.kind, read.keyId, read.principals, String(read.serial)],
      ['user', 'idp#alice tok_1', ['shop-host'], issued.serial],
    )
    assert.deepEqual(
      [Number(read.validAfter) * 1000, Number(read.validBefore) * 1000, issued.validUntil],
      [noon - limits.clockSkewMs, noon + 90_000, noon + 90_000],
    )
    assert.equal(issued.fingerprint, fingerprint(userBlob))
  })
  test('has a number of its own each time', () => {
    assert.notEqual(authority.issue(identity, request).serial, authority.issue(identity, request).serial)
  })
  test('opens no way beside the one command that it is for', () => {
    const permitted = (command?: string): readonly string[] => {
      const [, base64 = ''] = authority.issue(identity, { ...request, command }).certificate.split(' ')
      const { extensions } = certificateOf(Buffer.from(base64, 'base64'))
      return [...extensions.keys()].filter((name) => name.startsWith('permit-'))
    }
    assert.ok(permitted().includes('permit-port-forwarding'))
    assert.deepEqual(permitted('ls'), ['permit-pty'])
  })
  test('is nothing for a token that has ended', () =>
    refusedBy(() => authority.issue({ ...identity, expiresAt: noon + 900 }, request), 'expired'))
  test('is nothing for no target', () =>
    refusedBy(() => authority.issue(identity, { ...request, targets: [] }), 'principal'))
  test('is nothing over what is no key', () =>
    refusedBy(() => authority.issue(identity, { ...request, publicKey: 'ssh-ed25519 AAAA' }), 'public_key'))
  test('is nothing over a certificate', () => {
    const { certificate } = authority.issue(identity, request)
    refusedBy(() => authority.issue(identity, { ...request, publicKey: certificate }), 'public_key')
  })
  test('is nothing for networks that are none', () =>
    refusedBy(() => authority.issue(identity, { ...request, from: ['home'] }), 'source_address'))
  test('is nothing for more groups than programs read', () => {
    const groups = Array.from({ length: 200 }, (_, at) => `department-${at}-of-the-company`)
    const many = { ...identity, subject: { ...identity.subject, groups } }
    refusedBy(() => authority.issue(many, request), 'groups_too_long')
  })
})

test('a host is certified for its names, with its own key', () => {
  const host = hostKey(generateKeyPairSync('ed25519').privateKey, authority)
  const line = host.certificate(['gateway.example.com', '10.0.0.1'], 86_400_000)
  const read = certificateOf(Buffer.from(line.split(' ')[1] ?? '', 'base64'))
  assert.ok(isSignedBy(read, key.publicKey))
  assert.deepEqual([read.kind, read.principals], ['host', ['gateway.example.com', '10.0.0.1']])
  assert.deepEqual(read.key.blob, publicKeyLine(host.line).blob)
  assert.equal(Number(read.validBefore) * 1000, noon + 86_400_000)
})
