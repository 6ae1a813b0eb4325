import { test } from 'node:test'
import assert from 'node:assert/strict'
import { scriptedApi } from './scripted.ts'
import type { Exchange, TokenAnswer } from './token.ts'

const form = 'application/x-www-form-urlencoded'

function exchanging(
  answer: TokenAnswer | Error = { status: 200, body: { access_token: 'slu_1', expires_in: 900 } },
) {
  const asked: Readonly<Record<string, string>>[] = []
  const exchange: Exchange = async (parameters) => {
    asked.push(parameters)
    if (answer instanceof Error) throw answer
    return answer
  }
  const { app } = scriptedApi({ exchange })
  const post = (payload: string, type = form) =>
    app.inject({ url: '/v1/token', method: 'POST', payload, headers: { 'content-type': type } })
  return { asked, post }
}

test('a form is exchanged as it was written', async () => {
  const { asked, post } = exchanging()
  const answer = await post('grant_type=urn%3Ax&subject_token=a+b%26c&empty=', `${form}; charset=utf-8`)
  assert.deepEqual([answer.statusCode, answer.json()], [200, { access_token: 'slu_1', expires_in: 900 }])
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.deepEqual(asked, [{ grant_type: 'urn:x', subject_token: 'a b&c', empty: '' }])
})

test("the exchange's own refusal is passed on", async () => {
  const { post } = exchanging({
    status: 400,
    body: { error: 'invalid_target', error_description: 'Not here.' },
  })
  const answer = await post('grant_type=x')
  assert.equal(answer.statusCode, 400)
  assert.deepEqual(answer.json(), { error: 'invalid_target', error_description: 'Not here.' })
})

const unusable: readonly (readonly [string, string, string, RegExp])[] = [
  ['a parameter that comes twice', 'subject_token=a&subject_token=b', form, /once/],
  ['one that comes twice with the same value', 'grant_type=a&x=1&grant_type=a', form, /once/],
  ['JSON', '{"grant_type":"x"}', 'application/json', /form-urlencoded/],
  ['a JSON array', '[["grant_type","x"]]', 'application/json', /form-urlencoded/],
]

for (const [name, payload, type, expected] of unusable)
  test(`${name} is invalid_request and never exchanged`, async () => {
    const { asked, post } = exchanging()
    const answer = await post(payload, type)
    assert.equal(answer.statusCode, 400)
    assert.equal(answer.json().error, 'invalid_request')
    assert.match(answer.json().error_description, expected)
    assert.deepEqual(asked, [])
  })

test('another media type is 415, a missing one and an empty form reach nobody with a token', async () => {
  const { asked, post } = exchanging()
  assert.equal((await post('grant_type=x', 'text/xml')).statusCode, 415)
  assert.equal((await post('{"a":', 'application/json')).statusCode, 400)
  await post('')
  assert.ok(asked.every((parameters) => Object.keys(parameters).length === 0))
})

test('a parameter named like a property of every object is only a parameter', async () => {
  const { asked, post } = exchanging()
  await post('__proto__=x&constructor=y')
  assert.deepEqual(Object.entries(asked[0] ?? {}), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
})

test('a failure inside says nothing of the token', async () => {
  const { post } = exchanging(new Error('cannot verify eyJhbGciOi'))
  const answer = await post('subject_token=eyJhbGciOi')
  assert.equal(answer.statusCode, 500)
  assert.doesNotMatch(answer.body, /eyJ/)
})
