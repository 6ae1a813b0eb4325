import { test } from 'node:test'
import assert from 'node:assert/strict'
import { bearer, scriptedApi } from './scripted.ts'

const bounds = { subjectPerMinute: 3, addressPerMinute: 2 }

async function statuses(asks: readonly (string | null)[]): Promise<readonly number[]> {
  const { app } = scriptedApi({ bounds })
  const found: number[] = []
  for (const token of asks) {
    const headers = token === null ? {} : bearer(token)
    found.push((await app.inject({ url: '/v1/targets', headers })).statusCode)
  }
  return found
}

test('a subject has one budget under all of its tokens, and others have their own', async () => {
  assert.deepEqual(
    await statuses(['alice', 'alice/2', 'alice/3', 'alice/4', 'erin']),
    [200, 200, 200, 429, 200],
  )
})

test('who names nobody shares the budget of the address, however the token is varied', async () => {
  assert.deepEqual(await statuses(['mallory', 'guess', null, 'another', 'alice']), [401, 401, 429, 429, 200])
})

test('a refused request is a problem document, and says when to come again', async () => {
  const { app } = scriptedApi({ bounds: { subjectPerMinute: 1 } })
  await app.inject({ url: '/v1/targets', headers: bearer('alice') })
  const answer = await app.inject({ url: '/v1/targets', headers: bearer('alice') })
  assert.equal(answer.statusCode, 429)
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
  assert.equal(answer.json().title, 'too_many')
  assert.ok(Number(answer.headers['retry-after']) > 0)
  assert.equal(answer.headers['x-content-type-options'], 'nosniff')
})

test('a probe of readiness is never refused', async () => {
  const { app } = scriptedApi({ bounds: { addressPerMinute: 1 } })
  for (let count = 0; count < 5; count++) assert.equal((await app.inject('/readyz')).statusCode, 200)
})
