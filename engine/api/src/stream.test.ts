import { test } from 'node:test'
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { once } from 'node:events'
import { systemClock, type Clock } from '@sluice/core'
import { approvalsApi, type ApprovalsApi } from './scripted-approvals.ts'
import { bearer, identityOf } from './scripted.ts'

interface Message {
  readonly event: string
  readonly data: { readonly id?: string; readonly state?: string; readonly reason?: string }
}

/** Somebody who follows the stream over a socket. */
async function follow(base: string, token: string) {
  const leaving = new AbortController()
  const response = await fetch(`${base}/v1/stream`, { headers: bearer(token), signal: leaving.signal })
  const heard: Message[] = []
  const more = Promise.withResolvers<void>()
  let wake = more
  let over = false
  const read = async (): Promise<void> => {
    let rest = ''
    for await (const bytes of response.body ?? []) {
      const parts = (rest + Buffer.from(bytes).toString()).split('\n\n')
      rest = parts.pop() ?? ''
      for (const part of parts) {
        const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(part) ?? []
        if (event !== undefined) heard.push({ event, data: JSON.parse(data ?? '{}') as Message['data'] })
      }
      wake.resolve()
    }
  }
  const ended = read()
    .catch(() => {})
    .finally(() => {
      over = true
      wake.resolve()
    })
  return {
    response,
    heard,
    ended,
    async until(count: number): Promise<readonly Message[]> {
      while (heard.length < count && !over) {
        wake = Promise.withResolvers()
        await wake.promise
      }
      return heard
    },
    leave: () => leaving.abort(),
  }
}

async function listening(change: Parameters<typeof approvalsApi>[0] = {}) {
  const api = await approvalsApi(change)
  const base = await api.app.listen({ host: '127.0.0.1', port: 0 })
  return { api, base }
}

async function vote({ app }: ApprovalsApi, id: string, token: string): Promise<void> {
  const payload = { vote: 'approve' }
  await app.inject({ url: `/v1/approvals/${id}/votes`, method: 'POST', headers: bearer(token), payload })
}

test('each follower hears of what exists for them, and of nothing else', async () => {
  const { api, base } = await listening()
  const followers = await Promise.all(['dave', 'alice', 'bob'].map((token) => follow(base, token)))
  const [dave, alice, bob] = followers
  assert.ok(dave && alice && bob)
  assert.match(String(dave.response.headers.get('content-type')), /^text\/event-stream/)
  assert.equal(dave.response.headers.get('cache-control'), 'no-store')
  const { id } = await api.ask('alice')
  await vote(api, id, 'dave')
  const session = await api.open('bob')
  await api.engine.session(session)?.close('gone')
  const told = (messages: readonly Message[]) =>
    messages.map(({ event, data }) => [event, data.id, data.state])
  const ofApproval = [
    ['approval', id, 'pending'],
    ['approval', id, 'approved'],
  ]
  assert.deepEqual(told(await dave.until(2)), ofApproval)
  assert.deepEqual(told(await alice.until(2)), ofApproval)
  assert.deepEqual(told(await bob.until(2)), [
    ['session', session, 'open'],
    ['session', session, 'closed'],
  ])
  for (const follower of followers) follower.leave()
  await api.app.close()
})

test('a stream ends with the token that opened it', async () => {
  const expiresAt = systemClock.now() + 300
  const authenticator = { authenticate: async () => ({ ...identityOf('dave'), expiresAt }) }
  const { api, base } = await listening({ authenticator })
  const dave = await follow(base, 'dave')
  await dave.ended
  assert.deepEqual(dave.heard, [{ event: 'end', data: { reason: 'expired' } }])
  await api.app.close()
})

test('closing the API tells who follows', async () => {
  const { api, base } = await listening()
  const dave = await follow(base, 'dave')
  await api.app.close()
  await dave.ended
  assert.ok(dave.heard.length <= 1)
})

test('who does not read is let go and keeps nobody waiting', async () => {
  let lingering: (() => void) | undefined
  const clock: Clock = {
    ...systemClock,
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic(),
    after: (ms, callback) => {
      if (ms !== 5_000) return systemClock.after(ms, callback)
      lingering = callback
      return { [Symbol.dispose]: () => {} }
    },
  }
  const { api, base } = await listening({ clock, bounds: { streamQueue: 4 } })
  const { port } = new URL(base)
  const stuck = connect({ host: '127.0.0.1', port: Number(port) })
  stuck.on('error', () => {})
  stuck.write(`GET /v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer dave\r\n\r\n`)
  await once(stuck, 'data')
  stuck.pause()
  const statement = 'x'.repeat(60_000)
  const shown = Buffer.from(JSON.stringify({ statement, parameters: [], literals: [[]] }))
  for (let round = 0; round < 400 && lingering === undefined; round++) {
    const { id } = await api.ask('alice', { shown })
    await api.approvals.cancel(id, identityOf('alice').subject, '')
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(lingering !== undefined, 'it was told that it is too slow')
  lingering()
  stuck.resume()
  await once(stuck, 'close')
  await api.app.close()
})

test('only so many streams for one subject, and none without a token', async () => {
  const { api, base } = await listening({ bounds: { streamsOfSubject: 2 } })
  const two = [await follow(base, 'dave'), await follow(base, 'dave')]
  const third = await follow(base, 'dave')
  assert.equal(third.response.status, 429)
  const other = await follow(base, 'erin')
  assert.equal(other.response.status, 200)
  assert.equal((await follow(base, 'mallory')).response.status, 401)
  two[0]?.leave()
  await two[0]?.ended
  for (const follower of [...two, other]) follower.leave()
  await api.app.close()
})
