import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { startSshd, type Sshd } from '@sluice/test'
import { found, states } from './reached.ts'

suite('what is found out about a host', () => {
  let sshd: Sshd
  before(async () => {
    sshd = await startSshd()
  })
  after(() => sshd.close())

  test('that all is well, or what is not and what to do', async () => {
    const known = { host_key: sshd.hostKey }
    assert.deepEqual(states(await found(sshd, known)), ['good host key', 'good login'])
    const wrong = await found(sshd, known, { user: sshd.user, password: 'no such password' })
    assert.deepEqual(states(wrong), ['bad login'])
    const blob = Buffer.concat([
      Buffer.from('0000000b7373682d6564323535313900000020', 'hex'),
      Buffer.alloc(32, 7),
    ])
    const other = await found(sshd, { host_key: `ssh-ed25519 ${blob.toString('base64')}` })
    assert.deepEqual(states(other), ['bad host key'])
    const nobody = await found({ ...sshd, port: 1 }, known)
    assert.match(JSON.stringify(nobody), /Nothing listens there/)
  })

  test('that a login is bad where one failure is one too many', async () => {
    await using parts = new AsyncDisposableStack()
    const strict = await startSshd(async () => ['MaxAuthTries 1'])
    parts.defer(() => strict.close())
    const wrong = await found(strict, { host_key: strict.hostKey }, { user: strict.user, password: sshd.key })
    assert.deepEqual(states(wrong), ['bad login'])
  })
})
