import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { refusal, Stop, type Credential, type Permit, type StopReason } from '@sluice/core'
import { HttpExchange, type Judged, type Line } from './exchange.ts'
import type { MaskPlan } from './obligations.ts'
import type { Reply } from './replies.ts'

const judged: Judged = {
  action: { name: 'http.get', kind: 'get', read_only: true },
  request: { method: 'GET', path: '/', query: '', headers: [], body: Buffer.alloc(0) },
  objection: undefined,
  llm: null,
}
const head: Extract<Reply, { kind: 'head' }> = {
  kind: 'head',
  status: 200,
  headers: [['content-type', 'text/event-stream']],
}
const data: Reply = { kind: 'data', bytes: Buffer.from('data: 1\n\n') }
const end: Reply = { kind: 'end', trailers: [] }

/** What is written first to the connection of a caller, by an exchange that is played in one turn. */
async function firstWrite(play: (exchange: HttpExchange) => void | Promise<void>): Promise<string> {
  const first = Promise.withResolvers<string>()
  const connection = new Duplex({
    read() {},
    writev(pieces, done) {
      first.resolve(Buffer.concat(pieces.map(({ chunk }) => chunk as Buffer)).toString())
      done()
    },
  })
  const server = createServer((_request, response: ServerResponse) => {
    const played = play(new HttpExchange(judged, { response, profile: null } as Line))
    void Promise.resolve(played).catch(first.reject)
  })
  server.emit('connection', connection)
  connection.push('GET / HTTP/1.1\r\nHost: shop\r\n\r\n')
  try {
    return await first.promise
  } finally {
    connection.destroy()
  }
}

function handed(...replies: readonly Reply[]): Promise<string> {
  return firstWrite((exchange) => {
    for (const reply of replies) void exchange.reply(reply)
  })
}

suite('an answer without a length', () => {
  test('begins at once, before anything of its body is there', async () => {
    assert.match(await handed(head), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/)
  })

  test('leaves in one piece when all of it is there', async () => {
    assert.match(await handed(head, data, end), /\r\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n$/)
  })
})

test('an answer that turns out, at once, not to be for the caller is refused as one that never began', async () => {
  const json: Reply = {
    kind: 'head',
    status: 200,
    headers: [['content-type', 'application/json']],
    coding: 'gzip',
  }
  const said = await firstWrite(async (exchange) => {
    void exchange.reply(json)
    const reason = refusal('denied', 'http/undecodable', 'It was withheld.')
    for await (const reply of exchange.refuse(reason, 'during')) await exchange.reply(reply)
  })
  assert.match(said, /^HTTP\/1\.1 403 [^]*problem\+json[^]*It was withheld/)
  assert.doesNotMatch(said, /200 OK|content-encoding/)
})

suite('an answer that leaves in a coding', () => {
  const coded: Reply = { ...head, coding: 'gzip' }

  /** What the caller has of an answer, put together and decoded; what comes after `replies` is by `last`. */
  async function decodedOf(
    replies: readonly Reply[],
    last: (exchange: HttpExchange) => AsyncIterable<Reply>,
  ): Promise<string> {
    let said = Buffer.alloc(0)
    const over = Promise.withResolvers<void>()
    const connection = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        said = Buffer.concat([said, chunk])
        done()
      },
    })
    const server = createServer((request, response: ServerResponse) => {
      // Content without chunks around it.
      response.useChunkedEncodingByDefault = false
      response.on('close', over.resolve)
      const play = async (): Promise<void> => {
        const exchange = new HttpExchange(judged, { response, socket: request.socket, profile: null } as Line)
        for (const reply of replies) await exchange.reply(reply)
        for await (const reply of last(exchange)) await exchange.reply(reply)
      }
      play().catch(over.reject)
    })
    server.emit('connection', connection)
    connection.push('GET / HTTP/1.0\r\nHost: shop\r\n\r\n')
    await over.promise
    return gunzipSync(said.subarray(said.indexOf('\r\n\r\n') + 4)).toString()
  }

  test('is whole in it', async () => {
    const all = await decodedOf([coded, data, data, end], (exchange) => exchange.skip())
    assert.equal(all, 'data: 1\n\ndata: 1\n\n')
  })

  test('is refused in it too, within a stream', async () => {
    const reason = refusal('too_large', 'policy/limit_bytes', 'No more.')
    const all = await decodedOf([coded, data], (exchange) => exchange.refuse(reason, 'during'))
    assert.match(all, /^data: 1\n\nevent: error\ndata: \{.*No more.*\}\n\n$/)
  })

  test('looks like none that is whole when it is cut', async () => {
    const reason = refusal('too_large', 'policy/limit_bytes', 'No more.')
    const json: Reply = { kind: 'head', status: 200, headers: [], coding: 'gzip' }
    await assert.rejects(decodedOf([json, data], (exchange) => exchange.refuse(reason, 'during')))
  })
})

suite('a request whose credential the target refused', () => {
  test('is not repeated, nor waited for, once it must stop', async () => {
    const left: string[] = []
    const permit = { decision: 'd', spend: () => left.push('first'), repeat: () => left.push('again') }
    const upstream = {
      async *send(_request: unknown, _credential: unknown, leave: () => void): AsyncGenerator<Reply> {
        leave()
        yield { kind: 'head', status: 401, headers: [] }
      },
    }
    const asked = Promise.withResolvers<Credential>()
    const line = { upstream, credential: { user: '', password: 'old' }, another: () => asked.promise }
    const exchange = new HttpExchange(judged, line as unknown as Line)
    const plan = { request: { outgoing: judged.request, hidden: [] } } as unknown as MaskPlan
    const stop = new Stop<StopReason>()
    const replies = exchange.forward(permit as unknown as Permit, plan, exchange.body, stop)
    const next = replies[Symbol.asyncIterator]().next()
    await new Promise((resolve) => setImmediate(resolve))
    stop.request('ending')
    await assert.rejects(next, /The session or the connection ended/)
    asked.resolve({ user: '', password: 'new' })
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(left, ['first'])
  })
})

suite('a request with secrets in it', () => {
  const token = 'ghp_0123456789abcdefghijABCDEFGHIJ456789'
  const request = {
    method: 'POST',
    path: `/hooks/${token}`,
    query: 'dry=1&api_key=hush-hush',
    headers: [
      ['content-type', 'application/json'],
      ['cookie', 'sid=hush-hush'],
      ['x-note', `Bearer ${token}`],
      ['x-other', 'stays'],
    ],
    body: Buffer.from('{"password":"hush-hush","total":1}'),
  } as const
  const exchange = new HttpExchange({ ...judged, request }, { async: false } as Line)

  test('is judged and sent as it is, and recorded and shown to people without them', () => {
    assert.ok(exchange.content.includes(token) && exchange.content.includes('hush-hush'))
    for (const text of [exchange.recordable?.toString() ?? '', Buffer.from(exchange.shown()).toString()]) {
      assert.doesNotMatch(text, /hush|ghp_/)
      for (const kept of ['POST /hooks/', 'dry=1', 'x-other: stays', 'total'])
        assert.ok(text.includes(kept), `${kept} in ${text}`)
    }
  })

  test('without any is recorded as it was sent, and is kept once', () => {
    const plain = {
      ...request,
      path: '/hooks',
      query: 'dry=1',
      headers: [],
      body: Buffer.from('{"total":1}'),
    }
    const { recordable } = new HttpExchange({ ...judged, request: plain }, { async: false } as Line)
    assert.equal(recordable, undefined)
  })
})
