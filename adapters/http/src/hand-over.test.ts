import { afterEach, beforeEach, mock, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { limits } from '@sluice/core'
import { handOver, taken, type Caller } from './hand-over.ts'
import type { Reply } from './replies.ts'

const head: Reply = { kind: 'head', status: 200, headers: [['content-type', 'text/plain']] }
const data: Reply = { kind: 'data', bytes: Buffer.alloc(1_048_576) }
const end: Reply = { kind: 'end', trailers: [] }

/** The answer to a request on a connection that takes what is written once it is told to. */
async function answering(): Promise<Caller & { connection: Duplex; take: () => void }> {
  const held: (() => void)[] = []
  const connection = new Duplex({
    read() {},
    write: (_chunk, _encoding, done) => void held.push(done),
  })
  const asked = Promise.withResolvers<ServerResponse>()
  const server = createServer((_request, response: ServerResponse) => asked.resolve(response))
  server.emit('connection', connection)
  connection.push('GET / HTTP/1.1\r\nHost: shop\r\n\r\n')
  const response = await asked.promise
  return {
    response,
    socket: response.req.socket,
    stallMs: limits.callerStallMs,
    connection,
    take: () => held.splice(0).forEach((done) => done()),
  }
}

function settled(promise: Promise<void> | undefined): () => boolean {
  let done = promise === undefined
  void promise?.then(() => (done = true))
  return () => done
}

suite('a caller who takes nothing of its answer', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  for (const [name, last] of [
    ['in the middle of it', () => undefined],
    ['at its end', (caller: Caller) => (handOver(end, caller), taken(caller))],
  ] as const)
    test(`${name} is made to go, and whoever waits for it goes on`, async () => {
      const { connection, ...caller } = await answering()
      await handOver(head, caller)
      const room = settled(handOver(data, caller))
      const gone = settled(last(caller))
      await turn()
      mock.timers.tick(limits.callerStallMs - 1)
      assert.deepEqual([connection.destroyed, room()], [false, false])
      mock.timers.tick(1)
      assert.equal(connection.destroyed, true)
      await turn()
      assert.ok(room() && gone())
    })

  test('for a while only has all of it', async () => {
    const { connection, take, ...caller } = await answering()
    await handOver(head, caller)
    for (let piece = 0; piece < 3; piece++) {
      const room = settled(handOver(data, caller))
      mock.timers.tick(limits.callerStallMs - 1)
      assert.equal(room(), false)
      while (!room()) {
        take()
        await turn()
      }
    }
    void handOver(end, caller)
    while (!caller.response.writableFinished) {
      take()
      await turn()
    }
    assert.equal(taken(caller), undefined)
    mock.timers.tick(2 * limits.callerStallMs)
    assert.equal(connection.destroyed, false)
    connection.destroy()
  })

  test('and leaves is not waited for', async () => {
    const { connection, ...caller } = await answering()
    await handOver(head, caller)
    const room = settled(handOver(data, caller))
    connection.destroy()
    await turn()
    assert.ok(room())
    assert.equal(handOver(data, caller), undefined)
    const over = settled(taken(caller))
    await turn()
    assert.ok(over())
  })
})
