import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { Because, LegalHold, Selector } from '@sluice/core'
import type { ErasureResult } from './erasures.ts'
import { bearer, scriptedApi } from './scripted.ts'

function api(result: ErasureResult = { kind: 'erased', sessions: 2, keys: 5 }) {
  const asked: (readonly [Selector, Because])[] = []
  const { app } = scriptedApi({
    erase: async (selector, because) => {
      asked.push([selector, because])
      return result
    },
  })
  const post = (token: string, payload: object) =>
    app.inject({ method: 'POST', url: '/v1/erasures', headers: bearer(token), payload })
  return { asked, post }
}

test('an admin erases by session, subject or label, and says why', async () => {
  const { asked, post } = api()
  const answer = await post('grace', { subject: 'test#alice', reason: 'asked for it' })
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(answer.json(), { selector: 'subject=test#alice', sessions: 2, keys: 5 })
  assert.deepEqual(asked, [
    [
      { kind: 'subject', subject: 'test#alice' },
      { by: 'test#grace', reason: 'asked for it' },
    ],
  ])
  const session = 'ses_01M8A3CF2M00000MB6X3TDGJ82'
  assert.equal((await post('grace', { session, reason: 'r' })).statusCode, 200)
  assert.equal((await post('grace', { label: 'env=prod', reason: 'r' })).statusCode, 200)
})

test('nobody else does, and nothing is read for them', async () => {
  const { asked, post } = api()
  for (const who of ['alice', 'erin', 'dave'])
    assert.equal((await post(who, { subject: 'test#alice', reason: 'r' })).statusCode, 403)
  assert.deepEqual(asked, [])
})

test('what is not exactly one thing is refused', async () => {
  const { asked, post } = api()
  for (const body of [
    {},
    { reason: 'r' },
    { subject: 'a' },
    { subject: 'a', session: 'ses_01M8A3CF2M00000MB6X3TDGJ82', reason: 'r' },
    { label: 'nothing', reason: 'r' },
    { session: 'all', reason: 'r' },
    { everything: true, reason: 'r' },
  ])
    assert.equal((await post('grace', body)).statusCode, 400, JSON.stringify(body))
  assert.deepEqual(asked, [])
})

test('open sessions must end first', async () => {
  const { post } = api({ kind: 'open', sessions: ['ses_1', 'ses_2'] })
  const answer = await post('grace', { subject: 'test#alice', reason: 'r' })
  assert.equal(answer.statusCode, 409)
  assert.match(answer.json<{ detail: string }>().detail, /End these sessions first: ses_1, ses_2/)
})

test('a legal hold forbids it, and the answer says which and what to do', async () => {
  const hold: LegalHold = {
    id: 'lgh_1',
    selector: { kind: 'label', name: 'env', value: 'prod' },
    text: 'label=env=prod',
    placedAt: 0,
    by: 'test#grace',
    reason: 'case 7',
    released: null,
  }
  const { post } = api({ kind: 'held', holds: [hold] })
  const answer = await post('grace', { subject: 'test#alice', reason: 'r' })
  assert.equal(answer.statusCode, 409)
  const { detail, holds } = answer.json<{ detail: string; holds: readonly string[] }>()
  assert.match(detail, /lgh_1 on label=env=prod \(case 7\)\. Nothing was erased\..*sluice audit release/)
  assert.deepEqual(holds, ['lgh_1'])
})
