import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash, createHmac, createSecretKey, pbkdf2Sync, randomBytes } from 'node:crypto'
import { derivedPasswords } from './derived-passwords.ts'

const id = `pwd_${'0'.repeat(26)}`
const key = createSecretKey(randomBytes(32))

test('two gateways with one key come to the same, and with another to something else', async () => {
  const [one, two] = [derivedPasswords(key), derivedPasswords(key)]
  const other = derivedPasswords(createSecretKey(randomBytes(32)))
  assert.equal(one.password(id), two.password(id))
  assert.deepEqual(one.verifier(id).salt, two.verifier(id).salt)
  assert.deepEqual(await one.verifier(id).keys(), await two.verifier(id).keys())
  assert.notEqual(one.password(id), other.password(id))
  assert.notDeepEqual(one.verifier(id).salt, other.verifier(id).salt)
})

test('a password has all bits of the key, looks like a secret, and is each id’s own', () => {
  const { password, verifier } = derivedPasswords(key)
  const another = id.replace('0', '1')
  assert.match(password(id), /^slu_[\w-]{43}$/)
  assert.notEqual(password(id), password(another))
  assert.notDeepEqual(verifier(id).salt, verifier(another).salt)
  assert.ok(!password(id).includes(Buffer.from(verifier(id).salt).toString('base64url').slice(0, 10)))
})

test('what a server knows is as RFC 5802 has it', async () => {
  const { password, verifier } = derivedPasswords(key)
  const { salt, iterations, keys } = verifier(id)
  assert.deepEqual([salt.length, iterations], [16, 4_096])
  const salted = pbkdf2Sync(password(id), salt, iterations, 32, 'sha256')
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  const { storedKey, serverKey } = await keys()
  assert.deepEqual(storedKey, createHash('sha256').update(clientKey).digest())
  assert.deepEqual(serverKey, createHmac('sha256', salted).update('Server Key').digest())
})
