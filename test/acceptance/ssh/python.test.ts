import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pythonEnvironment, pythonVersion } from '@sluice/demo'
import type { SshDoor } from '@sluice/test'
import { runScript } from '../script.ts'
import { openStage, type Stage } from './stage.ts'

const scripts = fileURLToPath(new URL('../python/', import.meta.url))

suite('paramiko and asyncssh', () => {
  let stage: Stage
  before(async () => {
    // They get a certificate of its key, or the key itself, as they like.
    stage = await openStage({ sshNames: ['127.0.0.1'] })
  })
  after(() => stage[Symbol.asyncDispose]())

  test('get through Sluice what they get directly', async () => {
    if ((await pythonVersion()) === null) {
      console.error(
        'acceptance: python3 is not installed, so NONE of ssh_cases.py RAN. Install python3 and its venv.',
      )
      return
    }
    const requirements = join(scripts, 'ssh-requirements.txt')
    const python = await pythonEnvironment({ name: 'acceptance-ssh', requirements })
    const cases = (door: SshDoor) =>
      runScript(python, [join(scripts, 'ssh_cases.py')], {
        PATH: process.env['PATH'] ?? '/usr/bin:/bin',
        PYTHONDONTWRITEBYTECODE: '1',
        PYTHONWARNINGS: 'ignore',
        SSH_HOST: door.host,
        SSH_PORT: String(door.port),
        SSH_USER: door.user,
        ...(door.token === undefined ? {} : { SSH_PASSWORD: door.token }),
        ...(door.keyFile === undefined ? {} : { SSH_KEY: door.keyFile }),
      })
    const [through, direct] = [await cases(stage.door), await cases(stage.direct)]
    assert.equal(direct.size, 13)
    assert.deepEqual(through, direct)
  })
})
