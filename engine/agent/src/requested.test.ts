import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type ClientHttp2Stream, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from './limits.ts'
import { asSocket, askerSettings } from './requested.ts'

/** A stream of HTTP/2 as the gateway has it, and the end that answers on it. */
async function asked() {
  const server = createServer()
  const coming = once(server, 'stream') as Promise<[ServerHttp2Stream]>
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    settings: askerSettings,
  })
  const stream: ClientHttp2Stream = session.request({ ':method': 'POST' }, { endStream: false })
  const [answering] = await coming
  answering.respond({ ':status': 200 })
  await once(stream, 'response')
  const close = (): void => {
    session.destroy()
    server.close()
  }
  return { socket: asSocket(stream), answering, close }
}

for (const bytes of [1_000, limits.gatherBytesMin, 16_000])
  test(`of pieces of ${bytes} bytes no more waits for a reader that has stopped than a stream may have under way`, async () => {
    const { socket, answering, close } = await asked()
    try {
      let received = 0
      socket.on('data', (chunk: Buffer) => (received += chunk.length))
      let sent = 0
      const most = 8 * limits.streamWindowBytes
      const sending = setInterval(() => {
        // One at a time, as from a target that takes its time: what comes at once is gathered and counted at once.
        for (let count = 0; count < (bytes < 4_096 ? 8 : 1) && sent < most; count++) {
          answering.write(Buffer.alloc(bytes))
          sent += bytes
        }
        if (sent >= most) clearInterval(sending)
      }, 1)
      while (received === 0) await sleep(1)
      socket.pause()
      while (sent < most) await sleep(20)
      await sleep(200)
      assert.ok(socket.readableLength <= 2 * limits.streamWindowBytes, String(socket.readableLength))
      // And all of it comes once it is read again.
      answering.end()
      const ended = once(socket, 'end')
      socket.resume()
      await ended
      assert.equal(received, sent)
    } finally {
      close()
    }
  })
