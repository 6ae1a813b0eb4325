import { test } from 'node:test'
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
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

test('a body that does not come whole in time is given up, and nothing is done', async () => {
  const { app, store } = scriptedApi({ bounds: { requestWaitMs: 300 } })
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const slow = connect({ host: '127.0.0.1', port: Number(port) })
  slow.write(
    'POST /v1/approvals/apr_00000000000000000000000000/votes HTTP/1.1\r\nHost: x\r\n' +
      'Authorization: Bearer dave\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{"vote"',
  )
  assert.match(await text(slow), /^HTTP\/1\.1 408 /)
  for await (const event of store.read()) assert.fail(event.type)
  await app.close()
})
