import { test } from 'node:test'
import assert from 'node:assert/strict'
import { refusal, refusalCodes, Refused, StoreError } from '@sluice/core'
import { bearer, scriptedApi } from './scripted.ts'

function failing(error: unknown): ReturnType<typeof scriptedApi>['app'] {
  return scriptedApi({ authenticator: { authenticate: () => Promise.reject(error) } }).app
}

for (const code of refusalCodes)
  test(`a refusal "${code}" leaves as problem+json with a status that is not success`, async () => {
    const app = failing(new Refused(refusal(code, 'test/rule', 'No, because.')))
    const answer = await app.inject({ url: '/v1/targets', headers: bearer('alice') })
    assert.ok(answer.statusCode >= 400)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
    assert.deepEqual(answer.json(), {
      type: `https://sluice.dev/problems/${code}`,
      title: code,
      status: answer.statusCode,
      detail: 'No, because.',
    })
  })

test('what breaks inside is 500 and says nothing of it', async () => {
  const app = failing(new Error('password hunter2 at /srv/keys'))
  const answer = await app.inject({ url: '/v1/targets', headers: bearer('alice') })
  assert.deepEqual([answer.statusCode, answer.json().title], [500, 'internal'])
  assert.doesNotMatch(answer.body, /hunter2|keys|stack/)
})

test('a log that is down is 503', async () => {
  const app = failing(new StoreError('unavailable', 'disk /dev/sda1'))
  const answer = await app.inject({ url: '/v1/targets', headers: bearer('alice') })
  assert.deepEqual([answer.statusCode, answer.json().title], [503, 'log_unavailable'])
  assert.doesNotMatch(answer.body, /sda1/)
})

const wrong: readonly (readonly [string, 'GET' | 'POST' | 'DELETE', number])[] = [
  ['/nowhere?token=secret', 'GET', 404],
  ['/v1/targets', 'DELETE', 404],
  ['/v1/token', 'GET', 404],
  ['/v1/sessions/%zz/token', 'POST', 400],
]

for (const [url, method, status] of wrong)
  test(`${method} ${url} is ${status} as problem+json`, async () => {
    const answer = await scriptedApi().app.inject({ url, method })
    assert.equal(answer.statusCode, status)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
    assert.equal(answer.json().status, status)
    assert.doesNotMatch(answer.body, /secret/, 'a query may hold a secret')
  })

test('a body above the limit is 413, before anything reads it', async () => {
  const answer = await scriptedApi().app.inject({
    url: '/v1/token',
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: `subject_token=${'x'.repeat(70_000)}`,
  })
  assert.equal(answer.statusCode, 413)
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
})
