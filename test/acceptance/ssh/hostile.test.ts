import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2, { type Client, type ClientChannel, type ConnectConfig } from 'ssh2'
import { openssh } from '@sluice/test'
import { openStage, type Stage } from './stage.ts'

suite('callers over SSH who do what no client does', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage({ settings: { env: ['DEPLOY_*'] } })
  })
  after(() => stage[Symbol.asyncDispose]())

  const connected = async (change: ConnectConfig = {}): Promise<Client> => {
    const { host, port, user, token } = stage.door
    const client = new ssh2.Client()
    client.on('error', () => {})
    const ready = once(client, 'ready')
    const closed = once(client, 'close').then(() => Promise.reject(new Error('closed')))
    closed.catch(() => {})
    client.connect({ host, port, username: user, password: token ?? '', strictVendor: false, ...change })
    await Promise.race([ready, closed])
    return client
  }
  const exec = (client: Client, command: string, env: Record<string, string> = {}): Promise<ClientChannel> =>
    new Promise((resolve, reject) =>
      client.exec(command, { env }, (error, channel) =>
        error === undefined ? resolve(channel) : reject(error),
      ),
    )
  const told = async (channel: ClientChannel): Promise<{ out: string; err: string; status: unknown }> => {
    let [out, err, status] = ['', '', undefined as unknown]
    channel.on('data', (bytes: Buffer) => (out += bytes.toString()))
    channel.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()))
    channel.on('exit', (code: unknown) => (status = code))
    await once(channel, 'close')
    return { out, err, status }
  }

  test('C13 key exchange is strict, and only what is modern is offered', async () => {
    const { host, port } = stage.door
    const socket = connect({ host, port })
    socket.write('SSH-2.0-test\r\n')
    let offer = ''
    for await (const bytes of socket) {
      offer += (bytes as Buffer).toString('latin1')
      if (offer.includes('hmac-sha2')) break
    }
    socket.destroy()
    assert.match(offer, /kex-strict-s-v00@openssh\.com/)
    assert.match(offer, /aes128-gcm@openssh\.com,aes256-gcm@openssh\.com/)
    assert.doesNotMatch(
      offer,
      /chacha20|cbc|3des|arcfour|-etm@|hmac-sha1|md5|ssh-rsa|ssh-dss|group1-|sha1|zlib/,
      'C15',
    )
  })

  test('C13 both sides of the gateway agree on it with OpenSSH', async () => {
    const { stderr } = await openssh(stage.door, 'true', { args: ['-o', 'LogLevel=DEBUG3'] })
    assert.match(stderr, /will use strict KEX ordering/)
    assert.match(stderr, /kex: algorithm: curve25519-sha256/)
  })

  test('C15 who can do nothing modern gets no connection', async () => {
    for (const args of [
      ['-c', '3des-cbc'],
      ['-o', 'KexAlgorithms=diffie-hellman-group1-sha1'],
      ['-m', 'hmac-sha1', '-c', 'aes128-ctr'],
      ['-c', 'chacha20-poly1305@openssh.com'],
    ])
      assert.equal((await openssh(stage.door, 'true', { args })).status, 255, args.join(' '))
  })

  test('C9 only named variables and locales reach the target', async () => {
    const client = await connected()
    const env = {
      LANG: 'C.UTF-8',
      LC_TIME: '$(id)',
      LD_PRELOAD: '/tmp/x.so',
      BASH_ENV: '/tmp/x',
      PATH: '/tmp',
      DEPLOY_TO: 'a b',
      GIT_SSH_COMMAND: 'x',
      SLUICE_RUN_ID: 'run_7',
    }
    const { out } = await told(await exec(client, 'env', env))
    client.end()
    assert.match(out, /^LANG=C\.UTF-8$/m)
    assert.match(out, /^DEPLOY_TO=a b$/m)
    assert.doesNotMatch(out, /LD_PRELOAD|BASH_ENV|GIT_SSH|LC_TIME|^PATH=\/tmp$|SLUICE/m)
    const requests = (await stage.gateway.events()).filter(({ type }) => type === 'RequestReceived')
    assert.equal(requests.at(-1)?.run_id, 'run_7')
  })

  test('C25 more variables than anybody needs are not taken, and nothing breaks', async () => {
    const client = await connected()
    const env = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`DEPLOY_${at}`, 'x'.repeat(50)]))
    const { out, status } = await told(await exec(client, 'env', env))
    client.end()
    assert.equal(status, 0)
    assert.ok(out.split('\n').filter((line) => line.startsWith('DEPLOY_')).length <= 64)
  })

  test('C25 a flood of windows reaches no program, and nothing breaks', async () => {
    const client = await connected()
    const channel = await new Promise<ClientChannel>((resolve, reject) =>
      client.exec(
        'trap "echo -n w" WINCH; for i in 1 2 3 4 5 6 7 8; do sleep 0.1; done',
        { pty: true },
        (error, started) => (error === undefined ? resolve(started) : reject(error)),
      ),
    )
    const began = performance.now()
    const ended = told(channel)
    for (let size = 0; size < 5_000; size++) channel.setWindow(24 + (size % 50), 80 + (size % 50), 0, 0)
    const { out, status } = await ended
    client.end()
    assert.equal(status, 0)
    // Twenty of each second in which it ran, of the first and the last as well.
    const most = 20 * (2 + (performance.now() - began) / 1_000)
    assert.ok(out.length <= most, `${out.length} windows of 5000 reached the program`)
  })

  test('C12 neither an agent nor a display is forwarded, and asking for them is on record', async () => {
    const client = await connected()
    const { _protocol: protocol } = client as unknown as {
      readonly _protocol: { openssh_agentForward(id: number, reply: boolean): void }
    }
    const withDisplay = await new Promise<Error | undefined>((resolve) =>
      client.exec('env', { x11: true }, (error) => resolve(error)),
    )
    assert.match(withDisplay?.message ?? '', /X11/)
    const channel = await exec(client, 'sleep 0.5; env')
    protocol.openssh_agentForward(
      (channel as unknown as { readonly outgoing: { readonly id: number } }).outgoing.id,
      false,
    )
    const { out, status } = await told(channel)
    client.end()
    assert.equal(status, 0)
    assert.doesNotMatch(out, /SSH_AUTH_SOCK|DISPLAY/)
    const asked = JSON.stringify(
      (await stage.gateway.events()).filter(({ type }) => type === 'RequestReceived'),
    )
    for (const name of ['ssh.x11', 'ssh.agent_forwarding']) assert.ok(asked.includes(name), name)
  })

  test('C12 who asks without end for what is closed is refused, and not asked about any more', async () => {
    const client = await connected()
    const { _protocol: protocol } = client as unknown as {
      readonly _protocol: { openssh_agentForward(id: number, reply: boolean): void }
    }
    const asked = async (): Promise<number> =>
      (await stage.gateway.events()).filter(
        (event) => event.type === 'RequestReceived' && JSON.stringify(event).includes('ssh.agent_forwarding'),
      ).length
    const before = await asked()
    const channel = await exec(client, 'sleep 0.5; echo done')
    const { id } = (channel as unknown as { readonly outgoing: { readonly id: number } }).outgoing
    for (let times = 0; times < 2_000; times++) protocol.openssh_agentForward(id, false)
    const { out, status } = await told(channel)
    client.end()
    assert.deepEqual([out, status], ['done\n', 0])
    const requests = (await asked()) - before
    assert.ok(requests > 0 && requests <= 200, `${requests} of 2000`)
  })

  test('C10 one channel runs one program', async () => {
    const client = await connected()
    const channel = await exec(client, 'cat')
    const { _protocol: protocol } = client as unknown as {
      readonly _protocol: { exec(id: number, command: string, reply: boolean): void }
    }
    protocol.exec(
      (channel as unknown as { readonly outgoing: { readonly id: number } }).outgoing.id,
      'echo SECOND',
      false,
    )
    await sleep(200)
    channel.end('first')
    const { out, status } = await told(channel)
    client.end()
    assert.deepEqual([out, status], ['first', 0])
  })

  test('C10 many channels on one connection are judged each for itself', async () => {
    const client = await connected()
    const results = await Promise.all(
      Array.from({ length: 12 }, async (_, at) =>
        told(await exec(client, at % 3 === 0 ? `touch ${stage.sshd.home}/FORBIDDEN${at}` : `echo ${at}`)),
      ),
    )
    client.end()
    for (const [at, { out, status }] of results.entries())
      assert.deepEqual([out, status], at % 3 === 0 ? ['', 126] : [`${at}\n`, 0])
    assert.deepEqual(
      readdirSync(stage.sshd.home).filter((name) => name.startsWith('FORBIDDEN')),
      [],
    )
  })

  test('C11 a forwarded connection leads where policies let it, byte by byte', async () => {
    await using echo = await echoServer()
    const client = await connected()
    const through = (host: string, port: number): Promise<ClientChannel> =>
      new Promise((resolve, reject) =>
        client.forwardOut('127.0.0.1', 1, host, port, (error, channel) =>
          error === undefined ? resolve(channel) : reject(error),
        ),
      )
    const channel = await through('127.0.0.1', echo.port)
    channel.end('x'.repeat(300_000))
    const pieces: Buffer[] = []
    for await (const piece of channel) pieces.push(piece as Buffer)
    assert.equal(Buffer.concat(pieces).length, 300_000)
    await assert.rejects(through('169.254.169.254', 80), /Channel open failure/)
    await assert.rejects(through('127.0.0.1', 0), /Channel open failure/)
    // The same address in other words, which policies do not know.
    for (const host of [
      '2130706433',
      '127.1',
      '0x7f000001',
      '0177.0.0.1',
      '::ffff:127.0.0.1',
      '0:0::ffff:7f00:1',
    ])
      await assert.rejects(through(host, echo.port), /Channel open failure/, host)
    const socket = new Promise((resolve, reject) =>
      client.openssh_forwardOutStreamLocal('/var/run/docker.sock', (error, opened) =>
        error === undefined ? resolve(opened) : reject(error),
      ),
    )
    await assert.rejects(socket, /Channel open failure/)
    const listening = new Promise((resolve, reject) =>
      client.forwardIn('127.0.0.1', 0, (error, port) =>
        error === undefined ? resolve(port) : reject(error),
      ),
    )
    await assert.rejects(listening, /Unable to bind/)
    client.end()
    const events = await stage.gateway.events()
    const denied = events
      .filter(({ type }) => type === 'DecisionMade')
      .map(({ data }) => JSON.stringify(data))
    assert.ok(denied.filter((text) => text.includes('"effect":"deny"')).length >= 3, 'each is in the record')
  })

  test('C23 a signal reaches the program, is judged and recorded, and how it ended is told', async () => {
    const client = await connected()
    const channel = await exec(
      client,
      'trap "echo caught; exit 9" USR1; echo ready; while :; do sleep 0.1; done',
    )
    const ended = told(channel)
    await once(channel, 'data')
    channel.signal('USR1')
    const { out, status } = await ended
    assert.deepEqual([out.includes('caught'), status], [true, 9])
    const killed = await exec(client, 'echo ready; exec sleep 30')
    const name = new Promise((resolve) =>
      killed.on('exit', (_code: unknown, signal: unknown) => resolve(signal)),
    )
    await once(killed, 'data')
    killed.signal('TERM')
    assert.equal(await name, 'SIGTERM')
    killed.signal('NO-SUCH')
    const deaf = await exec(client, 'cat; echo ready; exec sleep 30')
    const ending = new Promise((resolve) =>
      deaf.on('exit', (_code: unknown, signal: unknown) => resolve(signal)),
    )
    deaf.end('its input is over')
    await once(deaf, 'data')
    const inner = deaf as unknown as { readonly outgoing: { readonly id: number } }
    const { _protocol: protocol } = client as unknown as {
      readonly _protocol: { signal(id: number, name: string): void }
    }
    protocol.signal(inner.outgoing.id, 'INT')
    assert.equal(await ending, 'SIGINT')
    client.end()
    const actions = (await stage.gateway.events())
      .filter(({ type }) => type === 'RequestReceived')
      .map(({ data }) => JSON.stringify(data))
    assert.equal(actions.filter((text) => text.includes('ssh.signal')).length, 3)
  })

  test('C19 the token is nowhere in the log', async () => {
    assert.doesNotMatch(
      JSON.stringify(await stage.gateway.events()),
      new RegExp((stage.door.token ?? '').slice(-40)),
    )
  })

  test('C20 what comes behind the end, or more than was asked for, ends the one connection alone', async () => {
    const client = await connected()
    const channel = await exec(client, 'sleep 5')
    const { _protocol: protocol } = client as unknown as {
      readonly _protocol: { channelData(id: number, data: Buffer): void; channelEOF(id: number): void }
    }
    const { id } = (channel as unknown as { readonly outgoing: { readonly id: number } }).outgoing
    const closed = closing(client)
    // The window is 2 MiB, and nobody reads: whoever goes on all the same would fill the gateway's memory.
    for (let sent = 0; sent < 400; sent++) protocol.channelData(id, Buffer.alloc(32_000))
    await Promise.race([closed, sleep(8_000).then(() => assert.fail('it was not ended'))])
    assert.equal((await openssh(stage.door, 'echo in')).stdout, 'in\n')
    const second = await connected()
    const late = await exec(second, 'cat')
    const ids = (late as unknown as { readonly outgoing: { readonly id: number } }).outgoing
    const other = (second as unknown as { readonly _protocol: typeof protocol })._protocol
    other.channelEOF(ids.id)
    other.channelData(ids.id, Buffer.from('behind the end'))
    await told(late).catch(() => {})
    second.end()
    assert.equal((await openssh(stage.door, 'echo in')).stdout, 'in\n')
  })

  test('C14 who says nothing, or not who they are, does not stay', async () => {
    const { host, port } = stage.door
    const attempts = new ssh2.Client()
    let tries = 0
    const over = closing(attempts)
    attempts.on('error', () => {})
    attempts.connect({
      host,
      port,
      username: 'host',
      authHandler: (_left, _partial, next) => {
        tries += 1
        next({ type: 'password', username: 'host', password: `wrong ${tries}` })
      },
    })
    await over
    assert.ok(tries <= 8, `${tries} tokens were looked at`)
    const many = Array.from({ length: 60 }, () => connect({ host, port }))
    for (const socket of many) socket.on('error', () => {})
    // Long before anybody's time to say who they are is over.
    const cut = (): number => many.filter(({ destroyed, closed }) => destroyed || closed).length
    for (let tries = 0; cut() < 20 && tries < 200; tries++) await sleep(50)
    assert.ok(cut() >= 20, `${cut()} of ${many.length} were cut off`)
    for (const socket of many) socket.destroy()
    // Until the gateway has seen them go, whoever comes is one too many.
    let stdout = ''
    for (let tries = 0; stdout === '' && tries < 50; tries++) {
      await sleep(200)
      stdout = (await openssh(stage.door, 'echo in')).stdout
    }
    assert.equal(stdout, 'in\n')
  })
})

function closing(client: Client): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()))
}

async function echoServer(): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}
