import { randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openssh, type SshDoor } from '@sluice/test'
import { copying, withCopiers } from './copying.ts'
import { openStage, recorded, type Stage } from './stage.ts'

suite('a host that is reached by an agent', () => {
  let stage: Stage
  let folder: string
  const content = randomBytes(1_500_000)

  before(async () => {
    await withCopiers()
    stage = await openStage({ behindAgent: true })
    folder = await mkdtemp(join(tmpdir(), 'sluice-behind-'))
    await chmod(folder, 0o777)
    await writeFile(join(folder, 'content'), content)
  })
  after(async () => {
    await stage[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  for (const command of [
    'printf out; printf err >&2; exit 3',
    'cat',
    'kill -9 $$',
    'head -c 3000000 /dev/zero',
  ])
    test(`"${command}" is as it is on the host`, async () => {
      const input = 'x'.repeat(300_000)
      assert.deepEqual(
        await openssh(stage.door, command, { input }),
        await openssh(stage.direct, command, { input }),
      )
    })

  test('files are copied whole, up and down', async () => {
    const through = async (door: SshDoor, own: string): Promise<string> => {
      const input = [
        `cd ${folder}`,
        `put ${join(folder, 'content')} ${own}`,
        `get ${own} ${join(folder, `${own}.got`)}`,
        `ls -1 ${own}`,
        `rm ${own}`,
      ].join('\n')
      const { status, stdout, stderr } = await copying(door, 'sftp', (host) => ['-b', '-', host], { input })
      assert.equal(status, 0, stderr)
      assert.deepEqual(await readFile(join(folder, `${own}.got`)), content)
      return stdout.replaceAll(own, 'own')
    }
    assert.equal(await through(stage.door, 'gate'), await through(stage.direct, 'open'))
  })

  test('a shell has its terminal', async () => {
    const { status, stdout } = await openssh(stage.door, null, {
      args: ['-tt'],
      input: typed('echo size $(stty size); exit 3\n'),
    })
    assert.equal(status, 3)
    assert.match(stdout, /size \d+ \d+/)
  })

  test('a connection is forwarded to where the host gets, and not to where policies say no', async () => {
    // Of the host itself: what an SSH server says first.
    const { port } = stage.sshd
    const through = await openssh(stage.door, null, {
      args: ['-W', `127.0.0.1:${port}`],
      input: typed('no client of SSH\n'),
    })
    assert.match(through.stdout, /^SSH-2\.0-/)
    const denied = await openssh(stage.door, null, { args: ['-W', '169.254.169.254:80'] })
    assert.notEqual(denied.status, 0)
    assert.equal(denied.stdout, '')
  })

  test('what commands write is masked', async () => {
    await using masked = await openStage({ behindAgent: true, labels: { detectors: 'ssn email' } })
    const command = String.raw`printf 'a 123-'; sleep 0.2; printf '45-6789 b\n'; printf 'ann@example.com\n' >&2`
    assert.deepEqual(await openssh(masked.door, command), {
      status: 0,
      stdout: 'a [masked] b\n',
      stderr: '[masked]\n',
    })
  })

  test('what is denied leaves nothing there; what is held runs once somebody has agreed', async () => {
    const at = (name: string): string => join(stage.sshd.home, name)
    const denied = await openssh(stage.door, `touch ${at('FORBIDDEN')}`)
    assert.equal(denied.status, 126)
    assert.equal(existsSync(at('FORBIDDEN')), false)
    const running = openssh(stage.door, `touch ${at('ASK-behind')}`)
    const [asked] = await recorded(stage, 'ApprovalRequested')
    assert.equal(existsSync(at('ASK-behind')), false)
    const { host, port } = stage.gateway.api
    const vote = await fetch(`http://${host}:${port}/v1/approvals/${asked?.approval}/votes`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await stage.gateway.token('bob')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ vote: 'approve' }),
    })
    assert.equal(vote.status, 200)
    assert.equal((await running).status, 0)
    assert.ok(existsSync(at('ASK-behind')))
  })

  test('another host in its place is not logged in at, whatever the agent says', async () => {
    const wrong = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKsL2NTl3bCGmnhFTbMzyNJJSm5zkYWXBUmdQXHJuU'
    await using impostor = await openStage({ behindAgent: true, hostKey: wrong })
    const { status, stderr } = await openssh(impostor.door, 'touch /tmp/never')
    assert.notEqual(status, 0)
    assert.match(stderr, /host key/i)
    assert.doesNotMatch(impostor.sshd.log(), /Accepted/)
  })
})

/** Once there is somebody who reads it. */
async function* typed(line: string): AsyncGenerator<string> {
  await sleep(500)
  yield line
}
