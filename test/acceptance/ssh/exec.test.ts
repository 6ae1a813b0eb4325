import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider } from '@sluice/demo'
import { openssh, startGateway, startSshd, type Gateway, type Sshd, type SshDoor } from '@sluice/test'

const policies = fileURLToPath(new URL('../policies/ssh-all', import.meta.url))

suite('commands over SSH, with OpenSSH on both sides', () => {
  let parts: AsyncDisposableStack
  let sshd: Sshd
  let gateway: Gateway
  let door: SshDoor
  let direct: SshDoor

  before(async () => {
    parts = new AsyncDisposableStack()
    sshd = await startSshd()
    parts.defer(() => sshd.close())
    const provider = await startIdentityProvider({ port: 0 })
    parts.defer(() => provider.close())
    gateway = await startGateway({
      provider,
      policies,
      targets: [{ name: 'host', ssh: sshd, user: sshd.user, secret: sshd.key, hostKey: sshd.hostKey }],
    })
    parts.defer(() => gateway.close())
    door = { ...gateway.ssh, user: 'host', token: await gateway.token('alice') }
    direct = { host: sshd.host, port: sshd.port, user: sshd.user, keyFile: sshd.keyFile }
  })
  after(() => parts.disposeAsync())

  const commands = [
    'echo hello',
    'printf out; printf err >&2; exit 3',
    'cat',
    'kill -9 $$',
    'head -c 3000000 /dev/zero',
  ]
  for (const command of commands)
    test(`"${command}" is as it is without the gateway`, async () => {
      const input = 'x'.repeat(100_000)
      assert.deepEqual(await openssh(door, command, { input }), await openssh(direct, command, { input }))
    })

  test('what is denied is told on stderr, with status 126, and the connection goes on', async () => {
    const { status, stdout, stderr } = await openssh(door, 'echo FORBIDDEN')
    assert.equal(status, 126)
    assert.equal(stdout, '')
    assert.match(
      stderr,
      /^sluice: Access denied by policy "all\/forbidden" \(ref dec_\w{26}\): Nobody may run this\./,
    )
    assert.doesNotMatch(sshd.log(), /FORBIDDEN/)
  })
})
