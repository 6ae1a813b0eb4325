import { test } from 'node:test'
import assert from 'node:assert/strict'
import { generateKeyPairSync, verify } from 'node:crypto'
import ssh2 from 'ssh2'
import { opensshKey } from './openssh-key.ts'

test('the library reads the key, and signs with it', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const parsed = ssh2.utils.parseKey(opensshKey(privateKey))
  assert.ok(!(parsed instanceof Error))
  assert.equal(parsed.type, 'ssh-ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  assert.deepEqual(parsed.getPublicSSH().subarray(-32), Buffer.from(x, 'base64url'))
  const signature = parsed.sign('words')
  assert.ok(verify(null, Buffer.from('words'), publicKey, signature))
})
