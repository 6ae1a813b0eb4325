import { test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { demoPorts, refuseTaken } from './ports.ts'

test('the ports that every page names, and all of them moved together', () => {
  const usual = {
    api: 7400,
    identityProvider: 7401,
    ssh: 7422,
    sshBackend: 7423,
    postgres: 7432,
    postgresBackend: 7433,
    http: 7480,
    httpBackend: 7481,
    llmBackend: 7482,
  }
  assert.deepEqual(demoPorts(undefined), usual)
  assert.deepEqual(demoPorts(''), usual)
  assert.deepEqual(demoPorts('9000'), {
    api: 9000,
    identityProvider: 9001,
    ssh: 9022,
    sshBackend: 9023,
    postgres: 9032,
    postgresBackend: 9033,
    http: 9080,
    httpBackend: 9081,
    llmBackend: 9082,
  })
})

for (const base of ['abc', '-1', '0', '74.5', '65454', '7400x'])
  test(`SLUICE_PORT_BASE=${base} is refused`, () => {
    assert.throws(() => demoPorts(base), /SLUICE_PORT_BASE must be a whole number from 1 to 65453/)
  })

test('a port that is taken is named, and what to do about it', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  assert.ok(address !== null && typeof address !== 'string')
  await assert.rejects(refuseTaken([0, address.port]), (error: Error) => {
    assert.match(error.message, new RegExp(`^port ${address.port} is in use .*SLUICE_PORT_BASE=7500`))
    return true
  })
  other.close()
  await once(other, 'close')
  await refuseTaken([0, address.port])
})
