import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'
import { HttpExchange, type Judged, type Line } from './exchange.ts'
import type { Reply } from './replies.ts'

const judged: Judged = {
  action: { name: 'http.get', kind: 'get', read_only: true },
  request: { method: 'GET', path: '/', query: '', headers: [], body: Buffer.alloc(0) },
  objection: undefined,
  llm: null,
}
const head: Reply = { kind: 'head', status: 200, headers: [['content-type', 'text/event-stream']] }
const data: Reply = { kind: 'data', bytes: Buffer.from('data: 1\n\n') }
const end: Reply = { kind: 'end', trailers: [] }

/** What is written first to the connection of a caller, of an answer whose pieces are handed over in one turn. */
async function firstWrite(...replies: readonly Reply[]): Promise<string> {
  const first = Promise.withResolvers<string>()
  const connection = new Duplex({
    read() {},
    writev(pieces, done) {
      first.resolve(Buffer.concat(pieces.map(({ chunk }) => chunk as Buffer)).toString())
      done()
    },
  })
  const server = createServer((_request, response: ServerResponse) => {
    const exchange = new HttpExchange(judged, { response } as Line)
    for (const reply of replies) void exchange.reply(reply)
  })
  server.emit('connection', connection)
  connection.push('GET / HTTP/1.1\r\nHost: shop\r\n\r\n')
  try {
    return await first.promise
  } finally {
    connection.destroy()
  }
}

suite('an answer without a length', () => {
  test('begins at once, before anything of its body is there', async () => {
    assert.match(await firstWrite(head), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/)
  })

  test('leaves in one piece when all of it is there', async () => {
    assert.match(await firstWrite(head, data, end), /\r\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n$/)
  })
})
