import { test } from 'node:test'
import assert from 'node:assert/strict'
import { bearer, scriptedApi } from './scripted.ts'
import type { SessionRecord } from './session-line.ts'
import type { SessionsSought } from './session-records.ts'
import type { SessionPage } from './session-search.ts'

function record(number: number, change: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: `ses_${String(number).padStart(26, '0')}`,
    state: 'closed',
    gateway: 'other',
    target: 'shop',
    protocol: 'postgres',
    subject: 'test#alice',
    on_behalf_of: null,
    client_ip: '::1',
    application: 'psql\u202e',
    run: null,
    opened_ms: 1_000 * number,
    token_id: 't',
    token_expires_ms: 9,
    requests: number,
    denied: 0,
    rows: 3,
    bytes: 4,
    tokens: 0,
    cost_micros: 0,
    ...change,
  }
}

function api(records: readonly SessionRecord[] = []) {
  const asked: SessionsSought[] = []
  const scripted = scriptedApi({
    records: {
      get: () => undefined,
      list: () => [],
      search(wanted) {
        asked.push(wanted)
        return { sessions: records.slice(0, wanted.last), total: records.length }
      },
    },
  })
  const open = (token: string): Promise<string> => scripted.open(token)
  const get = async (token: string, query = '') =>
    scripted.app.inject({ url: `/v1/sessions/search${query}`, headers: bearer(token) })
  return { asked, get, open }
}

test('a page, and where the next one begins', async () => {
  const { get, asked } = api([record(9), record(8), record(7)])
  const page = (await get('erin', '?last=2&sort=requests&text=psql')).json<SessionPage>()
  assert.deepEqual([page.sessions.length, page.total, page.next], [2, 3, `8.${record(8).id}`])
  assert.ok(!page.sessions[0]?.application?.includes('\u202e'))
  await get('erin', `?sort=requests&after=${page.next}`)
  assert.deepEqual(asked[1]?.after, { value: 8, id: record(8).id })
  assert.deepEqual([asked[0]?.sort, asked[0]?.order, asked[0]?.text], ['requests', 'descending', 'psql'])
  assert.equal((await get('erin', '?last=50')).json<SessionPage>().next, null)
})

test('A13 others are found by admins and auditors alone', async () => {
  const { get, asked } = api()
  for (const token of ['erin', 'grace']) await get(token)
  assert.deepEqual(
    asked.map(({ subject, on_behalf_of }) => [subject, on_behalf_of]),
    [
      [undefined, undefined],
      [undefined, undefined],
    ],
  )
  await get('alice')
  assert.deepEqual([asked[2]?.subject, asked[2]?.on_behalf_of], ['test#alice', null])
  assert.deepEqual((await get('alice', '?subject=test%23bob')).json(), { sessions: [], total: 0, next: null })
  assert.equal(asked.length, 3)
})

test('what lives here is told as it is now', async () => {
  const records: SessionRecord[] = []
  const { get, open } = api(records)
  const id = await open('alice')
  records.push(record(1, { id, state: 'open', requests: 0 }))
  const [line] = (await get('alice')).json<SessionPage>().sessions
  assert.deepEqual([line?.id, line?.gateway, line?.state], [id, 'test', 'open'])
})

for (const query of [
  '?sort=subject',
  '?order=up',
  '?after=1',
  '?after=1.exc_1',
  '?last=501',
  '?text=',
  '?x=1',
  '?state=any',
])
  test(`${query} is no search`, async () => {
    const { get, asked } = api()
    assert.equal((await get('erin', query)).statusCode, 400)
    assert.deepEqual(asked, [])
  })
