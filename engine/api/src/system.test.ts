import { test } from 'node:test'
import assert from 'node:assert/strict'
import { bearer, scriptedApi } from './scripted.ts'
import type { SystemState } from './system.ts'

const state: SystemState = {
  gateway: 'gw-a',
  sessions: 3,
  log: { healthy: false, queued_bytes: 9 },
  read_models: { healthy: true, lag_ms: 12 },
  exporters: [
    {
      name: 'siem',
      documents: 7,
      dead_letters: 1,
      lag_events: 4,
      lag_ms: 1_500,
      trouble: 'refused: 403',
      format: 'ocsf',
      sink: 'splunk',
      destination: 'https://siem',
      events: 12,
      done_at: '2026-11-27T10:00:00.000Z',
      last_trouble: { at: '2026-11-27T10:00:01.000Z', reason: 'refused: 403' },
    },
  ],
}

test('how the gateway is, for admins and auditors alone', async () => {
  const readiness = () => ({ ready: false, checks: { log: false } })
  const { app } = scriptedApi({ system: () => state, readiness })
  const get = (token: string) => app.inject({ url: '/v1/system', headers: bearer(token) })
  for (const token of ['erin', 'grace'])
    assert.deepEqual((await get(token)).json(), { ...state, ready: false, checks: { log: false } })
  for (const token of ['alice', 'dave']) assert.equal((await get(token)).statusCode, 403)
  assert.equal((await app.inject('/v1/system')).statusCode, 401)
})
