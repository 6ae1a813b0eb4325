import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { StoreError, type EventStore } from '@sluice/core'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import {
  httpAnswer,
  HttpClient,
  intercepted,
  request,
  startGateway,
  startHttpBackend,
  type Gateway,
  type HttpBackend,
  type HttpDoor,
} from '../src/index.ts'

/** No record, no access, over HTTP: what the log's acknowledgement gates, seen from the target's side of a real gateway. */

const allowAll = fileURLToPath(new URL('policies/all', import.meta.url))

suite('no record, no access over HTTP', () => {
  /** A log between the engine and the disk that a test can slow down and stop. */
  const log = { delayMs: 0, stopped: false }
  let provider: IdentityProvider
  let backend: HttpBackend
  let gateway: Gateway
  let door: HttpDoor

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startHttpBackend(({ body }) => httpAnswer.json({ bytes: body.length }))
    gateway = await startGateway({
      provider,
      policies: allowAll,
      targets: [{ name: 'api', http: backend }],
      store: (store) => throttled(store),
    })
    door = await gateway.door('alice', 'api')
  })
  after(async () => {
    await gateway?.close()
    await backend?.close()
    await provider?.close()
  })

  function throttled(store: EventStore): EventStore {
    return intercepted(store, async (unit, options) => {
      if (log.stopped) throw new StoreError('unavailable', 'the log is down')
      const position = await store.append(unit, options)
      if (log.delayMs > 0 && options.urgency === 'now') await sleep(log.delayMs)
      return position
    })
  }

  const get = (): Buffer => request('GET', `${door.prefix}/`, door.headers)
  const post = (): Buffer => request('POST', `${door.prefix}/`, door.headers, 'x'.repeat(100_000))

  for (const [what, bytes] of [
    ['a request', get],
    ['a request with a body', post],
    ['a pipeline', () => Buffer.concat([get(), post()])],
  ] as const)
    test(`${what} waits for a late acknowledgement before its first byte goes upstream`, async () => {
      const client = await HttpClient.connect(door)
      client.send(get())
      await client.answer()
      log.delayMs = 1_000
      const heard = backend.bytes()
      const started = performance.now()
      client.send(bytes())
      await sleep(800)
      assert.equal(backend.bytes(), heard)
      const { status } = await client.answer()
      log.delayMs = 0
      assert.ok(performance.now() - started >= 1_000)
      assert.equal(status, 200)
      assert.ok(backend.bytes() > heard)
      client.destroy()
    })

  test('with the log stopped every request is refused, the connection stays and is served again', async () => {
    const client = await HttpClient.connect(door)
    client.send(get())
    assert.equal((await client.answer()).status, 200)
    // The record of an answer that was shown may still be on its way.
    await sleep(100)
    log.stopped = true
    const heard = backend.bytes()
    for (const bytes of [get(), post()]) {
      client.send(bytes)
      const { status, body } = await client.answer()
      assert.equal(status, 503)
      assert.match(body.toString(), /log_unavailable/)
    }
    assert.equal(backend.bytes(), heard)
    log.stopped = false
    client.send(get())
    assert.equal((await client.answer()).status, 200)
    client.destroy()
  })

  test('a session that cannot be recorded is refused before the target is dialled', async () => {
    const stranger = await gateway.door('erin', 'api')
    log.stopped = true
    const dialled = backend.connections.length
    const ask = async (): Promise<number> => {
      const response = await fetch(`${stranger.url}/`, { headers: stranger.headers })
      await response.body?.cancel()
      return response.status
    }
    assert.equal(await ask(), 503)
    assert.equal(backend.connections.length, dialled)
    log.stopped = false
    assert.equal(await ask(), 200)
  })
})
