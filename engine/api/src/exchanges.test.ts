import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { NewEvent } from '@sluice/core'
import { bearer, scriptedApi, ScriptedStore, type ScriptedApi } from './scripted.ts'

function get({ app }: ScriptedApi, path: string, token: string) {
  return app.inject({ url: `/v1/sessions/${path}`, headers: bearer(token) })
}

async function request({ store }: ScriptedApi, session: string, exchange: string): Promise<void> {
  const actions = '[{"name":"sql.select","kind":"select","relations":[]}]'
  const data = { session, exchange, actions, digest: '', bytes: 8 }
  const event: NewEvent = { id: exchange, type: 'RequestReceived', time: 1, data }
  await store.append({ stream: session, events: [event] })
}

test('a session and its exchanges, while it is open and when it is over', async () => {
  const api = scriptedApi()
  const session = await api.open('alice')
  await request(api, session, 'exc_1')
  const open = await get(api, session, 'alice')
  assert.deepEqual(
    [open.statusCode, open.json().state, open.json().subject, open.json().client_ip],
    [200, 'open', 'test#alice', '127.0.0.1'],
  )
  await api.engine.session(session)?.close('gone')
  const closed = await get(api, session, 'erin')
  assert.deepEqual([closed.json().state, closed.json().target], ['closed', 'shop'])
  for (const token of ['alice', 'erin', 'grace']) {
    const { statusCode, body } = await get(api, `${session}/exchanges`, token)
    assert.equal(statusCode, 200)
    assert.deepEqual(
      (JSON.parse(body) as readonly { exchange: string }[]).map(({ exchange }) => exchange),
      ['exc_1'],
    )
  }
})

for (const path of ['', '/exchanges'])
  for (const state of ['open', 'closed'])
    test(`somebody else's ${state} session${path} answers like one that never was`, async () => {
      const api = scriptedApi()
      const session = await api.open('alice')
      if (state === 'closed') await api.engine.session(session)?.close('gone')
      for (const token of ['bob', 'dave']) {
        const foreign = await get(api, `${session}${path}`, token)
        const absent = await get(api, `ses_00000000000000000000000000${path}`, token)
        assert.equal(foreign.statusCode, 404)
        assert.equal(foreign.body, absent.body)
      }
      assert.equal((await api.app.inject(`/v1/sessions/${session}${path}`)).statusCode, 401)
    })

test('no token, no reading of the log', async () => {
  const store = new ScriptedStore()
  let reads = 0
  const read = store.read.bind(store)
  store.read = (after) => (reads++, read(after))
  const { app } = scriptedApi({}, store)
  const url = '/v1/sessions/ses_00000000000000000000000000'
  assert.equal((await app.inject({ url, headers: bearer('mallory') })).statusCode, 401)
  assert.equal((await app.inject({ url: `${url}/exchanges` })).statusCode, 401)
  assert.equal(reads, 0)
  assert.equal((await app.inject({ url, headers: bearer('alice') })).statusCode, 404)
  assert.equal(reads, 1)
})
