import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { limits } from '@sluice/core'
import { request } from '../../src/index.ts'
import { comesTrue } from './comes-true.ts'
import { openStage } from './stage.ts'

/** Words that are the last ones of a connection, sent behind requests whose answers are still to come. */
const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())
const door = await stage.through()

const largeBytes = 20 * 1_048_576
const lastWords: Readonly<Record<string, readonly [words: string | Buffer, status: number]>> = {
  CONNECT: ['CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\nand on and on', 405],
  'an upgrade': [
    request('GET', `${door.prefix}/a`, { ...door.headers, connection: 'upgrade', upgrade: 'websocket' }),
    501,
  ],
  nonsense: ['NONSENSE\r\n\r\nand on and on', 400],
}

function ask(path: string): Buffer {
  return request('GET', `${door.prefix}${path}`, door.headers)
}

async function said(...words: readonly (string | Buffer)[]): Promise<Socket> {
  const socket = connect({ host: door.host, port: door.port })
  socket.on('error', () => {})
  socket.write(Buffer.concat(words.map((each) => Buffer.from(each))))
  await once(socket, 'connect')
  return socket
}

async function approvals(type: 'ApprovalRequested' | 'ApprovalCancelled'): Promise<readonly unknown[]> {
  return (await stage.events()).filter((event) => event.type === type)
}

/** Everything that comes until the server hangs up. */
async function heard(socket: Socket): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of socket) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString('latin1')
}

for (const [name, [words, status]] of Object.entries(lastWords))
  suite(name, () => {
    for (const waitMs of [0, 500])
      test(`leaves large answers before it whole, to one who reads after ${waitMs} ms`, async () => {
        const socket = await said(ask('/large'), ask('/behind'), words)
        await new Promise((resolve) => setTimeout(resolve, waitMs))
        const all = await heard(socket)
        assert.ok(all.length > largeBytes, `${all.length} bytes came`)
        const found = [...all.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => Number(code))
        assert.deepEqual(found, [200, 200, status])
        assert.match(all, /\{"at":"\/behind"\}/)
      })

    test('voids what waits for people before it when its caller goes', async () => {
      const asked = (await approvals('ApprovalRequested')).length
      const socket = await said(ask(`/held/${randomUUID()}`), words)
      socket.resume()
      await comesTrue('somebody is asked', async () => (await approvals('ApprovalRequested')).length > asked)
      socket.end()
      await comesTrue('that is void', async () => (await approvals('ApprovalCancelled')).length > asked)
    })
  })

suite('a body that is refused', () => {
  const body = Buffer.alloc(largeBytes, 'x')
  const chunks = Buffer.concat([
    ...Array.from({ length: largeBytes / 65_536 }, (_, at) =>
      Buffer.concat([
        Buffer.from('10000\r\n'),
        body.subarray(at * 65_536, (at + 1) * 65_536),
        Buffer.from('\r\n'),
      ]),
    ),
    Buffer.from('0\r\n\r\n'),
  ])
  const head = (headers: Readonly<Record<string, string>>): Buffer =>
    request('POST', `${door.prefix}/a`, headers)
  const { headers } = door
  const cases: Readonly<Record<string, readonly [status: number, ...words: Buffer[]]>> = {
    'for its length': [413, head({ ...headers, 'content-length': String(largeBytes) }), body],
    'once it is too long': [413, head({ ...headers, 'transfer-encoding': 'chunked' }), chunks],
    'for who sends it': [401, head({ 'content-length': String(largeBytes) }), body],
  }
  for (const [why, [status, ...words]] of Object.entries(cases))
    test(`${why} is answered to one who sends all of it before reading`, async () => {
      const socket = await said(...words)
      await new Promise<void>((resolve) => socket.write('', () => resolve()))
      assert.match(await heard(socket), new RegExp(`^HTTP/1\\.1 ${status} `))
    })
})

test('what comes behind a body that is refused is not performed, also for one who goes on', async () => {
  const path = `/behind/${randomUUID()}`
  const head = request('POST', `${door.prefix}/a`, { ...door.headers, 'content-length': String(largeBytes) })
  const socket = connect({ host: door.host, port: door.port, allowHalfOpen: true })
  const pieces: Buffer[] = []
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  const told = once(socket, 'end')
  await new Promise<void>((done) =>
    socket.write(Buffer.concat([head, Buffer.alloc(largeBytes), ask(path)]), () => done()),
  )
  await told
  await new Promise((resolve) => setTimeout(resolve, 300))
  socket.destroy()
  assert.deepEqual(
    Buffer.concat(pieces)
      .toString()
      .match(/HTTP\/1\.1 \d+/g),
    ['HTTP/1.1 413'],
  )
  assert.ok(stage.api.requests.every(({ address }) => address !== path))
})

test('a gateway that stops waits for none that does not read', async () => {
  await using stopping = await openStage()
  const { prefix, headers, ...place } = await stopping.through()
  const sockets = Object.values(lastWords).map(([words]) => {
    const socket = connect(place)
    socket.write(Buffer.concat([request('GET', `${prefix}/large`, headers), Buffer.from(words)]))
    return socket
  })
  await comesTrue('all are asked', () => stopping.api.requests.length === sockets.length)
  const began = performance.now()
  await stopping.gateway.close()
  assert.ok(performance.now() - began < limits.drainMs + 20_000)
  for (const socket of sockets) socket.destroy()
})
