import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openssh } from '@sluice/test'
import { lastSession, recorded } from './recorded.ts'
import { openStage, type Stage } from './stage.ts'

const tty = ['-tt']

suite('terminals over SSH', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage({ settings: { shell_max_ms: 4_000 } })
  })
  after(() => stage[Symbol.asyncDispose]())

  test('a command with a terminal is as it is without the gateway', async () => {
    const command = 'tty > /dev/null && stty size; printf "a\\033[1mb\\033[0m\\n"; exit 5'
    const args = tty
    assert.deepEqual(
      await openssh(stage.door, command, { args }),
      await openssh(stage.direct, command, { args }),
    )
  })

  test('a shell of a person is recorded as it was seen, and a typed password is not', async () => {
    // What is typed before its terminal is told not to would be echoed by that.
    const quiet = join(stage.sshd.home, 'quiet')
    async function* typed(): AsyncGenerator<string> {
      yield `stty -echo; touch ${quiet}\n`
      for (let tries = 0; tries < 900 && !existsSync(quiet); tries++) await sleep(50)
      yield 'read secret\nhunter2\n'
      yield 'stty echo; echo size $(stty size); exit 3\n'
    }
    const { status, stdout } = await openssh(stage.door, null, { args: tty, input: typed() })
    assert.equal(status, 3)
    assert.match(stdout, /size \d+ \d+/)
    const steps = await recorded(stage, await lastSession(stage))
    const terminal = steps.flatMap((step) =>
      step.step === 'answer' ? step.parts.flatMap((part) => (part.kind === 'terminal' ? [part] : [])) : [],
    )
    const [head, ...shown] = terminal
    assert.equal((JSON.parse(head?.line ?? '') as { version: number }).version, 2)
    assert.match(shown.map(({ text }) => text).join(''), /size \d+ \d+/)
    assert.doesNotMatch(JSON.stringify(steps), /hunter2/)
    assert.ok(steps.some((step) => step.step === 'completed' && step.status === '3'))
  })

  test('C5 a program gets no shell, and is told how to run commands', async () => {
    const door = { ...stage.door, token: await stage.gateway.token('langchain-reporting') }
    const { status, stderr } = await openssh(door, null, { args: tty, input: 'id\n' })
    assert.equal(status, 126)
    assert.match(stderr, /Programs get no interactive shell.*Send each command by itself/)
    assert.equal((await openssh(door, 'echo in')).stdout, 'in\n')
  })

  test('a shell lasts as long as the operator says', async () => {
    // Its input stays open: nothing but the limit ends it.
    const { status, stderr } = await openssh(stage.door, null, { args: tty, input: null })
    assert.equal(status, 126)
    assert.match(stderr, /A shell may last no longer here/)
  })

  test('who looks on sees it while it runs, and may end it', async () => {
    const abort = new AbortController()
    const running = openssh(stage.door, 'echo begun; sleep 30', { args: tty, signal: abort.signal })
    try {
      let seen = ''
      let session = ''
      for (let tries = 0; tries < 200 && !seen.includes('begun'); tries++) {
        await sleep(100)
        session = await lastSession(stage)
        seen = JSON.stringify(await recorded(stage, session).catch(() => []))
      }
      assert.match(seen, /begun/)
      const { host, port } = stage.gateway.api
      const killed = await fetch(`http://${host}:${port}/v1/sessions/${session}/kill`, {
        method: 'POST',
        headers: { authorization: `Bearer ${stage.door.token ?? ''}`, 'content-type': 'application/json' },
        body: '{}',
      })
      assert.equal(killed.status, 200)
      const { status, stderr } = await running
      assert.notEqual(status, 0)
      assert.match(stderr, /sluice: The session ended/)
    } finally {
      abort.abort()
    }
  })
})
