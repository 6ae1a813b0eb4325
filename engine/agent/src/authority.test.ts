import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createSecretKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto'
import { AgentAuthority, gatewayHost, pinOf } from './authority.ts'
import { limits } from './limits.ts'

const seed = (): ReturnType<typeof createSecretKey> => createSecretKey(randomBytes(32))
const id = `agt_${'0'.repeat(26)}`

test('one key is one authority, at whichever gateway', () => {
  const key = seed()
  const [one, other] = [new AgentAuthority(key), new AgentAuthority(key)]
  assert.equal(one.certificate, other.certificate)
  assert.equal(one.pin, other.pin)
  assert.notEqual(new AgentAuthority(seed()).pin, one.pin)
  const own = new X509Certificate(one.certificate)
  assert.ok(own.ca && own.verify(own.publicKey) && own.checkIssued(own))
  assert.equal(pinOf(own), one.pin)
})

test('an agent gets a certificate of its key and id, for a while, that is good for nothing else', () => {
  const authority = new AgentAuthority(seed())
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const now = Date.UTC(2049, 11, 31)
  const found = new X509Certificate(authority.forAgent(id, publicKey, now))
  const own = new X509Certificate(authority.certificate)
  assert.equal(found.subject, `CN=${id}`)
  assert.ok(found.checkPrivateKey(privateKey) && found.verify(own.publicKey) && found.checkIssued(own))
  assert.ok(!found.ca)
  assert.deepEqual(found.keyUsage, ['1.3.6.1.5.5.7.3.2'])
  assert.equal(Date.parse(found.validTo), now + limits.certificateLifeMs)
  assert.equal(Date.parse(found.validFrom), now - limits.clockSkewMs)
})

test('a gateway shows a certificate of that name with the authority behind it', () => {
  const authority = new AgentAuthority(seed())
  const { cert, key } = authority.forGateway(Date.UTC(2030, 0, 1))
  const [first = '', second = ''] = cert.split(/(?<=-----END CERTIFICATE-----\n)/)
  const found = new X509Certificate(first)
  assert.equal(second, authority.certificate)
  assert.equal(found.subjectAltName, `DNS:${gatewayHost}`)
  assert.deepEqual(found.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  assert.match(key, /PRIVATE KEY/)
})
