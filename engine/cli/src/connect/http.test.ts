import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Unreachable } from '../command.ts'
import { doorAt } from './gateway-socket.ts'
import { startSidecar } from './sidecar.ts'
import { TokenKeeper } from './token-keeper.ts'

/** A gateway by script with a sidecar in front of it. */
async function stage(answer: (request: IncomingMessage, response: ServerResponse) => void, failure?: Error) {
  const parts = new AsyncDisposableStack()
  const gateway = createServer(answer)
  await once(gateway.listen(0, '127.0.0.1'), 'listening')
  parts.defer(() => void gateway.close())
  parts.defer(() => gateway.closeAllConnections())
  const tokens = new TokenKeeper({
    obtain: () =>
      failure === undefined
        ? Promise.resolve({ token: 'slu_mine', lifeMs: 900_000 })
        : Promise.reject(failure),
    carryOn: async () => {},
    clock: { now: () => 0, monotonic: () => 0, after: () => ({ [Symbol.dispose]: () => {} }) },
    report: () => {},
  })
  const { port } = gateway.address() as AddressInfo
  const sidecar = await startSidecar({
    protocol: 'http',
    target: 'shop-api',
    door: doorAt({ host: '127.0.0.1', port }),
    place: { kind: 'address', address: { host: '127.0.0.1', port: 0 } },
    tokens,
  })
  parts.defer(() => sidecar.close())
  assert.ok(sidecar.place.kind === 'address')
  const { address } = sidecar.place
  return {
    address,
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

suite('the sidecar of HTTP', () => {
  test('puts a request below the target, with the token and its body, and hands on the answer', async () => {
    await using at = await stage((asked, response) => {
      void text(asked).then((body) => {
        const { 'x-sluice-authorization': token, authorization } = asked.headers
        response.writeHead(201, { location: '/shop-api/orders/1', 'content-type': 'application/json' })
        response.end(JSON.stringify([asked.method, asked.url, token, authorization, body]))
      })
    })
    const answer = await fetch(`${at.url}/orders?a=%2F`, {
      method: 'POST',
      body: 'one',
      headers: { authorization: 'Bearer key', 'x-sluice-authorization': 'Bearer slu_other' },
    })
    assert.deepEqual([answer.status, answer.headers.get('location')], [201, '/orders/1'])
    assert.deepEqual(await answer.json(), [
      'POST',
      '/shop-api/orders?a=%2F',
      'Bearer slu_mine',
      'Bearer key',
      'one',
    ])
  })

  test('an answer that breaks off is no whole answer', async () => {
    await using at = await stage((_asked, response) => {
      response.write('half')
      setTimeout(() => response.destroy(), 20)
    })
    await assert.rejects((await fetch(at.url)).text())
  })

  test('a caller that goes away takes its request along', async () => {
    const gone = Promise.withResolvers<void>()
    await using at = await stage((_asked, response) => {
      response.write('first')
      response.once('close', () => gone.resolve())
    })
    const leaving = new AbortController()
    await fetch(at.url, { signal: leaving.signal })
    leaving.abort()
    await gone.promise
  })

  for (const [failure, status, title] of [
    [new Unreachable('the provider does not answer'), 502, 'gateway_unreachable'],
    [new Error('log in again'), 401, 'token_refused'],
  ] as const)
    test(`says why there is no token: ${title}`, async () => {
      await using at = await stage(() => assert.fail('nothing is sent'), failure)
      const answer = await fetch(at.url)
      assert.deepEqual(
        [answer.status, answer.headers.get('content-type')],
        [status, 'application/problem+json'],
      )
      const {
        title: told,
        detail,
        error,
      } = (await answer.json()) as Readonly<Record<string, unknown>> & { error: object }
      assert.equal(told, title)
      assert.match(String(detail), new RegExp(failure.message))
      assert.equal((error as { message: string }).message, detail)
    })

  test('a page in a browser gets nothing sent on', async () => {
    await using at = await stage(() => assert.fail('nothing is sent'))
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const [answer] = (await once(request(at.url, { headers }).end(), 'response')) as [IncomingMessage]
      answer.resume()
      assert.equal(answer.statusCode, 403)
    }
    const rebound = request(at.url, { headers: { host: 'evil.example' } }).end()
    assert.equal(((await once(rebound, 'response')) as [IncomingMessage])[0].statusCode, 403)
  })

  test('it is no proxy to anywhere', async () => {
    await using at = await stage(() => assert.fail('nothing is sent'))
    for (const [line, status] of [
      ['GET http://elsewhere.example/ HTTP/1.1', 400],
      ['CONNECT elsewhere.example:443 HTTP/1.1', 501],
    ] as const) {
      const socket = connect(at.address)
      socket.write(`${line}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`)
      assert.match(await text(socket), new RegExp(`^HTTP/1.1 ${status} `))
    }
  })
})
