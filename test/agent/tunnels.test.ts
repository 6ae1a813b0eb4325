import { after, before, suite, test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, performServerHandshake, type ClientHttp2Session } from 'node:http2'
import { createServer as createServerOfSockets, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer, type TLSSocket } from 'node:tls'
import {
  agentLimits,
  connectTo,
  greeted,
  IpcTunnels,
  protocols,
  serveTunnels,
  type AgentState,
} from '@sluice/agent'
import { refusalOf, type Address } from '@sluice/core'
import { listen, type Listener } from '../src/listener.ts'
import { pairOfSockets } from './pair-of-sockets.ts'
import { eventually, tunnelStage, type TunnelStage } from './tunnel-stage.ts'
import { leftToWhole } from '../src/whole.ts'

/** What becomes of streams when agents come and go, and what one that means harm can do. */

suite('tunnels', () => {
  let stage: TunnelStage
  let echo: Listener
  before(async () => {
    stage = await tunnelStage()
    echo = await listen((socket) => void socket.on('error', () => {}).pipe(socket))
  })
  after(async () => {
    await stage.close()
    await echo.close()
  })

  const dial = (name: string, port = echo.port): Promise<Duplex> =>
    stage.tunnels.dial(name, { host: '127.0.0.1', port }).then((stream) => stream.on('error', () => {}))

  async function echoes(name: string): Promise<void> {
    const stream = await dial(name)
    stream.write('hello')
    const [heard] = (await once(stream, 'data')) as [Buffer]
    assert.equal(heard.toString(), 'hello')
    stream.destroy()
  }

  test('200 streams that are read at once get shares within a factor of 2', async (t) => {
    const source = await pouring(t)
    const agent = await stage.start('fair')
    const streams = await Promise.all(Array.from({ length: 200 }, () => dial('fair', source.port)))
    const received = streams.map(() => 0)
    for (const [index, stream] of streams.entries())
      stream.on('data', (chunk: Buffer) => (received[index] = (received[index] ?? 0) + chunk.length))
    assertFair(await sharesOf(received, 196_608, 720_896))
    for (const stream of streams) stream.destroy()
    await agent.stop()
  })

  test(
    '60 streams that are written at once get shares within a factor of 2',
    { skip: leftToWhole },
    async (t) => {
      const received: number[] = []
      const sink = await listen((socket) => {
        const index = received.push(0) - 1
        socket.on('error', () => {})
        socket.on('data', (chunk) => (received[index] = (received[index] ?? 0) + chunk.length))
      })
      t.after(() => sink.close())
      const agent = await stage.start('fair')
      const streams = await Promise.all(Array.from({ length: 60 }, () => dial('fair', sink.port)))
      for (const stream of streams) pour(stream)
      assertFair(await sharesOf(received, agentLimits.uploadWindowBytes, 8 * agentLimits.uploadWindowBytes))
      for (const stream of streams) stream.destroy()
      await agent.stop()
    },
  )

  test('one that is not read keeps no other one waiting', async (t) => {
    const source = await pouring(t)
    const agent = await stage.start('unread')
    const held = await Promise.all(Array.from({ length: 20 }, () => dial('unread', source.port)))
    await sleep(200)
    await echoes('unread')
    for (const stream of held) stream.destroy()
    await agent.stop()
  })

  test('one that is asked, and has answered before anybody looks, has not talked unasked', async (t) => {
    const source = await listen((socket) => void socket.on('error', () => {}).end(Buffer.alloc(1_000_000)))
    t.after(() => source.close())
    const others = new Set(stage.tunnels.all())
    const agent = await stage.start('quick')
    await echoes('quick')
    const tunnel = stage.tunnels.all().find((each) => !others.has(each))
    assert.ok(tunnel !== undefined)
    let over: string | undefined
    void tunnel.over.then((reason) => (over = reason))
    await sleep(2 * agentLimits.beatMs)
    const stream = await dial('quick', source.port)
    await once(stream.resume(), 'close')
    await sleep(2 * agentLimits.beatMs)
    assert.equal(over, undefined)
    await agent.stop()
  })

  test('a caller who opens and gives up one after another cuts nobody else off', async () => {
    const agent = await stage.start('hasty')
    const other = await dial('hasty')
    for (let each = 0; each < 2_500; each++) (await dial('hasty')).destroy()
    other.write('still here')
    const [heard] = (await once(other, 'data')) as [Buffer]
    assert.equal(heard.toString(), 'still here')
    other.destroy()
    await agent.stop()
  })

  test('what is cut off on the way is never the end of an answer, in a worker neither', async (t) => {
    const source = await listen((socket) => void socket.on('error', () => {}).write('half of an answer'))
    t.after(() => source.close())
    const agent = await stage.start('cut')
    const [worker, supervisor] = await pairOfSockets()
    serveTunnels(supervisor, { tunnels: stage.tunnels, isTarget: () => true })
    const tunnels = new IpcTunnels(worker)
    const streams = [
      await dial('cut', source.port),
      await tunnels.dial('cut', { host: '127.0.0.1', port: source.port }),
    ]
    const ended = streams.map(() => false)
    const over = streams.map((stream, index) => {
      stream.on('error', () => {}).on('end', () => (ended[index] = true))
      return new Promise((resolve) => stream.once('close', resolve))
    })
    for (const stream of streams) assert.equal(String((await once(stream, 'data'))[0]), 'half of an answer')
    for (const tunnel of stage.tunnels.all()) if (tunnel.streams === 2) tunnel.end('the network was cut')
    await Promise.all(over)
    assert.deepEqual(ended, [false, false])
    worker.destroy()
    await agent.stop()
  })

  test('who gives up an answer that is not read leaves nothing behind, in a worker neither', async (t) => {
    const reached = new Set<Duplex>()
    const source = await listen((socket) => {
      reached.add(socket)
      socket.resume().once('close', () => reached.delete(socket))
      pour(socket)
    })
    t.after(() => source.close())
    const agent = await stage.start('left')
    const [worker, supervisor] = await pairOfSockets()
    serveTunnels(supervisor, { tunnels: stage.tunnels, isTarget: () => true })
    const tunnels = new IpcTunnels(worker)
    const open = (): readonly number[] =>
      stage.tunnels
        .all()
        .filter(({ agent: id }) => id === agent.id)
        .map(({ streams }) => streams)
    for (const way of [stage.tunnels, tunnels]) {
      const unread = await Promise.all(
        Array.from({ length: 20 }, () => way.dial('left', { host: '127.0.0.1', port: source.port })),
      )
      // Until all windows are full.
      await sleep(500)
      await eventually(() => reached.size === 20)
      assert.deepEqual(open(), [20])
      for (const stream of unread) stream.on('error', () => {}).destroy()
      await eventually(() => reached.size === 0)
      assert.deepEqual(open(), [0])
    }
    worker.destroy()
    await agent.stop()
  })

  test('a target that has ended and takes nothing is left after a while', async (t) => {
    const reached = Promise.withResolvers<Socket>()
    const target = createServerOfSockets({ allowHalfOpen: true, pauseOnConnect: true }, (socket) =>
      reached.resolve(socket.on('error', () => {})),
    )
    t.after(() => target.close())
    await once(target.listen(0, '127.0.0.1'), 'listening')
    const agent = await stage.start('deaf')
    const stream = await dial('deaf', (target.address() as AddressInfo).port)
    const sent = 16_777_216
    stream.resume().write(Buffer.alloc(sent))
    const socket = await reached.promise
    await sleep(500)
    socket.end('that is all')
    await once(stream, 'end')
    const [started, closed] = [performance.now(), once(stream, 'close')]
    await closed
    const waited = performance.now() - started
    assert.ok(waited > 0.9 * agentLimits.lastBytesMs && waited < 3 * agentLimits.lastBytesMs, `${waited} ms`)
    let taken = 0
    socket.on('data', (bytes: Buffer) => (taken += bytes.length)).resume()
    await once(socket, 'close')
    assert.ok(taken < sent, `${taken} bytes were still on their way`)
    await agent.stop()
  })

  test('who takes the end of an answer slowly gets all of it, though its target has ended', async (t) => {
    const answer = Buffer.alloc(agentLimits.streamWindowBytes + 20_000, 'a')
    const target = await listen((socket) => void socket.on('error', () => {}).end(answer))
    t.after(() => target.close())
    const agent = await stage.start('slow')
    const stream = await dial('slow', target.port)
    await sleep(1.3 * agentLimits.lastBytesMs)
    let received = 0
    stream.on('data', (chunk: Buffer) => (received += chunk.length))
    await eventually(() => received === answer.length || stream.destroyed)
    assert.equal(received, answer.length)
    stream.destroy()
    await agent.stop()
  })

  test('a worker gets to no address but those of targets behind that agent', async () => {
    const agent = await stage.start('narrow')
    const [worker, supervisor] = await pairOfSockets()
    const isTarget = (name: string, { host, port }: Address): boolean =>
      name === 'narrow' && host === '127.0.0.1' && port === echo.port
    serveTunnels(supervisor, { tunnels: stage.tunnels, isTarget })
    const tunnels = new IpcTunnels(worker)
    const to = (name: string, host: string, port: number): Promise<Duplex> =>
      tunnels.dial(name, { host, port })
    for (const [name, host, port] of [
      ['narrow', '127.0.0.1', 22],
      ['narrow', '127.0.0.2', echo.port],
      ['narrow', '::1', echo.port],
      ['other', '127.0.0.1', echo.port],
    ] as const)
      await assert.rejects(to(name, host, port), (error) => {
        assert.equal(refusalOf(error).code, 'target_unreachable')
        return true
      })
    const stream = await to('narrow', '127.0.0.1', echo.port)
    stream.write('hello')
    const [heard] = (await once(stream, 'data')) as [Buffer]
    assert.equal(heard.toString(), 'hello')
    supervisor.destroy()
    await assert.rejects(to('narrow', '127.0.0.1', echo.port), /was lost. Try again/)
    await agent.stop()
  })

  test('new ones are spread over the agents of a name, and go to the other one when one has gone', async () => {
    const [one, other] = [await stage.start('pair'), await stage.start('pair')]
    const streams = await Promise.all(Array.from({ length: 10 }, () => dial('pair')))
    const counts = stage.tunnels
      .all()
      .filter(({ agent }) => agent === one.id || agent === other.id)
      .map(({ streams: count }) => count)
    assert.deepEqual(counts, [5, 5])
    for (const stream of streams) stream.destroy()
    await one.stop()
    for (let each = 0; each < 5; each++) await echoes('pair')
    await other.stop()
    await assert.rejects(dial('pair'), /No agent named pair/)
  })

  test('one that an agent refuses or cannot open is tried at the next', async () => {
    const closed = await stage.start('either', { allow: ['192.0.2.1:1'] })
    const open = await stage.start('either')
    for (let each = 0; each < 6; each++) await echoes('either')
    await open.stop()
    await assert.rejects(dial('either'), (error) => {
      assert.equal(refusalOf(error).rule, 'sluice/agent')
      assert.match(String(error), /does not let this gateway through/)
      return true
    })
    assert.ok(
      stage.reports.some((report) => report.includes(`127.0.0.1 port ${echo.port} is not on its list`)),
    )
    await closed.stop()
  })

  test('an agent that is told to stop lets end what is under way', async () => {
    const agent = await stage.start('leaving')
    const stream = await dial('leaving')
    const stopping = agent.stop()
    await eventually(() => stage.tunnels.all().every(({ agent: id, open }) => id !== agent.id || !open))
    await assert.rejects(dial('leaving'))
    stream.write('still here')
    const [heard] = (await once(stream, 'data')) as [Buffer]
    assert.equal(heard.toString(), 'still here')
    stream.destroy()
    await stopping
  })

  suite('and an agent that means harm', () => {
    let state: AgentState
    before(async () => {
      const agent = await stage.start('hostile')
      state = agent.state
      await agent.stop()
      await stage.start('honest')
    })

    /** A connection that the gateway takes for an agent's. */
    async function asAgent(): Promise<TLSSocket> {
      const before = new Set(stage.tunnels.all())
      const socket = await connectTo(stage.gateway, stage.authority.certificate, state)
      await greeted(socket, { version: 'x', protocols, purpose: 'tunnel', allows: [] })
      await eventually(() => stage.tunnels.all().some((tunnel) => !before.has(tunnel)))
      return socket
    }

    const frame = (
      type: number,
      flags: number,
      stream: number,
      body: Uint8Array = Buffer.alloc(0),
    ): Buffer => {
      const head = Buffer.alloc(9)
      head.writeUIntBE(body.length, 0, 3)
      head[3] = type
      head[4] = flags
      head.writeUInt32BE(stream, 5)
      return Buffer.concat([head, body])
    }
    const settings = frame(4, 0, 0)
    const ping = frame(6, 0, 0, Buffer.alloc(8))
    /** `:status: 200` by its number in the static table. */
    const ok = Buffer.from([0x88])
    const long = Buffer.alloc(4)
    long.writeUInt32BE(0x7fff_ffff)

    for (const [what, bytes] of Object.entries({
      'says nothing that can be understood': Buffer.from('x'.repeat(100_000)),
      'promises streams': Buffer.concat([settings, frame(5, 4, 1, Buffer.from([0, 0, 0, 2, 0x82]))]),
      'opens a stream': Buffer.concat([settings, frame(1, 5, 2, ok)]),
      'answers what was not asked': Buffer.concat([settings, frame(1, 5, 7, ok)]),
      'sends data to no stream': Buffer.concat([settings, frame(0, 0, 0, Buffer.alloc(100))]),
      'sends more in a frame than it may': Buffer.concat([settings, frame(0, 0, 1, Buffer.alloc(200_000))]),
      'opens windows beyond their bound': Buffer.concat([
        settings,
        frame(8, 0, 0, long),
        frame(8, 0, 0, long),
      ]),
      'asks for answers without end': Buffer.concat([settings, ...Array.from({ length: 2_000 }, () => ping)]),
      'changes its settings without end': Buffer.concat(Array.from({ length: 2_000 }, () => settings)),
      'never ends its headers': Buffer.concat([
        settings,
        frame(1, 0, 1, ok),
        ...Array.from({ length: 3_000 }, () => frame(9, 0, 1, Buffer.alloc(16_000))),
      ]),
    }))
      test(`one that ${what} loses its connection, and nobody else does`, async () => {
        const socket = await asAgent()
        const closed = new Promise((resolve) => socket.once('close', resolve))
        socket.resume()
        socket.write(bytes, () => {})
        await closed
        await echoes('honest')
      })

    test('one that talks without being asked loses its connection', async () => {
      const socket = await asAgent()
      socket.resume()
      socket.write(settings)
      const unknown = frame(0xb7, 0, 0, Buffer.alloc(16_000))
      const talking = setInterval(() => socket.write(unknown), 5)
      await new Promise((resolve) => socket.once('close', resolve))
      clearInterval(talking)
      await echoes('honest')
    })

    test('one that says nothing at all is left, and only then', async () => {
      const socket = await asAgent()
      const dialling = assert.rejects(dial('hostile'), /was lost before the target was reached/)
      // It takes what comes, and answers nothing.
      socket.resume()
      const started = performance.now()
      await dialling
      assert.ok(performance.now() - started < 20_000)
      await echoes('honest')
    })

    test('one that pours into a stream that nobody reads is held up at its window', async () => {
      const socket = await asAgent()
      const session = performServerHandshake(socket)
      session.on('error', () => {})
      let poured = 0
      session.on('stream', (stream) => {
        stream.on('error', () => {}).respond({ ':status': 200 })
        const more = (): void => {
          while (!stream.destroyed && stream.write(Buffer.alloc(65_536))) poured += 65_536
        }
        stream.on('drain', more)
        more()
      })
      const stream = await dial('hostile')
      await sleep(500)
      assert.ok(poured <= 4 * agentLimits.streamWindowBytes, `${poured} bytes`)
      await echoes('honest')
      stream.destroy()
      session.destroy()
    })

    test('one that says another name, and much that nobody knows, is who it enrolled as', async () => {
      const socket = await connectTo(stage.gateway, stage.authority.certificate, state)
      const said = {
        version: '99.0.0',
        protocols: [...protocols, 7],
        purpose: 'tunnel',
        allows: [],
        name: 'honest',
        id: 'agt_somebody_else',
        features: { everything: true },
      } as const
      const { name, protocol } = await greeted(socket, said)
      assert.deepEqual([name, protocol], ['hostile', 1])
      socket.destroy()
      for (let each = 0; each < 3; each++) await echoes('honest')
    })

    test('one whose answer has headers without end loses its connection, or the stream', async () => {
      const socket = await asAgent()
      const session = performServerHandshake(socket, { maxHeaderListPairs: 100_000 })
      session.on('error', () => {})
      session.on('stream', (stream) => {
        stream.on('error', () => {})
        const many = Object.fromEntries(
          Array.from({ length: 3_000 }, (_, at) => [`x-${at}`, 'y'.repeat(100)]),
        )
        stream.respond({ ':status': 200, ...many })
      })
      await assert.rejects(dial('hostile'), (error) => {
        assert.equal(refusalOf(error).code, 'target_unreachable')
        return true
      })
      await echoes('honest')
      session.destroy()
    })

    test('one that connects over and over is told to wait', async () => {
      const answers = await Promise.all(
        Array.from({ length: agentLimits.joinsBurst + 5 }, async () => {
          const socket = await connectTo(stage.gateway, stage.authority.certificate, state)
          const said = greeted(socket, { version: 'x', protocols, purpose: 'tunnel', allows: [] })
          const answer = await said.then(
            () => 'welcome',
            (error: { code?: string }) => error.code,
          )
          socket.destroy()
          return answer
        }),
      )
      assert.ok(answers.includes('busy'), answers.join(' '))
      await echoes('honest')
    })

    test('a stranger without a certificate is told to enrol, and one who says nothing is left', async () => {
      const socket = await connectTo(stage.gateway, stage.authority.certificate, null)
      const said = greeted(socket, { version: 'x', protocols, purpose: 'tunnel', allows: [] })
      await assert.rejects(said, /enrol it first/)
      const old = await connectTo(stage.gateway, stage.authority.certificate, state)
      await assert.rejects(
        greeted(old, { version: '9', protocols: [9], purpose: 'tunnel', allows: [] }),
        /speaks protocol 1, the agent \(version 9\) 9: use the same version/,
      )
      const garbage = await connectTo(stage.gateway, stage.authority.certificate, null)
      garbage.write('GET / HTTP/1.1\r\n\r\n')
      const [answer] = (await once(garbage, 'data')) as [Buffer]
      assert.match(answer.toString(), /"code":"malformed"/)
    })
  })

  suite('and a gateway that means harm', () => {
    /** One that shows what a gateway shows, and then asks what it likes. */
    async function hostileGateway(): Promise<{
      readonly at: Address
      readonly session: Promise<ClientHttp2Session>
    }> {
      const server = createServer({ ...stage.authority.forGateway(Date.now()), minVersion: 'TLSv1.3' })
      const { promise: session, resolve } = Promise.withResolvers<ClientHttp2Session>()
      server.on('secureConnection', (socket) => {
        socket.on('error', () => {})
        socket.once('data', () => {
          socket.pause()
          const welcome = { ok: true, protocol: 1, gateway: 'gw', version: '0', id: 'agt_X', name: 'x' }
          socket.write(`${JSON.stringify(welcome)}\n`, () => {
            const client = connect('https://agent', { createConnection: () => socket })
            client.on('error', () => {})
            client.once('connect', () => resolve(client))
          })
        })
      })
      await once(server.listen(0, '127.0.0.1'), 'listening')
      servers.add(server)
      const { port } = server.address() as AddressInfo
      return { at: { host: '127.0.0.1', port }, session }
    }

    const servers = new Set<ReturnType<typeof createServer>>()
    after(() => {
      for (const server of servers) server.close()
    })

    async function asked(
      session: ClientHttp2Session,
      headers: Record<string, string>,
      body = '',
    ): Promise<unknown> {
      const stream = session.request(headers, { endStream: false })
      stream.on('error', () => {})
      stream.end(body)
      const status = await new Promise<unknown>((resolve) => {
        stream.once('response', (answer) => resolve(answer[':status']))
        stream.once('close', () => resolve('malformed'))
      })
      stream.close()
      return status
    }

    test('reaches nothing beyond the list, however it asks', async () => {
      const listed = await stage.start('listed')
      await listed.stop()
      const { state } = listed
      const gateway = await hostileGateway()
      const agent = await stage.start('listed', {
        state,
        allow: [`127.0.0.1:${echo.port}`, `rebound.example:${echo.port}`],
        resolve: async () => ['169.254.169.254', '127.0.0.2'],
        at: gateway.at,
      })
      const session = await gateway.session
      for (const authority of [
        '169.254.169.254:80',
        '127.0.0.1:22',
        'localhost:22',
        `127.0.0.2:${echo.port}`,
        `[::1]:${echo.port}`,
        `[::ffff:127.0.0.2]:${echo.port}`,
        `[::ffff:7f00:2]:${echo.port}`,
        '[64:ff9b::a9fe:a9fe]:80',
        `2130706433:${echo.port}`,
        `0x7f.1:${echo.port}`,
        'db.internal:5432',
      ])
        assert.equal(await asked(session, { ':method': 'CONNECT', ':authority': authority }), 403, authority)
      for (const authority of [
        '127.0.0.1',
        'a b:1',
        `[::1%lo]:${echo.port}`,
        `[fe80::1%25eth0]:${echo.port}`,
        `127.0.0.1:${echo.port}:${echo.port}`,
        `127.0.0.1%00:${echo.port}`,
        '127.0.0.1:0',
        '127.0.0.1:99999',
        `user@127.0.0.1:${echo.port}`,
      ])
        assert.notEqual(
          await asked(session, { ':method': 'CONNECT', ':authority': authority }),
          200,
          authority,
        )
      const rebinding = { ':method': 'CONNECT', ':authority': `rebound.example:${echo.port}` }
      assert.equal(await asked(session, rebinding), 403, 'a listed name that leads to this machine')
      assert.equal(await asked(session, { ':method': 'GET', ':path': '/etc/passwd' }), 404)
      assert.equal(await asked(session, { ':method': 'POST', ':path': '/certificate' }, 'nonsense'), 422)
      assert.equal(
        await asked(session, { ':method': 'POST', ':path': '/certificate' }, 'x'.repeat(100_000)),
        413,
      )
      const stream = session.request(
        { ':method': 'CONNECT', ':authority': `127.0.0.1:${echo.port}` },
        { endStream: false },
      )
      stream.write('hello')
      const [heard] = (await once(stream, 'data')) as [Buffer]
      assert.equal(heard.toString(), 'hello')
      session.destroy()
      await agent.stop()
    })
  })
})

/** What each of them received between two moments, at which all together had so many bytes for each. */
async function sharesOf(
  received: readonly number[],
  from: number,
  until: number,
): Promise<readonly number[]> {
  const all = (bytes: number): Promise<void> =>
    eventually(() => received.reduce((sum, each) => sum + each, 0) >= bytes * received.length, 60_000)
  await all(from)
  const before = [...received]
  await all(until)
  return received.map((bytes, index) => bytes - (before[index] ?? 0))
}

function assertFair(shares: readonly number[]): void {
  const [least, most] = [Math.min(...shares), Math.max(...shares)]
  assert.ok(most <= 2 * least, `from ${least} to ${most} bytes`)
}

/** A server that says as much as is taken. */
async function pouring(t: TestContext): Promise<Listener> {
  const source = await listen(pour)
  t.after(() => source.close())
  return source
}

function pour(stream: Duplex): void {
  const piece = Buffer.alloc(65_536)
  const more = (): void => {
    while (!stream.destroyed && stream.write(piece));
  }
  stream.on('error', () => {}).on('drain', more)
  more()
}
