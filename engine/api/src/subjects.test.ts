import { test } from 'node:test'
import assert from 'node:assert/strict'
import { bearer, identityOf, scriptedApi } from './scripted.ts'
import type { SessionRecord } from './session-line.ts'
import type { SubjectLine } from './subjects.ts'

const session: SessionRecord = {
  id: 'ses_00000000000000000000000000',
  state: 'open',
  gateway: 'other',
  target: 'shop',
  protocol: 'postgres',
  subject: 'test#bob',
  on_behalf_of: null,
  client_ip: '10.0.0.1',
  application: null,
  run: null,
  opened_ms: 9_000,
  token_id: 'tok_1',
  token_expires_ms: 20_000,
  requests: 0,
  denied: 0,
  rows: 0,
  bytes: 0,
  tokens: 0,
  cost_micros: 0,
}

test('who was seen here or has a session anywhere, who was last first', async () => {
  const list = ({ state }: { readonly state?: string }) =>
    state === 'open' ? [session, { ...session, id: 'ses_00000000000000000000000001' }] : []
  const minted = { ...identityOf('carol'), tokenId: 'pwd_00000000000000000000000000' }
  const { app } = scriptedApi({
    seen: () => [
      { identity: identityOf('carol'), at: 10_000 },
      { identity: identityOf('alice'), at: 8_000 },
    ],
    records: { get: () => undefined, list, search: () => ({ sessions: [], total: 0 }) },
    passwords: {
      mint: () => Promise.reject(new Error('none')),
      of: () => undefined,
      list: () => [minted],
      healthy: true,
      close: async () => {},
    },
  })
  const get = (token: string, query = '') =>
    app.inject({ url: `/v1/subjects${query}`, headers: bearer(token) })
  const lines = (await get('erin')).json<readonly SubjectLine[]>()
  assert.deepEqual(
    lines.map(({ subject, groups, sessions, passwords }) => [subject, groups, sessions, passwords]),
    [
      ['test#carol', ['dba', 'operators'], 0, ['pwd_00000000000000000000000000']],
      ['test#bob', null, 2, []],
      ['test#alice', ['analysts'], 0, []],
    ],
  )
  assert.equal(lines[1]?.seen_at, '1970-01-01T00:00:09.000Z')
  const found = (await get('grace', '?text=ANALYSTS')).json<readonly SubjectLine[]>()
  assert.deepEqual(
    found.map(({ subject }) => subject),
    ['test#alice'],
  )
  assert.equal((await get('alice')).statusCode, 403)
})
