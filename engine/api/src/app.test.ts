import { test } from 'node:test'
import assert from 'node:assert/strict'
import { bearer, scriptedApi } from './scripted.ts'

const answers = ['/readyz', '/v1/targets', '/v1/events', '/nowhere', '/v1/sessions/%zz', '/v1/events?last=no']

for (const url of answers)
  test(`${url} is never cached and never sniffed`, async () => {
    const { headers } = await scriptedApi().app.inject({ url, headers: bearer('erin') })
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['x-content-type-options'], 'nosniff')
  })

test('no page of another origin is let in', async () => {
  const headers = { ...bearer('erin'), origin: 'https://evil.example' }
  const answer = await scriptedApi().app.inject({ url: '/v1/targets', headers })
  assert.equal(answer.headers['access-control-allow-origin'], undefined)
  const preflight = await scriptedApi().app.inject({ url: '/v1/targets', method: 'OPTIONS', headers })
  assert.equal(preflight.statusCode, 404)
})
