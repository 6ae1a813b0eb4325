import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openssh, type SshDoor } from '@sluice/test'
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

  test('who looks on sees it while it runs, and may end it', () => watchedAndEnded(stage.door))

  test('it is told why also where that takes a while to arrive', async () => {
    await using way = await slowWay(stage.door)
    await watchedAndEnded({ ...stage.door, port: way.port }, () => way.hold(1_500))
  })

  async function watchedAndEnded(door: SshDoor, before = (): void => {}): Promise<void> {
    const abort = new AbortController()
    const begun = `begun at ${door.port}`
    const running = openssh(door, `echo ${begun}; sleep 30`, { args: tty, signal: abort.signal })
    try {
      let seen = ''
      let session = ''
      for (let tries = 0; tries < 200 && !seen.includes(`${begun}\\r`); tries++) {
        await sleep(100)
        session = await lastSession(stage).catch(() => '')
        seen = JSON.stringify(await recorded(stage, session).catch(() => []))
      }
      assert.ok(seen.includes(`${begun}\\r`), seen)
      before()
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
  }
})

interface SlowWay extends AsyncDisposable {
  readonly port: number
  /** What the gateway says from now on arrives that much later, all at once. */
  hold(ms: number): void
}

async function slowWay(to: SshDoor): Promise<SlowWay> {
  const sockets: Socket[] = []
  const server = createServer((client) => {
    const gateway = connect({ host: to.host, port: to.port })
    for (const socket of [client, gateway]) socket.on('error', () => {}).setNoDelay(true)
    client.pipe(gateway)
    gateway.pipe(client)
    sockets.push(gateway, client)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    hold(ms) {
      const [gateway, client] = sockets
      if (gateway === undefined || client === undefined) assert.fail('nobody came')
      gateway.unpipe(client).pause()
      const held: Buffer[] = []
      gateway.on('data', (bytes: Buffer) => held.push(bytes)).resume()
      setTimeout(() => {
        gateway.removeAllListeners('data')
        client.write(Buffer.concat(held))
        gateway.pipe(client)
      }, ms)
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await once(server.close(), 'close')
    },
  }
}
