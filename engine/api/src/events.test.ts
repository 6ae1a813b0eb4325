import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { NewEvent } from '@sluice/core'
import { bearer, identityOf, scriptedApi, type ScriptedApi } from './scripted.ts'

interface Line {
  readonly type: string
  readonly stream: string
  readonly time: number
}

let made = 0

function closed(session: string, time = 1): NewEvent {
  const data = { session, reason: 'gone', requests: 1, denied: 0, rows: 0, bytes: 0 }
  return { id: `evt_${made++}`, type: 'SessionClosed', time, data, sealed: Buffer.from('plain secret') }
}

function opened(session: string, on_behalf_of: string): NewEvent {
  const subject = { id: 'test#alice', type: 'service', issuer: 'test', groups: [], on_behalf_of }
  const of = { target: 'shop', protocol: 'postgres', labels: '{}', client_ip: '::1', application: null }
  const token = { claims: '{}', token_id: 't', token_expires_ms: 9 }
  const data = { session, gateway: 'test', subject, ...of, ...token }
  return { id: `evt_${made++}`, type: 'SessionOpened', time: 1, data }
}

async function append({ store }: ScriptedApi, stream: string, time = 1): Promise<void> {
  await store.append({ stream, events: [closed(stream, time)] })
}

async function lines({ app }: ScriptedApi, token: string, query = ''): Promise<readonly Line[]> {
  const answer = await app.inject({ url: `/v1/events${query}`, headers: bearer(token) })
  assert.equal(answer.statusCode, 200, answer.body)
  assert.match(String(answer.headers['content-type']), /^application\/x-ndjson/)
  return answer.body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

test('an auditor reads everything, oldest first', async () => {
  const api = scriptedApi()
  const alices = await api.open('alice')
  const bobs = await api.open('bob')
  await append(api, 'control')
  const read = await lines(api, 'erin')
  assert.deepEqual(
    read.map(({ stream }) => stream),
    [alices, bobs, 'control'],
  )
})

test('anybody else reads the sessions of their own subject, under any of its tokens', async () => {
  const api = scriptedApi()
  const alices = await api.open('alice')
  const bobs = await api.open('bob')
  for (const stream of [alices, bobs, 'control', 'gateway/test']) await append(api, stream)
  const read = await lines(api, 'alice/2')
  assert.deepEqual(
    read.map(({ stream, type }) => [stream, type]),
    [
      [alices, 'SessionOpened'],
      [alices, 'SessionClosed'],
    ],
  )
  assert.deepEqual(await lines(api, 'alice', `?session=${bobs}`), [], 'naming a session does not open it')
})

test('an event has its own field names, hashes in hexadecimal, and no content', async () => {
  const api = scriptedApi()
  await append(api, 'ses_1')
  const [event] = (await lines(api, 'erin')) as readonly unknown[]
  assert.deepEqual(event, {
    id: `evt_${made - 1}`,
    type: 'SessionClosed',
    time: 1,
    data: { session: 'ses_1', reason: 'gone', requests: 1, denied: 0, rows: 0, bytes: 0 },
    stream: 'ses_1',
    seq: 0,
    writer: 'test',
    epoch: 1,
    schema: 1,
    trace_id: null,
    run_id: null,
    position: '1',
    sealed_bytes: 10,
    prev_hash: 'aaaa',
    hash: 'bbbb',
    sig: null,
  })
})

test('since, session and last choose', async () => {
  const api = scriptedApi()
  const session = await api.open('alice')
  for (const time of [10, 20, 30]) await append(api, 'control', time)
  await append(api, session, 40)
  const times = async (query: string): Promise<readonly number[]> =>
    (await lines(api, 'erin', query)).filter(({ type }) => type === 'SessionClosed').map(({ time }) => time)
  assert.deepEqual(await times('?since_ms=20'), [20, 30, 40])
  assert.deepEqual(await times('?last=2'), [30, 40])
  assert.deepEqual(await times(`?session=${session}`), [40])
  assert.deepEqual(await times(`?since_ms=15&last=1&session=${session}`), [40])
})

test('after a position there is what follows it', async () => {
  const api = scriptedApi()
  for (const time of [10, 20, 30]) await append(api, 'control', time)
  const times = (await lines(api, 'erin', '?after=2')).map(({ time }) => time)
  assert.deepEqual(times, [30])
})

test('types choose among the events, and whose a session is stays known', async () => {
  const api = scriptedApi()
  const session = await api.open('alice')
  await append(api, session)
  await append(api, 'control')
  const types = async (token: string, query: string): Promise<readonly string[]> =>
    (await lines(api, token, query)).map(({ type }) => type)
  assert.deepEqual(await types('erin', '?types=SessionOpened,DecisionMade'), ['SessionOpened'])
  assert.deepEqual(await types('alice', '?types=SessionClosed'), ['SessionClosed'])
})

test('the whole log is for auditors', async () => {
  const api = scriptedApi()
  const session = await api.open('alice')
  await append(api, 'control')
  assert.equal((await lines(api, 'erin', '?whole=true')).length, 2)
  const answer = await api.app.inject({
    url: `/v1/events?whole=true&session=${session}`,
    headers: bearer('alice'),
  })
  assert.equal(answer.statusCode, 403)
  assert.match(answer.json().detail, /needs the role auditor/)
})

test('a position that is not in the log is refused before anything is answered', async () => {
  const { app, store } = scriptedApi()
  store.read = () => {
    throw new RangeError('this is not a position in this log')
  }
  const answer = await app.inject({ url: '/v1/events?after=9', headers: bearer('erin') })
  assert.deepEqual(
    [answer.statusCode, answer.json().detail],
    [400, 'There is no such position in the log, or what followed it was removed by retention.'],
  )
})

const wrong = [
  '?last=0',
  '?last=x',
  '?last=100001',
  '?since_ms=-1',
  '?follow=perhaps',
  '?session=ses_1',
  '?sinse=1',
]

for (const query of wrong)
  test(`${query} is refused, not ignored`, async () => {
    const { app } = scriptedApi()
    const answer = await app.inject({ url: `/v1/events${query}`, headers: bearer('erin') })
    assert.equal(answer.statusCode, 400)
    assert.equal(answer.json().title, 'bad_request')
    assert.match(answer.json().detail, new RegExp(query.slice(1).split('=')[0] ?? ''))
  })

test('follow goes on with what comes, for whom it is meant, until the reader leaves', async () => {
  const api = scriptedApi()
  const alices = await api.open('alice')
  const base = await api.app.listen({ host: '127.0.0.1', port: 0 })
  const leaving = new AbortController()
  const response = await fetch(`${base}/v1/events?follow=true`, {
    headers: bearer('alice'),
    signal: leaving.signal,
  })
  assert.ok(response.body)
  const reading = createInterface({ input: Readable.fromWeb(response.body) })
  reading.on('error', () => {})
  const seen: string[] = []
  reading.on('line', (text) => seen.push((JSON.parse(text) as Line).type))
  await once(reading, 'line')
  const bobs = await api.open('bob')
  await append(api, bobs)
  await append(api, alices)
  await once(reading, 'line')
  assert.deepEqual(seen, ['SessionOpened', 'SessionClosed'])
  leaving.abort()
  await api.app.close()
})

test('who acts for one person reads nothing of what it did for another', async () => {
  let person = 'test#bob'
  const authenticator = {
    authenticate: async () => {
      const { subject, ...rest } = identityOf('alice')
      return { ...rest, subject: { ...subject, on_behalf_of: person } }
    },
  }
  const api = scriptedApi({ authenticator })
  await api.store.append({ stream: 'ses_1', events: [opened('ses_1', person)] })
  assert.equal((await lines(api, 'alice')).length, 1)
  person = 'test#carol'
  assert.deepEqual(await lines(api, 'alice'), [])
})

test('nobody follows with a token that has expired', async () => {
  const authenticator = {
    authenticate: async () => ({ ...identityOf('erin'), expiresAt: Date.now() + 300 }),
  }
  const api = scriptedApi({ authenticator })
  after(() => api.app.close())
  const base = await api.app.listen({ host: '127.0.0.1', port: 0 })
  const signal = AbortSignal.timeout(5_000)
  const response = await fetch(`${base}/v1/events?follow=true`, { headers: bearer('erin'), signal })
  assert.equal(await response.text(), '')
})

test('no token, no events', async () => {
  const { app } = scriptedApi()
  assert.equal((await app.inject('/v1/events')).statusCode, 401)
  const head = await app.inject({ url: '/v1/events?follow=true', method: 'HEAD', headers: bearer('erin') })
  assert.equal(head.statusCode, 404, 'a stream without a body would never end')
})
