import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { openssh } from '@sluice/test'
import { openStage, recorded, type Stage } from './stage.ts'

suite('what commands write is masked', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage({ labels: { detectors: 'ssn email' } })
  })
  after(() => stage[Symbol.asyncDispose]())

  test('on both streams, each for itself, wherever packets and colours cut it', async () => {
    const command = String.raw`printf 'a 123-'; sleep 0.2; printf '45-67\033[1m89 b\n'; printf 'ann@exam' >&2; sleep 0.2; printf 'ple.com\n' >&2; exit 4`
    assert.deepEqual(await openssh(stage.door, command), {
      status: 4,
      stdout: 'a [masked]\x1b[1m b\n',
      stderr: '[masked]\n',
    })
    const [completed] = await recorded(stage, 'ResponseCompleted')
    assert.deepEqual(completed?.masked, [
      { column: 'stdout:ssn', method: 'redact', values: 1 },
      { column: 'stderr:email', method: 'redact', values: 1 },
    ])
  })

  test('what does not look like it, and bytes that are no text, are as they were', async () => {
    for (const command of [
      'head -c 2000000 /dev/zero',
      String.raw`printf '\377\376\001 12-34 \n'`,
      'seq 1 20000',
    ])
      assert.deepEqual(await openssh(stage.door, command), await openssh(stage.direct, command))
  })

  test('before the command is over where nothing of it can be a value', async () => {
    const child = openssh(stage.door, "printf 'ready\\n'; read x; echo got $x", { input: 'words\n' })
    assert.equal((await child).stdout, 'ready\ngot words\n')
  })
})
