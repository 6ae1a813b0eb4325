import { test } from 'node:test'
import assert from 'node:assert/strict'
import { tokenIn, type Proof, refusal, StoreError, type Identity } from '@sluice/core'
import { bearer, identityOf, scriptedApi, type ScriptedApi } from './scripted.ts'

function extend({ app }: ScriptedApi, session: string, token: string) {
  return app.inject({ url: `/v1/sessions/${session}/token`, method: 'POST', headers: bearer(token) })
}

async function types({ store }: ScriptedApi): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { type } of store.read()) found.push(type)
  return found
}

test('a fresh token of the same subject carries the session on, and is recorded', async () => {
  const api = scriptedApi()
  const session = await api.open('alice')
  const answer = await extend(api, session, 'alice/2')
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(answer.json(), { session, expires_at: '2096-10-02T07:06:40.000Z' })
  assert.equal(api.engine.session(session)?.identity.tokenId, 'alice/2')
  assert.deepEqual(await types(api), ['SessionOpened', 'SessionExtended'])
})

test("somebody else's session answers exactly like one that does not exist", async () => {
  const api = scriptedApi()
  const session = await api.open('alice')
  const foreign = await extend(api, session, 'bob')
  const absent = await extend(api, 'ses_00000000000000000000000000', 'bob')
  assert.equal(foreign.statusCode, 404)
  assert.deepEqual([foreign.statusCode, foreign.json()], [absent.statusCode, absent.json()])
  const auditor = await extend(api, session, 'erin')
  assert.equal(auditor.statusCode, 404, 'an auditor reads, and does not act')
  assert.equal(api.engine.session(session)?.identity.tokenId, 'alice')
  assert.deepEqual(await types(api), ['SessionOpened'])
})

test('without a usable token nothing is extended', async () => {
  const api = scriptedApi()
  const session = await api.open('alice')
  assert.equal((await extend(api, session, 'mallory')).statusCode, 401)
  const bare = await api.app.inject({ url: `/v1/sessions/${session}/token`, method: 'POST' })
  assert.equal(bare.statusCode, 401)
})

test('a closed session cannot be carried on', async () => {
  const api = scriptedApi()
  const session = await api.open('alice')
  await api.engine.session(session)?.close('gone')
  assert.equal((await extend(api, session, 'alice')).statusCode, 404)
})

test('what cannot be recorded does not happen', async () => {
  const api = scriptedApi()
  const session = await api.open('alice')
  api.store.failure = new StoreError('unavailable', 'no log')
  const answer = await extend(api, session, 'alice/2')
  assert.deepEqual([answer.statusCode, answer.json().title], [503, 'log_unavailable'])
  assert.equal(api.engine.session(session)?.identity.tokenId, 'alice')
})

function replace({ app }: ScriptedApi, former: string, token: string) {
  const payload = { replaces: former }
  return app.inject({ url: '/v1/sessions/token', method: 'POST', headers: bearer(token), payload })
}

test('who holds both tokens carries on all that lives by the former, and nothing else', async () => {
  const api = scriptedApi()
  const tokenOf = (id: string): string | null | undefined => api.engine.session(id)?.identity.tokenId
  const [first, second, other, bobs] = await Promise.all(
    ['alice', 'alice', 'alice/1', 'bob'].map((token) => api.open(token)),
  )
  const answer = await replace(api, 'alice', 'alice/2')
  assert.deepEqual(answer.json(), { extended: 2, expires_at: '2096-10-02T07:06:40.000Z' })
  assert.deepEqual(
    [first, second, other, bobs].map((id) => tokenOf(id ?? '')),
    ['alice/2', 'alice/2', 'alice/1', 'bob'],
  )
  assert.equal((await replace(api, 'alice', 'alice/3')).json().extended, 0, 'they live by another one now')
  assert.equal((await replace(api, 'alice/2', 'alice/3')).json().extended, 2)
})

test('what is known of somebody is by the newer token, which is looked at last', async () => {
  const seen: string[] = []
  const authenticate = async (proof: Proof): Promise<Identity> => {
    const token = tokenIn(proof)
    seen.push(token)
    return identityOf(token)
  }
  const api = scriptedApi({ authenticator: { authenticate } })
  await api.open('alice')
  assert.equal((await replace(api, 'alice', 'alice/2')).json().extended, 1)
  assert.deepEqual([seen.includes('alice'), seen.at(-1)], [true, 'alice/2'])
})

test("nobody carries on with somebody else's token, a wrong one or none", async () => {
  const api = scriptedApi()
  const session = await api.open('alice')
  assert.equal((await replace(api, 'alice', 'bob')).statusCode, 401)
  assert.equal((await replace(api, 'mallory', 'alice/2')).statusCode, 401)
  assert.equal((await replace(api, 'alice', 'mallory')).statusCode, 401)
  assert.equal(api.engine.session(session)?.identity.tokenId, 'alice')
  assert.deepEqual(await types(api), ['SessionOpened'])
})

test('what cannot be recorded is not carried on by both tokens either, and is when it can be', async () => {
  const api = scriptedApi()
  const session = await api.open('alice')
  api.store.failure = new StoreError('unavailable', 'no log')
  assert.equal((await replace(api, 'alice', 'alice/2')).statusCode, 503)
  assert.equal(api.engine.session(session)?.identity.tokenId, 'alice')
  api.store.failure = undefined
  assert.equal((await replace(api, 'alice', 'alice/2')).json().extended, 1)
})

test('a session that only finishes what runs is not carried on', async () => {
  const api = scriptedApi()
  const session = await api.open('alice')
  const live = api.engine.session(session)
  live?.end(refusal('draining', 'sluice/draining', 'It stops.'), 60_000)
  assert.equal((await extend(api, session, 'alice/2')).statusCode, 503)
  assert.equal((await replace(api, 'alice', 'alice/2')).json().extended, 0)
  assert.equal(live?.identity.tokenId, 'alice')
})

function kill({ app }: ScriptedApi, session: string, token: string, payload: object = {}) {
  return app.inject({ url: `/v1/sessions/${session}/kill`, method: 'POST', headers: bearer(token), payload })
}

async function killed({ store }: ScriptedApi): Promise<readonly unknown[]> {
  const found: unknown[] = []
  for await (const event of store.read())
    if (event.type === 'SessionKilled') found.push([event.stream, event.data])
  return found
}

test('the list has one’s own sessions; admins and auditors see all', async () => {
  const api = scriptedApi()
  const alices = await api.open('alice')
  const bobs = await api.open('bob')
  const ids = async (token: string): Promise<readonly string[]> => {
    const answer = await api.app.inject({ url: '/v1/sessions', headers: bearer(token) })
    return answer.json<readonly { id: string }[]>().map(({ id }) => id)
  }
  assert.deepEqual(await ids('alice'), [alices])
  assert.deepEqual(await ids('dave'), [])
  assert.deepEqual(await ids('erin'), [alices, bobs])
  assert.deepEqual(await ids('grace'), [alices, bobs])
})

for (const token of ['alice', 'grace'])
  test(`${token} ends a session: recorded first, and then at once`, async () => {
    const api = scriptedApi()
    const session = await api.open('alice')
    const live = api.engine.session(session)
    const answer = await kill(api, session, token, { reason: 'runs wild' })
    assert.deepEqual([answer.statusCode, answer.json()], [200, { session, state: 'killed' }])
    assert.deepEqual(await killed(api), [['control', { session, by: `test#${token}`, reason: 'runs wild' }]])
    assert.equal(live?.ending.requested?.rule, 'sluice/killed')
  })

test('who may not end a session changes nothing', async () => {
  const api = scriptedApi()
  const session = await api.open('alice')
  assert.equal((await kill(api, session, 'bob')).statusCode, 404)
  assert.equal((await kill(api, session, 'erin')).statusCode, 403, 'an auditor reads, and does not act')
  assert.equal((await kill(api, session, 'mallory')).statusCode, 401)
  const get = { url: `/v1/sessions/${session}/kill`, headers: bearer('grace') }
  assert.equal((await api.app.inject(get)).statusCode, 404, 'reading ends nothing')
  assert.equal(api.engine.session(session)?.ending.requested, undefined)
  assert.deepEqual(await killed(api), [])
})

test('an end that cannot be recorded does not happen', async () => {
  const api = scriptedApi()
  const session = await api.open('alice')
  api.store.failure = new StoreError('unavailable', 'no log')
  assert.equal((await kill(api, session, 'grace')).statusCode, 503)
  assert.equal(api.engine.session(session)?.ending.requested, undefined)
})

test('a subject that acts for somebody finds none of what it did for others', async () => {
  const { subject, ...rest } = identityOf('alice')
  const acting = { ...rest, subject: { ...subject, on_behalf_of: 'test#bob' } }
  const api = scriptedApi({ authenticator: { authenticate: async () => acting } })
  const session = await api.open('alice')
  const ask = (url: string, method: 'GET' | 'POST' = 'GET') =>
    api.app.inject({ url, method, headers: bearer('alice'), ...(method === 'POST' && { payload: {} }) })
  assert.deepEqual((await ask('/v1/sessions?all=true')).json(), [])
  for (const path of ['', '/exchanges', '/recording'])
    assert.equal((await ask(`/v1/sessions/${session}${path}`)).statusCode, 404, path)
  for (const path of ['/kill', '/token'])
    assert.equal((await ask(`/v1/sessions/${session}${path}`, 'POST')).statusCode, 404, path)
  assert.equal(api.engine.session(session)?.id, session)
})
