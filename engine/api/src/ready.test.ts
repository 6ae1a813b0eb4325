import { test } from 'node:test'
import assert from 'node:assert/strict'
import { scriptedApi } from './scripted.ts'

test('readiness needs no token and says which part is missing', async () => {
  const { app, store } = scriptedApi()
  const ready = await app.inject('/readyz')
  assert.deepEqual([ready.statusCode, ready.json()], [200, { ready: true, checks: { log: true } }])
  store.healthy = false
  const unready = await app.inject('/readyz')
  assert.deepEqual([unready.statusCode, unready.json()], [503, { ready: false, checks: { log: false } }])
})
