import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Finding } from '@sluice/core'
import { bearer, scriptedApi, ScriptedStore } from './scripted.ts'
import type { TargetDetail, TargetTerms } from './target-details.ts'

const terms: TargetTerms = {
  credential: { user: 'app', place: 'environment variable SHOP' },
  rate: { per_second: 50, burst: 100 },
  conditions: null,
  access: { approvers: ['dba'], roles: ['reader'], max_s: 3_600 },
  settings: [{ name: 'database', value: 'shop' }],
}
const found: readonly Finding[] = [
  { state: 'good', about: 'connection', detail: 'it answers' },
  { state: 'bad', about: 'login', detail: 'it refuses', remedy: 'look at the password' },
]

suite('one target', () => {
  test('is shown with what holds there, to admins and auditors alone', async () => {
    const { app } = scriptedApi({ terms: () => terms })
    const get = (token: string, name = 'shop') =>
      app.inject({ url: `/v1/targets/${name}`, headers: bearer(token) })
    for (const token of ['erin', 'grace']) {
      const shown = (await get(token)).json<TargetDetail>()
      assert.deepEqual([shown.terms, shown.probe, shown.added_by], [terms, null, null])
    }
    assert.equal((await get('alice')).statusCode, 403)
    assert.equal((await get('erin', 'nowhere')).statusCode, 404)
  })

  test('is tried for an admin, which is in the log before it happens, and what was found stays', async () => {
    const store = new ScriptedStore()
    const before: string[] = []
    const probe = async (): Promise<readonly Finding[]> => {
      for await (const { type } of store.read()) before.push(type)
      return found
    }
    const { app } = scriptedApi({ probe }, store)
    const answer = await app.inject({
      method: 'POST',
      url: '/v1/targets/shop/probe',
      headers: bearer('grace'),
    })
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(before, ['AdminActed'])
    const shown = (
      await app.inject({ url: '/v1/targets/shop', headers: bearer('erin') })
    ).json<TargetDetail>()
    assert.equal(shown.probe?.by, 'test#grace')
    assert.deepEqual(
      shown.probe.findings.map(({ state, remedy }) => [state, remedy]),
      [
        ['good', ''],
        ['bad', 'look at the password'],
      ],
    )
    assert.equal(shown.state?.probed?.state, 'bad')
  })

  test('is tried for nobody else, nor twice at once, nor when that is not recorded', async () => {
    const { promise, resolve } = Promise.withResolvers<readonly Finding[]>()
    let asked = 0
    const probe = () => {
      asked += 1
      return promise
    }
    const { app, store } = scriptedApi({ probe })
    const post = (token: string) =>
      app.inject({ method: 'POST', url: '/v1/targets/shop/probe', headers: bearer(token) })
    for (const token of ['alice', 'erin']) assert.equal((await post(token)).statusCode, 403)
    const first = post('grace')
    while (asked === 0) await new Promise((turn) => setImmediate(turn))
    assert.equal((await post('grace')).statusCode, 429)
    resolve(found)
    assert.equal((await first).statusCode, 200)
    const { StoreError } = await import('@sluice/core')
    store.failure = new StoreError('unavailable', 'down')
    assert.equal((await post('grace')).statusCode, 503)
    assert.equal(asked, 1)
  })
})

test('an entry that is none is refused with the keys that are wrong', async () => {
  const { app } = scriptedApi()
  const answer = await app.inject({
    method: 'POST',
    url: '/v1/targets',
    headers: bearer('grace'),
    payload: { target: { name: 'x' } },
  })
  assert.equal(answer.statusCode, 400)
  const { problems } = answer.json<{ readonly problems: object }>()
  assert.deepEqual(problems, [{ at: 'protocol', message: 'none are taken here' }])
})
