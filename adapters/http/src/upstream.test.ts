import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Stop, type StopReason, type Target } from '@sluice/core'
import type { Reply } from './replies.ts'
import { httpTarget, type HttpSettings } from './target.ts'
import { Upstream, type Outgoing } from './upstream.ts'

/** Answers with a head, and then a byte every few milliseconds, for ever. */
const server = createServer((socket) => {
  socket.on('error', () => {})
  socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n'))
  const more = setInterval(() => socket.write('a'), 20)
  socket.on('close', () => clearInterval(more))
}).listen(0, '127.0.0.1')
await once(server, 'listening')
after(() => server.close())
const at = server.address()
const address = { host: '127.0.0.1', port: typeof at === 'object' && at !== null ? at.port : assert.fail() }

function upstream(settings: object): Upstream {
  const target = {
    address,
    settings: httpTarget.parse({ tls: 'disable', authentication: 'none', ...settings }),
  }
  const dial = async (): Promise<Socket> => {
    const socket = connect(address)
    await once(socket, 'connect')
    return socket
  }
  return new Upstream(target as unknown as Target<HttpSettings>, dial, 'sluice-0123456789ab')
}

const request: Outgoing = { method: 'GET', path: '/', query: '', headers: [], body: Buffer.alloc(0) }

test('who waits for a connection that others have is told so in the time that an answer may take to begin', async () => {
  const target = upstream({ connections_max: 1, answer_timeout_ms: 300 })
  const stop = new Stop<StopReason>()
  const left: string[] = []
  const send = (name: string): AsyncIterator<Reply> =>
    target.send(request, null, () => left.push(name), stop)[Symbol.asyncIterator]()
  const first = send('first')
  assert.equal((await first.next()).value?.kind, 'head')
  const begun = performance.now()
  await assert.rejects(send('second').next(), /all of its connections are in use/)
  assert.ok(performance.now() - begun >= 290)
  await first.return?.()
  const third = send('third')
  assert.equal((await third.next()).value?.kind, 'head')
  assert.deepEqual(left, ['first', 'third'])
  await third.return?.()
  await target.close()
})
