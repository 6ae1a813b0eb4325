import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { once } from 'node:events'
import type { Credential, Finding } from '@sluice/core'
import { ssh } from '@sluice/ssh'
import { startSshd, type Sshd } from '@sluice/test'

suite('what is found out about a host', () => {
  let sshd: Sshd
  before(async () => {
    sshd = await startSshd()
  })
  after(() => sshd.close())

  const found = async (
    hostKey: string,
    credential: Credential,
    port = sshd.port,
  ): Promise<readonly Finding[]> => {
    const address = { host: '127.0.0.1', port }
    const target = {
      name: 'host',
      protocol: 'ssh',
      labels: {},
      address,
      settings: ssh.target.parse({ host_key: hostKey }),
    }
    const dial = async () => {
      const socket = connect(address)
      await once(socket, 'connect')
      return socket
    }
    return (await ssh.probe?.({ target, dial, credential: async () => credential })) ?? []
  }

  test('that all is well, or what is not and what to do', async () => {
    const good = { user: sshd.user, password: sshd.key }
    assert.deepEqual(
      (await found(sshd.hostKey, good)).map(({ state, about }) => `${state} ${about}`),
      ['good host key', 'good login'],
    )
    const wrong = await found(sshd.hostKey, { user: sshd.user, password: 'no such password' })
    assert.deepEqual(
      wrong.map(({ state, about }) => `${state} ${about}`),
      ['bad login'],
    )
    const blob = Buffer.concat([
      Buffer.from('0000000b7373682d6564323535313900000020', 'hex'),
      Buffer.alloc(32, 7),
    ])
    const other = await found(`ssh-ed25519 ${blob.toString('base64')}`, good)
    assert.deepEqual(
      other.map(({ state, about }) => `${state} ${about}`),
      ['bad host key'],
    )
    const nobody = await found(sshd.hostKey, good, 1)
    assert.match(JSON.stringify(nobody), /Nothing listens there/)
  })
})
