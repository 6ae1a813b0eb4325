import { beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { openLegalHolds, systemClock, systemIds } from '@sluice/core'
import type { LegalHoldLine } from './legal-holds.ts'
import { bearer, scriptedApi, ScriptedStore } from './scripted.ts'

suite('legal holds at the API', () => {
  const ids = systemIds(systemClock)
  let store: ScriptedStore
  let app: ReturnType<typeof scriptedApi>['app']
  beforeEach(async () => {
    store = new ScriptedStore()
    const legalHolds = await openLegalHolds({ store, clock: systemClock, ids, report: () => {} })
    ;({ app } = scriptedApi({ legalHolds }, store))
  })

  const call = (method: 'GET' | 'POST' | 'DELETE', who: string, url = '', payload?: object) =>
    app.inject({
      method,
      url: `/v1/legal-holds${url}`,
      headers: bearer(who),
      ...(payload === undefined ? {} : { payload }),
    })

  async function placed(): Promise<LegalHoldLine> {
    const answer = await call('POST', 'grace', '', { label: 'env=prod', reason: 'case 7' })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<LegalHoldLine>()
  }

  test('an admin places one and releases it, and an auditor sees both', async () => {
    const { id, state, selector, by, reason } = await placed()
    assert.match(id, /^lgh_/)
    assert.deepEqual([state, selector, by, reason], ['active', 'label=env=prod', 'test#grace', 'case 7'])
    const list = async (query: string) => (await call('GET', 'erin', query)).json<LegalHoldLine[]>()
    assert.deepEqual(
      (await list('')).map((each) => each.id),
      [id],
    )
    const released = await call('DELETE', 'grace', `/${id}`, { reason: 'closed' })
    assert.equal(released.json<LegalHoldLine>().released_reason, 'closed')
    assert.deepEqual(await list(''), [])
    assert.deepEqual(
      (await list('?state=all')).map((each) => each.state),
      ['released'],
    )
  })

  test('nobody else may, and what they tried is recorded', async () => {
    const { id } = await placed()
    for (const who of ['alice', 'erin', 'dave']) {
      assert.equal((await call('POST', who, '', { subject: 'x', reason: 'r' })).statusCode, 403)
      assert.equal((await call('DELETE', who, `/${id}`, { reason: 'r' })).statusCode, 403)
    }
    assert.equal((await call('GET', 'alice')).statusCode, 403)
    const types: string[] = []
    for await (const event of store.read()) types.push(event.type)
    assert.deepEqual(types, ['LegalHoldPlaced', ...Array.from({ length: 6 }, () => 'AdminActed')])
  })

  test('twice is a conflict, one that is not there is not found, and a reason is needed', async () => {
    const { id } = await placed()
    assert.equal((await call('DELETE', 'grace', `/${id}`, {})).statusCode, 400)
    assert.equal((await call('DELETE', 'grace', `/${id}`, { reason: 'r' })).statusCode, 200)
    assert.equal((await call('DELETE', 'grace', `/${id}`, { reason: 'r' })).statusCode, 409)
    assert.equal((await call('DELETE', 'grace', `/lgh_${'0'.repeat(26)}`, { reason: 'r' })).statusCode, 404)
  })

  test('what is not exactly one thing is refused', async () => {
    for (const body of [{ reason: 'r' }, { subject: 'a' }, { subject: 'a', label: 'b=c', reason: 'r' }])
      assert.equal((await call('POST', 'grace', '', body)).statusCode, 400, JSON.stringify(body))
  })
})
