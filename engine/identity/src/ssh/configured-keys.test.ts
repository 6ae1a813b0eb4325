import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { limits, Refused } from '@sluice/core'
import { noon } from '../scripted-issuer.ts'
import { configuredKeys, SshKeyConfigError, type SshKeyConfig } from './configured-keys.ts'
import { ed25519Blob, fingerprint, lineOf } from './public-key.ts'

const blob = ed25519Blob(generateKeyPairSync('ed25519').privateKey)
const stranger = ed25519Blob(generateKeyPairSync('ed25519').privateKey)
const entry: SshKeyConfig = {
  key: lineOf({ type: 'ssh-ed25519', blob }, 'backup'),
  subject: 'idp#backup',
  groups: ['operators'],
}

suite('a plain key', () => {
  test('speaks for whom the configuration says, a service for as long as a token unless it says more', () => {
    assert.deepEqual(configuredKeys([entry]).identity(blob, noon), {
      subject: {
        id: 'idp#backup',
        type: 'service',
        issuer: 'idp',
        groups: ['operators'],
        claims: {},
        on_behalf_of: null,
      },
      tokenId: fingerprint(blob),
      expiresAt: noon + limits.tokenLifeMs,
    })
    const more = configuredKeys([{ ...entry, type: 'human', targets: ['build'], life_s: 3_600 }])
    const { subject, expiresAt, confined } = more.identity(blob, noon)
    assert.deepEqual([subject.type, expiresAt], ['human', noon + 3_600_000])
    assert.deepEqual(confined, { targets: ['build'], command: null, permits: null })
  })
  test('never speaks for longer than a day', () => {
    const long = configuredKeys([{ ...entry, life_s: 1e9 }])
    assert.equal(long.identity(blob, noon).expiresAt, noon + limits.issuerTokenLifeMs)
  })
  test('that is not configured is nobody’s', () => {
    for (const other of [stranger, blob.subarray(1), Buffer.concat([blob, Buffer.of(0)]), Buffer.alloc(0)])
      assert.throws(
        () => configuredKeys([entry]).identity(other, noon),
        (error) => error instanceof Refused && error.refusal.rule === 'identity/public_key',
      )
  })
  const unusable: readonly (readonly [string, readonly SshKeyConfig[], RegExp])[] = [
    ['of two subjects', [entry, { ...entry, subject: 'idp#other' }], /another subject/],
    ['that is none', [{ ...entry, key: 'ssh-ed25519 AAAA' }], /idp#backup is not usable/],
    ['of a subject without issuer', [{ ...entry, subject: 'backup' }], /issuer#subject/],
  ]
  for (const [name, configs, message] of unusable)
    test(`${name} is refused at start`, () =>
      assert.throws(
        () => configuredKeys(configs),
        (error) => error instanceof SshKeyConfigError && message.test(error.message),
      ))
})
