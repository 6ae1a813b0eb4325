import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider } from '@sluice/demo'
import { openssh, startGateway, startSshd, type Gateway, type Sshd } from '@sluice/test'
import { sshKeygen } from '../../src/openssh.ts'

const everything = fileURLToPath(new URL('../policies/ssh-all', import.meta.url))
const certified = 'ssh-ed25519-cert-v01@openssh.com'

interface Known {
  readonly ca: string
  readonly host_key: string
  readonly names: readonly string[]
}

/** Certificates on all sides: of the gateway for its clients, of the host for the gateway, and of the gateway for the host. */
suite('the gateway shows a certificate of its host key', () => {
  let sshd: Sshd
  let gateway: Gateway
  let folder: string
  let known: Known
  const parts = new AsyncDisposableStack()
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-certified-'))
    parts.defer(() => rm(folder, { recursive: true }))
    const ca = join(folder, 'host-ca')
    const trusted = join(folder, 'trusted')
    await sshKeygen('-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', ca)
    sshd = await startSshd(async ({ hostKeyFile }) => {
      await sshKeygen('-q', '-s', ca, '-I', 'host', '-h', '-n', '127.0.0.1', `${hostKeyFile}.pub`)
      return [
        `HostCertificate ${hostKeyFile}-cert.pub`,
        `TrustedUserCAKeys ${trusted}`,
        'AuthorizedKeysFile none',
        'RekeyLimit 1M',
      ]
    })
    parts.defer(() => sshd.close())
    const provider = await startIdentityProvider({ port: 0 })
    parts.defer(() => provider.close())
    gateway = await startGateway({
      provider,
      policies: everything,
      sshNames: ['127.0.0.1', 'localhost'],
      targets: [
        {
          name: 'host',
          ssh: sshd,
          user: sshd.user,
          secret: '',
          hostKey: sshd.hostKey,
          settings: {
            host_key: undefined,
            host_ca: (await readFile(`${ca}.pub`, 'utf8')).trim(),
            credential: { user: sshd.user, certificate: 'issued' },
          },
        },
      ],
    })
    parts.defer(() => gateway.close())
    const { host, port } = gateway.api
    known = (await (await fetch(`http://${host}:${port}/v1/ssh/known`)).json()) as Known
    await writeFile(trusted, (known as Known & { readonly login_ca: string }).login_ca)
  })
  after(() => parts.disposeAsync())

  /** What a client does that goes by these lines alone; `%h` stands for the name of the gateway. */
  const asked = async (line: string, command = 'echo in', ...more: readonly string[]) => {
    const file = join(folder, 'known_hosts')
    await writeFile(file, `${line.replace('%h', `[127.0.0.1]:${gateway.ssh.port}`)}\n`)
    const strict = ['-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile=${file}`]
    const door = { ...gateway.ssh, user: 'host', token: await gateway.token('alice') }
    return openssh(door, command, { args: [...strict, '-o', 'LogLevel=DEBUG1', ...more] })
  }

  test('to who knows its authority', async () => {
    const { status, stdout, stderr } = await asked(`@cert-authority %h ${known.ca}`)
    assert.deepEqual([status, stdout], [0, 'in\n'], stderr)
    assert.match(stderr, new RegExp(`host key algorithm: ${certified}`))
    assert.match(stderr, /Server host certificate: .* CA ssh-ed25519 SHA256:/)
  })

  test('and the key itself to all others', async () => {
    for (const more of [[], ['-o', 'HostKeyAlgorithms=ssh-ed25519']]) {
      const { status, stderr } = await asked(`%h ${known.host_key}`, 'true', ...more)
      assert.equal(status, 0, stderr)
    }
  })

  test('which is good for its own names, and for nobody who knows another authority', async () => {
    assert.deepEqual(known.names, ['127.0.0.1', 'localhost'])
    const alias = ['-o', 'HostKeyAlias=elsewhere.example.com']
    const named = await asked(`@cert-authority * ${known.ca}`, 'true', ...alias)
    assert.equal(named.status, 255)
    assert.match(named.stderr, /name is not a listed principal|not a listed principal/i)
    const other = (await readFile(join(folder, 'host-ca.pub'), 'utf8')).trim()
    const stranger = await asked(`@cert-authority %h ${other}`)
    assert.deepEqual([stranger.status, /verification failed/.test(stranger.stderr)], [255, true])
  })

  test('C20 and the same one when keys are exchanged anew, as the host does, in mid-stream', async () => {
    const bytes = 8 * 1_048_576
    const zeros = `head -c ${bytes} /dev/zero`
    const { status, stdout, stderr } = await asked(
      `@cert-authority %h ${known.ca}`,
      zeros,
      '-o',
      'RekeyLimit=1M',
    )
    assert.deepEqual([status, stdout.length], [0, bytes], stderr.slice(-500))
    assert.ok((stderr.match(/SSH2_MSG_NEWKEYS received/g) ?? []).length > 3, 'the client asked for new keys')
  })
})
