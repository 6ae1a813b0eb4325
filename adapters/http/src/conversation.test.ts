import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { refusal, Refused, Stop, type Refusal, type Session } from '@sluice/core'
import { Conversation, type ConversationPorts } from './conversation.ts'
import { Reception } from './reception.ts'
import type { Lease, Sessions } from './sessions.ts'
import { httpTarget, type HttpSettings } from './target.ts'
import { httpLimits } from './limits.ts'

const asked = 'GET /shop/items HTTP/1.1\r\nHost: gateway\r\nX-Sluice-Authorization: Bearer a-token\r\n\r\n'

/** A connection of a test's own, whose requests go to one conversation. */
function connected(take: Sessions['take']) {
  const conversation = new Conversation({
    reception: new Reception({ take }, { refused: () => {} }),
    upstreams: { of: () => ({ origin: 'http://shop' }) },
    means: { detectors: new Map(), recognisers: new Map(), pseudonyms: undefined },
    hosts: new Map(),
  } as unknown as ConversationPorts)
  let taken = 0
  const server = createServer((request, response) => {
    taken += 1
    conversation.take(request, response, false)
  })
  let said = ''
  const connection = Object.assign(
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        said += chunk.toString()
        done()
      },
    }),
    { remoteAddress: '127.0.0.1' },
  )
  server.emit('connection', connection)
  return { connection, conversation, taken: () => taken, said: () => said }
}

test('what a caller sends far ahead of its answers waits at the caller, and is taken when there is room', async () => {
  const first = Promise.withResolvers<Lease>()
  const { connection, conversation, taken, said } = connected(() => first.promise)
  const sent = 32 * httpLimits.aheadMax
  for (let each = 0; each < sent; each++) {
    connection.push(asked)
    if (each % 64 === 0) await turn()
  }
  await turn()
  assert.ok(taken() >= httpLimits.aheadMax && taken() < sent, `${taken()} of ${sent} were taken`)
  first.reject(new Refused(refusal('token_refused', 'test/no', 'No.')))
  while (taken() < sent) await turn()
  await conversation.answered
  assert.equal(said().split('HTTP/1.1 401').length - 1, sent)
  connection.destroy()
})

test('what cannot be read is told once, however much of it comes', async () => {
  const { connection, conversation, taken } = connected(() => new Promise(() => {}))
  connection.push(asked)
  while (taken() < 1) await turn()
  const reason = refusal('malformed', 'test/no', 'No.')
  assert.deepEqual([conversation.breakOff(reason), conversation.breakOff(reason)], [true, false])
  connection.destroy()
})

test('a connection that is over leaves nothing behind at its session', async () => {
  const watching = new Set<object>()
  const ending = {
    requested: undefined,
    on: () => {
      const watch = { [Symbol.dispose]: () => void watching.delete(watch) }
      watching.add(watch)
      return watch
    },
  } as unknown as Stop<Refusal>
  let closed = 0
  const session = {
    ending,
    target: { name: 'shop', settings: httpTarget.parse({ authentication: 'none' }) },
    lane: () => ({
      claim: () => {},
      submit: () => [{ done: Promise.resolve() }],
      close: () => void (closed += 1),
    }),
  } as unknown as Session<HttpSettings>
  const { connection, conversation } = connected(async () => ({ session, [Symbol.dispose]: () => {} }))
  connection.push(asked)
  await turn()
  await conversation.answered
  assert.equal(watching.size, 1)
  conversation.close()
  assert.deepEqual([watching.size, closed], [0, 1])
  connection.destroy()
})
