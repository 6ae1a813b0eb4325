import { test } from 'node:test'
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { byToken, Refused, type Identity, type Proof } from '@sluice/core'
import { noon, scriptedClock } from '../scripted-issuer.ts'
import { certificateAuthority } from './authority.ts'
import { configuredKeys } from './configured-keys.ts'
import { ed25519Blob, lineOf } from './public-key.ts'
import { publicKeyAuthenticator } from './public-key-authenticator.ts'

const clock = scriptedClock()
const { privateKey } = generateKeyPairSync('ed25519')
const blob = ed25519Blob(generateKeyPairSync('ed25519').privateKey)
const line = lineOf({ type: 'ssh-ed25519', blob }, 'x')
const alice: Identity = {
  subject: { id: 'idp#alice', type: 'human', issuer: 'idp', groups: [], claims: {}, on_behalf_of: null },
  tokenId: 'tok_1',
  expiresAt: noon + 60_000,
}
const authenticator = publicKeyAuthenticator({
  tokens: { authenticate: async () => alice },
  keys: configuredKeys([{ key: line, subject: 'idp#backup' }]),
  terms: { key: privateKey, issuers: new Set(['idp']) },
  clock,
})
const shown = (bytes: Uint8Array): Proof => ({ kind: 'public_key', blob: bytes, ip: '127.0.0.1' })

test('each proof is looked at in its own way', async () => {
  const { certificate } = certificateAuthority(privateKey, clock).issue(alice, {
    publicKey: line,
    targets: ['h'],
  })
  const certified = Buffer.from(certificate.split(' ')[1] ?? '', 'base64')
  const who = async (proof: Proof): Promise<string> => (await authenticator.authenticate(proof)).subject.id
  assert.equal(await who(byToken('slu_')), 'idp#alice')
  assert.equal(await who(shown(certified)), 'idp#alice')
  assert.equal(await who(shown(blob)), 'idp#backup')
  await assert.rejects(who(shown(Buffer.from('hello'))), Refused)
})
