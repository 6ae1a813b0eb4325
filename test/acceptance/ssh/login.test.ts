import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openssh, type SshDoor } from '@sluice/test'
import { sshKeygen } from '../../src/openssh.ts'
import { openStage, type Stage } from './stage.ts'

suite('who is let in over SSH', () => {
  let stage: Stage
  let folder: string
  const at = (name: string): string => join(folder, name)
  before(async () => {
    stage = await openStage()
    folder = await mkdtemp(join(tmpdir(), 'sluice-login-'))
  })
  after(async () => {
    await rm(folder, { recursive: true })
    await stage[Symbol.asyncDispose]()
  })

  const certified = async (name: string, kind: readonly string[], more: object = {}): Promise<SshDoor> => {
    await sshKeygen('-q', '-t', ...kind, '-N', '', '-C', '', '-f', at(name))
    const publicKey = await readFile(at(`${name}.pub`), 'utf8')
    const { host, port } = stage.gateway.api
    const response = await fetch(`http://${host}:${port}/v1/ssh/certificate`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await stage.gateway.token('alice')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ public_key: publicKey, ...more }),
    })
    const answer = (await response.json()) as { readonly certificate: string }
    assert.equal(response.status, 200, JSON.stringify(answer))
    await writeFile(at(`${name}-cert.pub`), `${answer.certificate}\n`)
    return { ...stage.gateway.ssh, user: 'host', keyFile: at(name) }
  }

  for (const kind of [['ed25519'], ['ecdsa', '-b', '256'], ['ecdsa', '-b', '521'], ['rsa', '-b', '2048']])
    test(`a certificate over a key of ${kind.join(' ')}`, async () => {
      const door = await certified(kind.join(''), kind)
      assert.deepEqual(await openssh(door, 'echo in'), { status: 0, stdout: 'in\n', stderr: '' })
    })

  test('C18 what a certificate forces is what runs', async () => {
    const door = await certified('forced', ['ed25519'], { command: 'echo forced' })
    assert.deepEqual(await openssh(door, 'echo asked'), { status: 0, stdout: 'forced\n', stderr: '' })
  })

  test('C18 a certificate of another authority, for another target, and a key alone, are none', async () => {
    const door = await certified('other', ['ed25519'], { targets: ['elsewhere'] })
    assert.match((await openssh(door, 'echo in')).stderr, /Permission denied/)
    await sshKeygen('-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', at('stranger'))
    await sshKeygen('-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', at('forger'))
    const alone = { ...stage.gateway.ssh, user: 'host', keyFile: at('stranger') }
    assert.match((await openssh(alone, 'echo in')).stderr, /Permission denied/)
    await sshKeygen('-q', '-s', at('forger'), '-I', 'x', '-n', 'host', at('stranger.pub'))
    assert.match((await openssh(alone, 'echo in')).stderr, /Permission denied/)
  })

  test('who asks for no target that is there is told so, once they are known, and only then', async () => {
    const door = { ...stage.door, user: 'nowhere' }
    const { status, stderr } = await openssh(door, 'echo in')
    assert.equal(status, 255)
    assert.match(stderr, /^sluice: No target of that name/)
    const stranger = await openssh({ ...door, token: 'none' }, 'echo in')
    assert.match(stranger.stderr, /Permission denied|Received disconnect|Connection closed/)
    assert.doesNotMatch(stranger.stderr, /No target/)
  })

  test('C17 a user name that is no name opens nothing', async () => {
    for (const user of ['alice%root', 'a+b+host', `${'x'.repeat(40)}+host`])
      assert.equal((await openssh({ ...stage.door, user }, 'echo in')).status, 255, user)
  })

  test('whom callers may be at the target is for the operator to say', async () => {
    const { user } = stage.sshd
    const as = (login: string) => openssh({ ...stage.door, user: `${login}+host` }, 'id -un')
    assert.equal((await as(user)).stdout, `${user}\n`)
    const { status, stderr } = await as('root')
    assert.equal(status, 126)
    assert.match(stderr, /Nobody may log in there under that name/)
  })

  test('a bad token is said to be one where somebody is asked for it', async () => {
    const args = ['-o', 'PreferredAuthentications=keyboard-interactive', '-o', 'NumberOfPasswordPrompts=2']
    const { status, stderr } = await openssh({ ...stage.door, token: 'slu_forged' }, 'echo in', { args })
    assert.equal(status, 255)
    assert.doesNotMatch(stderr, /slu_forged/)
    const events = await stage.gateway.events()
    assert.ok(events.some(({ type }) => type === 'AuthenticationFailed'))
    assert.doesNotMatch(JSON.stringify(events), /slu_forged/)
  })
})
