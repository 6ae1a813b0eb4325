import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { openssh } from '@sluice/test'
import { openStage, type Stage } from './stage.ts'

suite('commands over SSH, with OpenSSH on both sides', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  after(() => stage[Symbol.asyncDispose]())

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
      assert.deepEqual(
        await openssh(stage.door, command, { input }),
        await openssh(stage.direct, command, { input }),
      )
    })

  test('what is denied is told on stderr, with status 126, and the connection goes on', async () => {
    const { status, stdout, stderr } = await openssh(stage.door, 'echo FORBIDDEN')
    assert.equal(status, 126)
    assert.equal(stdout, '')
    assert.match(
      stderr,
      /^sluice: Access denied by policy "all\/forbidden" \(ref dec_\w{26}\): Nobody may run this\./,
    )
    assert.doesNotMatch(stage.sshd.log(), /FORBIDDEN/)
  })
})
