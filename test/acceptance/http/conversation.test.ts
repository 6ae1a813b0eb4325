import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { HttpClient, request, valueOf, type HttpAnswer, type Place } from '../../src/index.ts'
import { openStage } from './stage.ts'
import { comesTrue } from './comes-true.ts'

/** One connection, byte for byte: order, framing, and what becomes of a request whose caller goes. */
const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())
const door = await stage.through()

async function connected(): Promise<HttpClient> {
  return HttpClient.connect(door)
}

function ask(method: string, path: string, body: string | Uint8Array = ''): Buffer {
  return request(method, `${door.prefix}${path}`, door.headers, body)
}

/** Reads a stream that goes on only once it was told that its last event has come. */
async function readTicks(client: HttpClient, name: string, { host, port }: Place): Promise<void> {
  for (let tick = 1; tick <= 3; tick++) {
    await client.until((bytes) => bytes.includes(`"tick":${tick}`))
    await fetch(`http://${host}:${port}/ticks/${name}`, { method: 'POST' })
  }
}

function seenAt({ status, body }: HttpAnswer): readonly [number, string] {
  const { at = '' } = body.length === 0 ? {} : (JSON.parse(body.toString()) as { readonly at?: string })
  return [status, at]
}

suite('one connection', () => {
  test('answers pipelined requests in order, a refused one in its place', async () => {
    const client = await connected()
    const heard = stage.api.requests.length
    const paths = ['/one', '/two', '/denied', '/three', '/four']
    client.send(Buffer.concat(paths.map((path) => ask('GET', path))))
    const seen = []
    for (const _ of paths) seen.push(seenAt(await client.answer()))
    assert.deepEqual(seen, [
      [200, '/one'],
      [200, '/two'],
      [403, ''],
      [200, '/three'],
      [200, '/four'],
    ])
    assert.deepEqual(
      stage.api.requests.slice(heard).map(({ address }) => address),
      ['/one', '/two', '/three', '/four'],
    )
    assert.equal(client.closed, false)
    client.destroy()
  })

  test('says by what a request came, and refuses one that comes back', async () => {
    const client = await connected()
    client.send(ask('GET', '/one'))
    await client.answer()
    const via = valueOf(stage.api.requests.at(-1) ?? { headers: [] }, 'via') ?? ''
    assert.match(via, /^1\.1 sluice-[0-9a-f]{12}$/)
    const heard = stage.api.requests.length
    client.send(request('GET', `${door.prefix}/one`, { ...door.headers, via: `1.0 fred, ${via}` }))
    const { status, body } = await client.answer()
    assert.equal(status, 508)
    assert.match(body.toString(), /came through this gateway before/)
    assert.equal(stage.api.requests.length, heard)
    client.destroy()
  })

  test('takes requests that arrive byte by byte', async () => {
    const client = await connected()
    for (const byte of ask('POST', '/echo', 'slow')) {
      client.send(Buffer.of(byte))
      await new Promise(setImmediate)
    }
    const { status, body } = await client.answer()
    assert.equal(status, 200)
    assert.equal((JSON.parse(body.toString()) as { readonly body: string }).body, btoa('slow'))
    client.destroy()
  })

  test('is told that it cannot be read on behind the answers of what could, and not within them', async () => {
    const connect = 'CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\n'
    const torn = request('POST', `${door.prefix}/echo`, { ...door.headers, 'transfer-encoding': 'chunked' })
    for (const [rest, status] of [
      ['NONSENSE\r\n\r\n', 400],
      [`${torn.toString()}2\r\nabc\r\n`, 400],
      [connect, 405],
    ] as const) {
      const client = await connected()
      const name = randomUUID()
      client.send(Buffer.concat([ask('GET', `/ticks/${name}`), ask('GET', '/behind'), Buffer.from(rest)]))
      await readTicks(client, name, stage.api)
      assert.match((await client.answer()).body.toString(), /"tick":4/)
      assert.deepEqual(seenAt(await client.answer()), [200, '/behind'])
      assert.equal((await client.answer()).status, status)
      await client.end()
    }
  })

  test('has no body after HEAD, 204 and 304, and goes on', async () => {
    const client = await connected()
    client.send(
      Buffer.concat([
        ask('HEAD', '/head'),
        ask('GET', '/empty'),
        ask('GET', '/unchanged'),
        ask('GET', '/last'),
      ]),
    )
    const head = await client.answer(true)
    assert.deepEqual([head.status, valueOf(head, 'content-length')], [200, '5'])
    const [empty, unchanged] = [await client.answer(), await client.answer()]
    assert.deepEqual([empty.status, unchanged.status], [204, 304])
    assert.equal(valueOf(empty, 'transfer-encoding'), undefined)
    assert.deepEqual(seenAt(await client.answer()), [200, '/last'])
    client.destroy()
  })

  test('carries trailers, each cookie, and the reference of the decision', async () => {
    const client = await connected()
    client.send(Buffer.concat([ask('GET', '/trailers'), ask('GET', '/cookie')]))
    const trailing = await client.answer()
    assert.equal(trailing.body.toString(), 'abc')
    assert.deepEqual(trailing.trailers, [['x-checksum', '7']])
    const { headers } = await client.answer()
    const cookies = headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value)
    assert.deepEqual(cookies, ['a=1; Path=/api/', 'b=2; HttpOnly; Path=/api/'])
    assert.match(headers.find(([name]) => name === 'x-sluice-decision')?.[1] ?? '', /^dec_[0-9A-Z]{26}$/)
    client.destroy()
  })

  test('tells a caller who waits for 100 to go on, and one who is refused not to', async () => {
    const client = await connected()
    const expecting = (path: string): Buffer =>
      request('POST', `${door.prefix}${path}`, {
        ...door.headers,
        expect: '100-continue',
        'content-length': '4',
      })
    client.send(expecting('/echo'))
    await client.until((bytes) => bytes.includes('100 Continue'))
    client.send('body')
    const { status, interim } = await client.answer()
    assert.deepEqual([status, interim.length], [200, 1])
    client.destroy()
    const stranger = await connected()
    stranger.send(request('POST', '/api/echo', { expect: '100-continue', 'content-length': '4' }))
    const refused = await stranger.answer()
    assert.deepEqual([refused.status, refused.interim.length], [401, 0])
    stranger.destroy()
  })

  test('is closed where the caller says so, after the answer', async () => {
    const client = await connected()
    client.send(request('GET', '/api/json', { ...door.headers, connection: 'close' }))
    const answer = await client.answer()
    assert.equal(valueOf(answer, 'connection'), 'close')
    await client.end()
  })

  test('is cut where the answer is torn', async () => {
    const client = await connected()
    client.send(ask('GET', '/torn'))
    const bytes = await client.end()
    assert.ok(bytes.includes('HTTP/1.1 200'))
    assert.ok(!bytes.toString('latin1').endsWith('0\r\n\r\n'), 'the answer looks whole')
  })
})

suite('a caller who goes', () => {
  test('in the middle of an answer stops it at the API too', async () => {
    const client = await connected()
    client.send(ask('GET', `/endless/${randomUUID()}`))
    await client.until((bytes) => bytes.includes('"tick":2'))
    const streaming = stage.api.connections.filter(({ open }) => open).length
    client.destroy()
    await comesTrue(
      'the connection to the API ends',
      () => stage.api.connections.filter(({ open }) => open).length < streaming,
    )
    await comesTrue('the log says so', async () =>
      (await stage.events()).some(
        ({ type, data }) => type === 'ResponseCompleted' && /cancelled/.test(JSON.stringify(data)),
      ),
    )
  })

  test('in the middle of its request has asked nothing', async () => {
    const client = await connected()
    const before = stage.api.bytes()
    client.send(ask('POST', '/echo', 'x'.repeat(1_000)).subarray(0, -500))
    await new Promise((resolve) => setTimeout(resolve, 100))
    client.destroy()
    const next = await connected()
    next.send(ask('GET', '/only-this'))
    await next.answer()
    next.destroy()
    assert.ok(stage.api.connections.every(({ up }) => !up.includes('xxx')))
    assert.ok(stage.api.bytes() > before)
  })
})

test('a gateway that stops lets an answer finish that it has begun, and hangs up behind it', async () => {
  await using stopping = await openStage()
  const { prefix, headers, ...place } = await stopping.through()
  const client = await HttpClient.connect(place)
  const name = randomUUID()
  client.send(request('GET', `${prefix}/ticks/${name}`, headers))
  await client.until((bytes) => bytes.includes('"tick":1'))
  const closed = stopping.gateway.close()
  await readTicks(client, name, stopping.api)
  const { body } = await client.answer()
  assert.match(body.toString(), /"tick":4/)
  await client.end()
  await closed
})
