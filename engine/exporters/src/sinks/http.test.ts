import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { systemClock } from '@sluice/core'
import { Exporter } from '../exporter.ts'
import { clock, conversation, parcel, plain, ports, ScriptedLog, until } from '../scripted.ts'
import type { Delivery, Sink } from '../sink.ts'
import { http, type HttpOptions } from './http.ts'
import { httpReceiver, portOf, type Asked } from './scripted.ts'

const never = new AbortController().signal

function to(url: URL, change: Partial<HttpOptions> = {}): Sink {
  return http({
    url,
    shape: 'ndjson',
    secret: async () => 's3cret',
    token: null,
    clock: systemClock,
    ...change,
  })
}

/** As a receiver checks it. */
function isAuthentic({ headers, body }: Asked, secret: string): boolean {
  const { t, v1 } =
    /^t=(?<t>\d+),v1=(?<v1>[0-9a-f]{64})$/.exec(String(headers['sluice-signature']))?.groups ?? {}
  if (t === undefined || v1 === undefined || Math.abs(Date.now() / 1_000 - Number(t)) > 300) return false
  return timingSafeEqual(createHmac('sha256', secret).update(`${t}.${body}`).digest(), Buffer.from(v1, 'hex'))
}

const batch = [
  parcel({ id: 'evt_1', text: '{"a":1}' }),
  parcel({ id: 'evt_2', kind: 'line', text: 'CEF:0|"x"' }),
]
const line = { '@timestamp': '2027-01-15T08:00:00.123Z', message: 'CEF:0|"x"' }

suite('a batch', () => {
  test('is one document each line, signed', async () => {
    await using receiver = await httpReceiver((_, response) => response.writeHead(204).end())
    const sink = to(new URL('/in?tenant=7', receiver.url), { token: async () => 'tok' })
    assert.deepEqual(await sink.deliver(batch, never), { kind: 'delivered' })
    await sink.close()
    const [asked] = receiver.asked
    assert.ok(asked !== undefined)
    assert.equal(asked.path, '/in?tenant=7')
    assert.equal(asked.headers['content-type'], 'application/x-ndjson')
    assert.equal(asked.headers.authorization, 'Bearer tok')
    assert.equal(asked.headers['idempotency-key'], '"evt_1..evt_2"')
    assert.ok(asked.body.endsWith('\n'))
    assert.deepEqual(
      asked.body
        .trimEnd()
        .split('\n')
        .map((each) => JSON.parse(each) as unknown),
      [{ a: 1 }, line],
    )
    assert.equal(isAuthentic(asked, 's3cret'), true)
    assert.equal(isAuthentic({ ...asked, body: asked.body.replace('1', '2') }, 's3cret'), false)
  })

  test('may be an array', async () => {
    await using receiver = await httpReceiver((_, response) => response.end())
    const sink = to(receiver.url, { shape: 'array', secret: null })
    await sink.deliver(batch, never)
    await sink.close()
    assert.deepEqual(JSON.parse(receiver.asked[0]?.body ?? ''), [{ a: 1 }, line])
    assert.equal(receiver.asked[0]?.headers['sluice-signature'], undefined)
  })
})

suite('an answer', () => {
  const answers: readonly (readonly [number, object, Delivery])[] = [
    [200, {}, { kind: 'delivered' }],
    [400, {}, { kind: 'refused', reason: 'it answered 400' }],
    [413, {}, { kind: 'refused', reason: 'it answered 413' }],
    [401, {}, { kind: 'failed', reason: 'it answered 401', afterMs: 0 }],
    [302, { location: 'http://127.0.0.1:1/' }, { kind: 'failed', reason: 'it answered 302', afterMs: 0 }],
    [429, { 'retry-after': '7' }, { kind: 'failed', reason: 'it answered 429', afterMs: 7_000 }],
    [503, { 'retry-after': '999999' }, { kind: 'failed', reason: 'it answered 503', afterMs: 900_000 }],
  ]
  for (const [status, headers, expected] of answers)
    test(`of ${status} is ${expected.kind}`, async () => {
      await using receiver = await httpReceiver((_, response) =>
        response.writeHead(status, { ...headers }).end(),
      )
      const sink = to(receiver.url)
      assert.deepEqual(await sink.deliver(batch, never), expected)
      await sink.close()
    })

  test('that is a date says how long to wait as well', async () => {
    const at = new Date(Date.now() + 60_000).toUTCString()
    await using receiver = await httpReceiver((_, response) =>
      response.writeHead(503, { 'retry-after': at }).end(),
    )
    const sink = to(receiver.url)
    const delivery = await sink.deliver(batch, never)
    assert.ok(delivery.kind === 'failed' && delivery.afterMs > 50_000 && delivery.afterMs <= 60_000)
    await sink.close()
  })

  test('that never comes fails in time', async () => {
    await using receiver = await httpReceiver(() => {})
    const sink = to(receiver.url, { clock })
    assert.deepEqual(await sink.deliver(batch, never), {
      kind: 'failed',
      reason: 'no answer within 30000 ms',
      afterMs: 0,
    })
    await sink.close()
  })

  test('of nobody fails', async () => {
    const sink = to(new URL('http://127.0.0.1:1/'))
    assert.deepEqual(await sink.deliver(batch, never), {
      kind: 'failed',
      reason: 'no answer: ECONNREFUSED',
      afterMs: 0,
    })
    await sink.close()
  })
})

test('a connection that was closed in between is no failure', async () => {
  let requests = 0
  // By hand, so that the connection goes without a word when the second request is written to it.
  const server = createServer((socket) => {
    let own = 0
    socket.on('error', () => {})
    socket.on('data', () => {
      requests += 1
      own += 1
      if (own === 1) socket.write('HTTP/1.1 204 No Content\r\nconnection: keep-alive\r\n\r\n')
      else socket.resetAndDestroy()
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const sink = to(new URL(`http://127.0.0.1:${portOf(server.address())}`))
  assert.deepEqual(await sink.deliver(batch, never), { kind: 'delivered' })
  assert.deepEqual(await sink.deliver(batch, never), { kind: 'delivered' })
  assert.equal(requests, 3)
  await sink.close()
  server.close()
})

test('an export survives a receiver that is busy, closes in the middle, and dislikes one event', async () => {
  const log = new ScriptedLog()
  for (let number = 0; number < 30; number++) conversation(log, `s${number}`)
  const poisoned = log.events[77]?.id ?? ''
  const got: string[] = []
  let requests = 0
  await using receiver = await httpReceiver(({ body }, response) => {
    requests += 1
    if (requests === 1) return void response.writeHead(503, { 'retry-after': '2' }).end()
    if (requests === 2) return void response.destroy()
    if (body.includes(poisoned)) return void response.writeHead(400).end('what is that')
    got.push(
      ...body
        .trimEnd()
        .split('\n')
        .map((each) => (JSON.parse(each) as { readonly id: string }).id),
    )
    response.end()
  })
  const of = ports(log)
  const sink = to(receiver.url, { clock })
  const exporter = new Exporter({ name: 'siem', mapper: plain, sink, sinceMs: 0 }, of)
  void exporter.run()
  await until(() => exporter.events === log.events.length, 'everything')
  await exporter.close()
  assert.deepEqual(
    got,
    log.events.map(({ id }) => id).filter((id) => id !== poisoned),
  )
  assert.deepEqual(of.deadLetters.letters, [{ id: poisoned, reason: 'it answered 400' }])
})
