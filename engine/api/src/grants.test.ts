import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { LightMyRequestResponse } from 'fastify'
import { openGrants, StoreError, systemClock, systemIds, type Grants } from '@sluice/core'
import type { GrantLine } from './grant-line.ts'
import { bearer, scriptedApi, ScriptedStore, shop, type ScriptedApi } from './scripted.ts'

type Method = 'GET' | 'POST' | 'DELETE'

interface GrantsApi extends ScriptedApi {
  readonly grants: Grants
  call(method: Method, path: string, token: string, payload?: object): Promise<LightMyRequestResponse>
  /** The id of what somebody asked for. */
  ask(token: string): Promise<string>
}

const hourMs = 3_600_000
const wanted = { target: 'shop', life_ms: hourMs, reason: 'the quarterly figures' }

/** Alice asks, dave (dba) decides, grace administers, erin audits; heidi is alice's second account. */
async function grantsApi(): Promise<GrantsApi> {
  const store = new ScriptedStore()
  const grants = await openGrants({
    store,
    clock: systemClock,
    ids: systemIds(systemClock),
    owners: new Map([['test#heidi', ['test#alice']]]),
    access: (name) =>
      name === 'shop' ? { approvers: ['dba', 'leads'], roles: ['reader'], maxMs: 8 * hourMs } : undefined,
    report: () => {},
  })
  const bare = { ...shop, name: 'bare' }
  const targets = {
    find: (name: string) => [shop, bare].find((target) => target.name === name),
    list: () => [shop],
  }
  const api = scriptedApi({ grants, targets }, store)
  const call: GrantsApi['call'] = (method, path, token, payload) =>
    api.app.inject({
      url: `/v1/grants${path}`,
      method,
      headers: bearer(token),
      ...(payload === undefined ? {} : { payload }),
    })
  const ask = async (token: string): Promise<string> =>
    (await call('POST', '', token, wanted)).json<GrantLine>().id
  return { ...api, grants, call, ask }
}

async function types({ store }: GrantsApi): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { type } of store.read()) found.push(type)
  return found
}

const give = { decision: 'grant' }

suite('asking', () => {
  test('records a request and says who may give it', async () => {
    const api = await grantsApi()
    const answer = await api.call('POST', '', 'alice', wanted)
    assert.equal(answer.statusCode, 200, answer.body)
    const { id, requested_at: at, expires_at: until, ...rest } = answer.json<GrantLine>()
    assert.match(id, /^grt_[0-9A-Z]{26}$/)
    assert.ok(Date.parse(until) > Date.parse(at))
    assert.deepEqual(rest, {
      state: 'requested',
      subject: 'test#alice',
      on_behalf_of: null,
      target: 'shop',
      role: 'reader',
      life_ms: hourMs,
      reason: 'the quarterly figures',
      approvers: ['dba', 'leads'],
      decided_by: null,
      decision_reason: null,
      revoked_by: null,
    })
    assert.deepEqual(await types(api), ['GrantRequested'])
  })

  const wrong: readonly (readonly [string, object, number, RegExp])[] = [
    ['longer than the most', { life_ms: 9 * hourMs }, 400, /Access to shop is given for at most 8h/],
    ['shorter than the least', { life_ms: 1 }, 400, /at least 1s/],
    ['an unknown role', { role: 'owner' }, 400, /On shop you can ask for the role reader/],
    ['an unknown target', { target: 'payroll' }, 404, /There is no target payroll here/],
    ['a target without approvers', { target: 'bare' }, 403, /names no approvers/],
    ['no reason', { reason: '  ' }, 400, /reason/],
    ['a reason without end', { reason: 'x'.repeat(501) }, 400, /reason/],
    ['no whole number', { life_ms: 'soon' }, 400, /life_ms/],
    ['for somebody else', { subject: 'test#bob' }, 400, /There is no parameter "subject"/],
  ]
  for (const [what, change, status, detail] of wrong)
    test(`${what} is refused, and nothing is recorded`, async () => {
      const api = await grantsApi()
      const answer = await api.call('POST', '', 'alice', { ...wanted, ...change })
      assert.equal(answer.statusCode, status, answer.body)
      assert.match(answer.json<{ detail: string }>().detail, detail)
      assert.deepEqual(await types(api), [])
    })

  test('without a usable token, or while the log is down, is refused', async () => {
    const api = await grantsApi()
    assert.equal((await api.call('POST', '', 'mallory', wanted)).statusCode, 401)
    api.store.failure = new StoreError('unavailable', 'no log')
    assert.equal((await api.call('POST', '', 'alice', wanted)).statusCode, 503)
  })
})

suite('deciding', () => {
  test('gives it from now on for as long as was asked', async () => {
    const api = await grantsApi()
    const id = await api.ask('alice')
    const before = Date.now()
    const answer = await api.call('POST', `/${id}/decision`, 'dave', { ...give, reason: 'go on' })
    assert.equal(answer.statusCode, 200, answer.body)
    const line = answer.json<GrantLine>()
    assert.deepEqual([line.state, line.decided_by, line.decision_reason], ['given', 'test#dave', 'go on'])
    const until = Date.parse(line.expires_at)
    assert.ok(until >= before + hourMs && until <= Date.now() + hourMs)
  })

  test('happens once, and the second one is told how it stands', async () => {
    const api = await grantsApi()
    const id = await api.ask('alice')
    assert.equal((await api.call('POST', `/${id}/decision`, 'dave', { decision: 'reject' })).statusCode, 200)
    const second = await api.call('POST', `/${id}/decision`, 'frank', give)
    assert.equal(second.statusCode, 409)
    const problem = second.json<{ detail: string; grant: GrantLine }>()
    assert.deepEqual([problem.detail, problem.grant.state], ['This access was rejected.', 'rejected'])
    assert.deepEqual(await types(api), ['GrantRequested', 'GrantRejected'])
  })

  const nobodies: readonly (readonly [string, string, number, RegExp])[] = [
    ['alice', 'who asked', 403, /Nobody may decide on their own request\. Ask one of dba, leads/],
    ['heidi', 'the same person under another name', 403, /This needs the role approver/],
    ['grace', 'an admin who is no approver', 403, /This needs the role approver/],
    ['erin', 'an auditor', 403, /This needs the role approver/],
    ['bob', 'a stranger, for whom it does not exist', 404, /You can see no grant of that id/],
  ]
  for (const [token, who, status, detail] of nobodies)
    test(`is not for ${token}: ${who}`, async () => {
      const api = await grantsApi()
      const id = await api.ask('alice')
      const answer = await api.call('POST', `/${id}/decision`, token, give)
      assert.equal(answer.statusCode, status, answer.body)
      assert.match(answer.json<{ detail: string }>().detail, detail)
      assert.equal(api.grants.find(id)?.state, 'requested')
      const recorded = ['GrantRequested', ...(status === 403 ? ['AdminActed'] : [])]
      assert.deepEqual(await types(api), recorded, 'who sees it and may not leaves a trace')
    })

  test('is not for an approver of the role on a request of their own', async () => {
    const api = await grantsApi()
    const id = await api.ask('dave')
    assert.equal((await api.call('POST', `/${id}/decision`, 'dave', give)).statusCode, 403)
    assert.equal((await api.call('POST', `/${id}/decision`, 'frank', give)).statusCode, 200)
  })

  for (const payload of [{}, { decision: 'maybe' }, { ...give, until: 5 }, { ...give, reason: {} }])
    test(`${JSON.stringify(payload)} is no decision`, async () => {
      const api = await grantsApi()
      const id = await api.ask('alice')
      assert.equal((await api.call('POST', `/${id}/decision`, 'dave', payload)).statusCode, 400)
    })
})

suite('seeing', () => {
  test('one’s own, what one may decide, and for admins and auditors all', async () => {
    const api = await grantsApi()
    const [first, second] = [await api.ask('alice'), await api.ask('bob')]
    const seen = async (token: string): Promise<readonly string[]> =>
      (await api.call('GET', '', token)).json<readonly GrantLine[]>().map(({ id }) => id)
    assert.deepEqual(await seen('alice'), [first])
    assert.deepEqual(await seen('bob'), [second])
    for (const token of ['dave', 'grace', 'erin']) assert.deepEqual(await seen(token), [first, second])
    assert.equal((await api.call('GET', `/${second}`, 'alice')).statusCode, 404)
    assert.equal((await api.call('GET', `/${first}`, 'alice')).json<GrantLine>().id, first)
    assert.deepEqual(await types(api), ['GrantRequested', 'GrantRequested'], 'looking changes nothing')
  })

  test('in one state', async () => {
    const api = await grantsApi()
    const [first, second] = [await api.ask('alice'), await api.ask('alice')]
    await api.call('POST', `/${first}/decision`, 'dave', { decision: 'reject' })
    const seen = async (state: string): Promise<readonly string[]> =>
      (await api.call('GET', `?state=${state}`, 'alice')).json<readonly GrantLine[]>().map(({ id }) => id)
    assert.deepEqual(await seen('requested'), [second])
    assert.deepEqual(await seen('live'), [second])
    assert.deepEqual(await seen('rejected'), [first])
    assert.deepEqual(await seen('all'), [first, second])
    assert.deepEqual(await seen('all&last=1'), [second])
    assert.equal((await api.call('GET', '?state=open', 'alice')).statusCode, 400)
  })
})

suite('revoking', () => {
  for (const token of ['alice', 'dave', 'grace'])
    test(`${token} may, with a reason or without`, async () => {
      const api = await grantsApi()
      for (const payload of [undefined, { reason: 'done' }]) {
        const id = await api.ask('alice')
        await api.call('POST', `/${id}/decision`, 'dave', give)
        const answer = await api.call('DELETE', `/${id}`, token, payload)
        assert.equal(answer.statusCode, 200, answer.body)
        assert.deepEqual(
          [answer.json<GrantLine>().state, answer.json<GrantLine>().revoked_by],
          ['revoked', `test#${token}`],
        )
        assert.equal((await api.call('DELETE', `/${id}`, token)).statusCode, 409)
      }
    })

  const nobodies = [
    ['frank', 403],
    ['erin', 403],
    ['bob', 404],
  ] as const
  for (const [token, status] of nobodies)
    test(`${token} may not`, async () => {
      const api = await grantsApi()
      const id = await api.ask('alice')
      await api.call('POST', `/${id}/decision`, 'dave', give)
      assert.equal((await api.call('DELETE', `/${id}`, token)).statusCode, status)
      assert.equal(api.grants.find(id)?.state, 'given')
    })

  test('a request that nobody decided takes it back', async () => {
    const api = await grantsApi()
    const id = await api.ask('alice')
    assert.equal((await api.call('DELETE', `/${id}`, 'alice')).statusCode, 200)
    assert.equal((await api.call('POST', `/${id}/decision`, 'dave', give)).statusCode, 409)
  })
})
