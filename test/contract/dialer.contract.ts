import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { refusalOf, type Address, type Dialer, type Target } from '@sluice/core'

/** What adapters rely on, of whatever leads to a target. */
export function dialerContract(name: string, open: () => Promise<DialerUnderTest>): void {
  suite(`a dialer: ${name}`, () => {
    test('what is said on one side arrives on the other, in order and whole', async () => {
      await using world = await worldOf(open, (socket) => socket.pipe(socket))
      const stream = await world.dial()
      const sent = randomBytes(3_000_000)
      const heard = createHash('sha256')
      let bytes = 0
      const whole = Promise.withResolvers<void>()
      stream.on('data', (chunk: Buffer) => {
        heard.update(chunk)
        bytes += chunk.length
        if (bytes === sent.length) whole.resolve()
      })
      for (let at = 0; at < sent.length; at += 100_000) {
        if (!stream.write(sent.subarray(at, at + 100_000))) await once(stream, 'drain')
      }
      await whole.promise
      assert.equal(heard.digest('hex'), createHash('sha256').update(sent).digest('hex'))
      stream.destroy()
    })

    test('the end of the target is an end and a close here, behind everything that it said', async () => {
      await using world = await worldOf(open, (socket) => void socket.end('farewell'))
      const stream = await world.dial()
      const closed = once(stream, 'close')
      assert.equal(await text(stream), 'farewell')
      await closed
    })

    test('an end here is one at the target, behind everything that was said', async () => {
      const heard = Promise.withResolvers<string>()
      await using world = await worldOf(open, (socket) => void text(socket).then(heard.resolve, heard.reject))
      const stream = await world.dial()
      const closed = once(stream, 'close')
      stream.resume()
      stream.end('farewell')
      assert.equal(await heard.promise, 'farewell')
      await closed
    })

    test('a stream that is destroyed is closed at the target', async () => {
      const ended = Promise.withResolvers<void>()
      await using world = await worldOf(open, (socket) => {
        socket.on('error', () => {})
        socket.on('close', () => ended.resolve()).resume()
      })
      const stream = await world.dial()
      stream.write('x')
      stream.destroy()
      await ended.promise
    })

    test('a target that resets its connection closes the stream, which is no end of what it said', async () => {
      await using world = await worldOf(open, (socket) => {
        socket.write('half of an answer')
        socket.once('data', () => socket.resetAndDestroy())
      })
      const stream = await world.dial()
      let ended = false
      stream.on('end', () => (ended = true)).resume()
      const closed = new Promise((resolve) => stream.once('close', resolve))
      stream.write('x')
      await closed
      assert.equal(ended, false)
    })

    test('who does not read holds up the target, and who reads on gets everything', async () => {
      const total = 30_000_000
      let accepted = 0
      await using world = await worldOf(
        open,
        (socket) => void flood(socket, total, (bytes) => (accepted = bytes)),
      )
      const stream = await world.dial()
      await sleep(300)
      assert.ok(accepted < total, 'the target was read though nobody took it')
      let bytes = 0
      for await (const chunk of stream) bytes += (chunk as Buffer).length
      assert.equal(bytes, total)
    })

    test('a target that does not take what it is told holds up who says it', async () => {
      const taking = Promise.withResolvers<Socket>()
      await using world = await worldOf(open, (socket) => taking.resolve(socket.pause()))
      const stream = await world.dial()
      const piece = Buffer.alloc(65_536)
      let pieces = 0
      while (stream.write(piece) && pieces < 2_000) pieces++
      const waits = await Promise.race([once(stream, 'drain').then(() => false), sleep(300).then(() => true)])
      for (; !waits && pieces < 2_000; pieces++)
        if (!stream.write(piece) && (await Promise.race([once(stream, 'drain'), sleep(300)])) === undefined)
          break
      assert.ok(pieces < 2_000, 'everything was taken though nobody reads it')
      ;(await taking.promise).resume()
      stream.destroy()
    })

    test('where nobody listens there is no stream', async () => {
      await using world = await worldOf(open, () => {})
      await world.closeTarget()
      await assert.rejects(world.dial())
    })

    test('an address that is not meant is refused', async () => {
      await using world = await worldOf(open, () => {})
      for (const host of ['metadata.example', 'here.example'])
        await assert.rejects(world.dial({ host, port: 80 }), (error: unknown) => {
          assert.equal(refusalOf(error).code, 'target_unreachable', String(error))
          return true
        })
    })

    test('many streams at once do not mix', async () => {
      await using world = await worldOf(open, (socket) => socket.pipe(socket))
      await Promise.all(
        Array.from({ length: 60 }, async (_, index) => {
          const stream = await world.dial()
          const sent = Buffer.alloc(20_000, index)
          stream.end(sent)
          let heard = Buffer.alloc(0)
          for await (const chunk of stream) heard = Buffer.concat([heard, chunk as Buffer])
          assert.ok(heard.equals(sent))
        }),
      )
    })
  })
}

export interface DialerUnderTest {
  readonly dialer: Dialer
  /** By which targets name it. */
  readonly via?: string
  close(): Promise<void>
}

/** What the names of the tests lead to, wherever they are resolved. */
export async function resolveNames(name: string): Promise<readonly string[]> {
  return name === 'metadata.example' ? ['169.254.169.254'] : ['127.0.0.1']
}

interface World extends AsyncDisposable {
  dial(to?: Address): Promise<Duplex>
  closeTarget(): Promise<void>
}

async function worldOf(
  open: () => Promise<DialerUnderTest>,
  serve: (socket: Socket) => void,
): Promise<World> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    serve(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const { dialer, via, ...under } = await open()
  const address = { host: '127.0.0.1', port }
  const target: Target = {
    name: 't',
    protocol: 'http',
    labels: {},
    address,
    ...(via === undefined ? {} : { via }),
    settings: null,
  }
  const closeTarget = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  return {
    dial: async (to = address) => {
      const stream = await dialer.dial(target, to)
      return stream.on('error', () => {})
    },
    closeTarget,
    async [Symbol.asyncDispose]() {
      await closeTarget()
      await under.close()
    },
  }
}

/** As fast as it is taken. */
async function flood(socket: Socket, total: number, told: (bytes: number) => void): Promise<void> {
  const piece = Buffer.alloc(100_000)
  for (let bytes = 0; bytes < total; bytes += piece.length) {
    if (socket.destroyed) return
    if (!socket.write(piece)) await once(socket, 'drain')
    told(bytes)
  }
  socket.end()
}
