import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { once } from 'node:events'
import { openLoopback } from './loopback.ts'

const signal = AbortSignal.timeout(60_000)

function visit(url: string): Promise<Response> {
  return fetch(url, { redirect: 'manual' })
}

suite('the port of a login', () => {
  test('leads a browser to where the login is, once', async () => {
    using loopback = await openLoopback()
    const opened = loopback.leadingTo('https://idp.example/authorize?state=secret&nonce=secret')
    assert.match(opened, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}$/)
    const answered = loopback.answer('secret', signal)
    const first = await visit(opened)
    assert.deepEqual(
      [first.status, first.headers.get('location')],
      [302, 'https://idp.example/authorize?state=secret&nonce=secret'],
    )
    const [second] = await Promise.all([visit(opened), assert.rejects(answered, /opened twice/)])
    assert.deepEqual([second.status, second.headers.get('location')], [410, null])
  })

  test('takes the answer of its own login alone', async () => {
    using loopback = await openLoopback()
    const early = await visit(`${loopback.redirect}?state=a&code=1`)
    assert.equal(early.status, 400)
    const answered = loopback.answer('a', signal)
    for (const query of ['', '?state=b', '?state=a&state=b', '?state=a&state=a'])
      assert.equal((await visit(loopback.redirect + query)).status, 400)
    assert.equal((await visit(loopback.redirect.replace('callback', 'other'))).status, 404)
    assert.equal((await fetch(loopback.redirect, { method: 'POST' })).status, 404)
    const good = visit(`${loopback.redirect}?state=a&code=1`)
    const { current, tell } = await answered
    assert.equal(current.searchParams.get('code'), '1')
    tell('Done.')
    assert.equal(await (await good).text(), 'Done.\n')
  })

  test('is not reached under another name, as pages of other sites try', async () => {
    using loopback = await openLoopback()
    const asked = request(loopback.leadingTo('https://idp.example/'), {
      headers: { host: 'evil.example' },
    }).end()
    const [response] = (await once(asked, 'response')) as [{ statusCode: number; resume: () => void }]
    response.resume()
    assert.equal(response.statusCode, 404)
  })
})
