import { test } from 'node:test'
import assert from 'node:assert/strict'
import { actions } from './normalise.ts'
import { samples } from './samples.ts'

test('commands, files and ways are read as a caller’s are', () => {
  const found = samples({ logins: ['app'] })
  const named = new Map(found.map(({ what, actions: [action] }) => [what, action]))
  const of = (what: string) => {
    const action = named.get(what)
    assert.ok(action !== undefined, what)
    return action
  }
  assert.deepEqual([of('cat /etc/hostname').name, of('cat /etc/hostname').read_only], ['ssh.exec', true])
  assert.equal(of('rm /tmp/made_by_a_sample').read_only, false)
  assert.notDeepEqual(of('cat $(echo /etc/hostname)')['opaque'], [])
  assert.equal(of('nohup sleep 60 &')['detached'], true)
  assert.equal(of('sftp: get /etc/hostname').name, 'sftp.open_read')
  assert.equal(of('sftp: put /tmp/file').name, 'sftp.open_write')
  assert.equal(of('sftp: mkdir /tmp/folder').name, 'sftp.mkdir')
  assert.equal(of('a tunnel to 10.0.0.1:5432').name, 'ssh.direct_tcpip')
  for (const action of found.flatMap((sample) => sample.actions)) {
    assert.ok(actions.includes(action.name))
    assert.equal(action['login'], 'app')
  }
  assert.equal(found.length, 16 + 1 + 5 + 2, 'none is left out')
})
