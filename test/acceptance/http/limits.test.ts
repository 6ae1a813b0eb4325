import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider } from '@sluice/demo'
import { startGateway, type Gateway } from '../../src/index.ts'

/** An answer that is larger or slower than it may be is refused, or broken off where it has begun; it is never taken for whole. */

const policies = fileURLToPath(new URL('../policies/limits', import.meta.url))

/** Whether whoever asked for it is still there. */
const heard = new Map<string, boolean>()

function api(): Server {
  return createServer((request, response) => {
    const { url = '' } = request
    heard.set(url, true)
    response.on('close', () => heard.set(url, false))
    if (url.endsWith('/silent')) return
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write('x'.repeat(url.endsWith('/large') ? 5_000 : 10))
    if (!url.endsWith('/endless')) response.end()
  })
}

suite('limits of an answer', () => {
  let gateway: Gateway
  const parts = new AsyncDisposableStack()

  before(async () => {
    const provider = await startIdentityProvider({ port: 0 })
    parts.defer(() => provider.close())
    const server = api().listen(0, '127.0.0.1')
    await once(server, 'listening')
    parts.defer(() => {
      server.closeAllConnections()
      server.close()
    })
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : assert.fail()
    gateway = await startGateway({
      provider,
      policies,
      targets: [{ name: 'api', http: { host: '127.0.0.1', port }, labels: { bytes: '2000', ms: '500' } }],
    })
    parts.defer(() => gateway.close())
  })
  after(() => parts.disposeAsync())

  async function ask(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const { url, headers } = await gateway.door('langchain-reporting', 'api')
    const response = await fetch(`${url}${path}`, { headers })
    return { status: response.status, text: await response.text() }
  }

  /** How exchanges ended, once one did for that reason. */
  async function recorded(status: string): Promise<void> {
    for (let left = 100; left > 0; left--) {
      const events = await gateway.events()
      const ends = events.flatMap(({ data }) => ('outcome' in data && 'status' in data ? [data] : []))
      if (ends.some((end) => end.outcome === 'cut' && end.status === status)) return
      await sleep(50)
    }
    assert.fail(`nothing of ${status} was recorded`)
  }

  test('what is within them passes', async () => assert.equal((await ask('/small')).text, 'x'.repeat(10)))

  test('bytes', async () => {
    const answer = await ask('/large').catch(() => ({ status: 0, text: '' }))
    assert.notEqual(answer.status, 200)
    assert.doesNotMatch(answer.text, /xxxx/)
    await recorded('policy/limit_bytes')
  })

  test('time, before there is an answer', async () => {
    const { status, text } = await ask('/silent')
    assert.equal(status, 409)
    assert.match(text, /allows 500 ms for one answer.*\(ref dec_\w{26}\)/)
    await recorded('policy/limit_time')
    for (let left = 100; left > 0 && heard.get('/silent') === true; left--) await sleep(20)
    assert.equal(heard.get('/silent'), false, 'the target was left')
  })

  test('time, within an answer', async () => {
    await assert.rejects(ask('/endless'))
    assert.equal((await ask('/small')).status, 200)
  })
})
