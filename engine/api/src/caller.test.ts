import { test } from 'node:test'
import assert from 'node:assert/strict'
import { scriptedApi } from './scripted.ts'

const refused: Readonly<Record<string, string | undefined>> = {
  'no header': undefined,
  'an empty one': '',
  'another scheme': 'Basic YWxpY2U6',
  'a scheme without a token': 'Bearer',
  'an empty token': 'Bearer ',
  'two tokens': 'Bearer alice erin',
  'a token of nobody': 'Bearer mallory',
}

for (const [name, authorization] of Object.entries(refused))
  test(`${name} is refused as RFC 6750 says`, async () => {
    const { app } = scriptedApi()
    const headers = authorization === undefined ? {} : { authorization }
    const answer = await app.inject({ url: '/v1/targets', headers })
    assert.equal(answer.statusCode, 401)
    assert.equal(answer.headers['www-authenticate'], 'Bearer')
    assert.equal(answer.json().title, 'token_refused')
    assert.doesNotMatch(answer.body, /mallory|YWxpY2U6/, 'a token is never repeated')
  })

test('the scheme is compared without case, and a cookie is nothing', async () => {
  const { app } = scriptedApi()
  const headers = { authorization: 'bEaReR alice' }
  assert.equal((await app.inject({ url: '/v1/targets', headers })).statusCode, 200)
  const cookie = { cookie: 'authorization=Bearer alice; token=alice' }
  assert.equal((await app.inject({ url: '/v1/targets', headers: cookie })).statusCode, 401)
})
