import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { LightMyRequestResponse } from 'fastify'
import { StoreError } from '@sluice/core'
import type { ApprovalLine, ApprovalPage } from './approval-page.ts'
import { approvalsApi, type ApprovalsApi } from './scripted-approvals.ts'
import { bearer, identityOf } from './scripted.ts'

type Api = Pick<ApprovalsApi, 'app'>

function get({ app }: Api, path: string, token: string): Promise<LightMyRequestResponse> {
  return app.inject({ url: `/v1/approvals${path}`, headers: bearer(token) })
}

function post({ app }: Api, path: string, token: string, payload: object): Promise<LightMyRequestResponse> {
  return app.inject({ url: `/v1/approvals/${path}`, method: 'POST', headers: bearer(token), payload })
}

const approve = { vote: 'approve' }

function vote(
  api: Api,
  id: string,
  token: string,
  payload: object = approve,
): Promise<LightMyRequestResponse> {
  return post(api, `${id}/votes`, token, payload)
}

async function recorded({ store }: ApprovalsApi, type: string): Promise<readonly unknown[]> {
  const found: unknown[] = []
  for await (const event of store.read()) if (event.type === type) found.push(event.data)
  return found
}

test('an approver approves, and the answer is the present state', async () => {
  const api = await approvalsApi()
  const { id, expiresAt } = await api.ask('alice')
  const answer = await vote(api, id, 'dave', { vote: 'approve', reason: 'asked for in the ticket' })
  assert.equal(answer.statusCode, 200, answer.body)
  assert.deepEqual(answer.json(), {
    id,
    state: 'approved',
    subject: 'test#alice',
    target: 'shop',
    action: 'sql.delete',
    statement: 'delete from orders where id = 7',
    expires_at: new Date(expiresAt).toISOString(),
    approved: 1,
    quorum: 1,
    caller_waits: null,
  })
  assert.equal(api.approvals.find(id)?.votes[0]?.reason, 'asked for in the ticket')
})

test('two of two: each person once, and the second one decides', async () => {
  const api = await approvalsApi()
  const requirement = { approvers: ['dba'], quorum: 2, expires_s: 600, hold_s: 60, scope: 'once' } as const
  const { id } = await api.ask('alice', { requirement })
  const states: unknown[] = []
  for (const token of ['dave', 'dave/2', 'carol']) {
    const answer = await vote(api, id, token)
    states.push([answer.statusCode, answer.json().approval?.state ?? answer.json().state])
  }
  assert.deepEqual(states, [
    [200, 'pending'],
    [409, 'pending'],
    [200, 'approved'],
  ])
})

test('a rejection ends it, and what comes later is a conflict with the present state', async () => {
  const api = await approvalsApi()
  const { id } = await api.ask('alice')
  assert.equal((await vote(api, id, 'dave', { vote: 'reject', reason: 'no' })).json().state, 'rejected')
  const late = await vote(api, id, 'carol')
  assert.equal(late.statusCode, 409)
  assert.equal(late.json().title, 'conflict')
  assert.equal(late.json().approval.state, 'rejected')
  assert.match(late.json().detail, /is rejected/)
})

const barred: readonly (readonly [string, string, RegExp])[] = [
  ['who asked', 'carol', /own request. Ask one of dba/],
  ['an admin who is no approver', 'grace', /role approver. Ask one of dba/],
  ['an auditor', 'erin', /role approver/],
]

for (const [who, token, expected] of barred)
  test(`${who} may look and not vote, and that they tried is recorded`, async () => {
    const api = await approvalsApi()
    const { id } = await api.ask('carol')
    const answer = await vote(api, id, token)
    assert.deepEqual([answer.statusCode, answer.json().title], [403, 'denied'])
    assert.match(answer.json().detail, expected)
    assert.equal(api.approvals.find(id)?.state, 'pending')
    const [attempt] = (await recorded(api, 'AdminActed')) as readonly { action: string; outcome: string }[]
    assert.deepEqual([attempt?.action, attempt?.outcome], ['approval.vote', 'refused'])
  })

test('whoever stands behind the requester may not vote under another name', async () => {
  const api = await approvalsApi()
  const requirement = { approvers: ['leads'], quorum: 1, expires_s: 600, hold_s: 60, scope: 'once' } as const
  const { id } = await api.ask('alice', { requirement })
  const answer = await vote(
    { app: (await rolesFor(api, ['dba', 'leads'])).app },
    id,
    'heidi', // alice is configured as the owner of heidi
  )
  assert.equal(answer.statusCode, 403, answer.body)
  assert.match(answer.json().detail, /own request/)
})

/** The same book behind an API in which other groups hold the role of approvers. */
async function rolesFor(api: ApprovalsApi, approver: readonly string[]): Promise<ApprovalsApi> {
  const other = await approvalsApi({
    approvals: api.approvals,
    roles: { admin: ['operators'], approver, auditor: ['auditors'] },
  })
  return other
}

const strangers = ['bob', 'heidi', 'alice']

for (const token of strangers)
  test(`for ${token}, whom it does not concern, it does not exist: read, voted on or cancelled`, async () => {
    const api = await approvalsApi()
    const { id } = await api.ask('carol')
    const absent = 'apr_00000000000000000000000000'
    const pairs = [
      [await get(api, `/${id}`, token), await get(api, `/${absent}`, token)],
      [await vote(api, id, token), await vote(api, absent, token)],
      [await post(api, `${id}/cancel`, token, {}), await post(api, `${absent}/cancel`, token, {})],
    ] as const
    for (const [foreign, none] of pairs) {
      assert.equal(foreign.statusCode, 404)
      assert.equal(foreign.body, none.body, 'nobody can tell it from one that never was')
    }
    assert.deepEqual((await get(api, '', token)).json(), [])
  })

test('the list has those of a state that the caller may see, oldest first', async () => {
  const api = await approvalsApi()
  const first = await api.ask('alice')
  const second = await api.ask('carol')
  const third = await api.ask('alice')
  await vote(api, first.id, 'dave')
  const ids = async (token: string, query = ''): Promise<readonly string[]> =>
    (await get(api, query, token)).json().map(({ id }: ApprovalLine) => id)
  assert.deepEqual(await ids('dave'), [second.id, third.id])
  assert.deepEqual(await ids('alice'), [third.id])
  assert.deepEqual(await ids('erin', '?state=all'), [first.id, second.id, third.id])
  assert.deepEqual(await ids('erin', '?state=approved'), [first.id])
  assert.deepEqual(await ids('erin', '?state=all&last=1'), [third.id])
})

test('whether its caller waits is said while it is pending', async () => {
  const api = await approvalsApi()
  const { id } = await api.ask('alice')
  const waits = async (): Promise<unknown> => (await get(api, `/${id}`, 'dave')).json().caller_waits
  const parked = api.approvals.park(id)
  assert.equal(await waits(), true)
  await parked.leave('pending', 'answered')
  assert.equal(await waits(), false)
  await vote(api, id, 'dave')
  assert.equal(await waits(), null)
})

test('the page has what an approver must know', async () => {
  const api = await approvalsApi()
  const session = await api.open('alice')
  const binding = Buffer.from('the same request')
  const before = await api.ask('alice', { binding })
  await vote(api, before.id, 'dave', { vote: 'reject', reason: 'not\u202e now' })
  const { id, expiresAt, requestedAt } = await api.ask('alice', { binding, session })
  const page = (await get(api, `/${id}`, 'dave')).json<ApprovalPage>()
  assert.ok(page.expires_in_s > 590 && page.expires_in_s <= 600)
  assert.deepEqual(
    { ...page, expires_in_s: 0 },
    {
      id,
      state: 'pending',
      subject: 'test#alice',
      target: 'shop',
      action: 'sql.delete',
      statement: 'delete from orders where id = 7',
      expires_at: new Date(expiresAt).toISOString(),
      approved: 0,
      quorum: 1,
      caller_waits: false,
      requester: {
        id: 'test#alice',
        type: 'human',
        issuer: 'test',
        groups: ['analysts'],
        on_behalf_of: null,
      },
      session,
      exchange: 'exc_00000000000000000000000001',
      rule: 'starter/delete',
      message: 'Deleting rows needs an approval.',
      approvers: ['dba'],
      scope: 'once',
      requested_at: new Date(requestedAt).toISOString(),
      expires_in_s: 0,
      may_not_vote: null,
      actions: [
        {
          name: 'sql.delete',
          kind: 'delete',
          relations: [{ schema: 'public', name: 'orders', access: 'delete', columns: ['id'] }],
          functions: [],
          has_where: true,
        },
      ],
      request: {
        statement: { text: 'delete from orders where id = 7', bytes: 31, lines: 1 },
        stands_for: [],
        parameters: ['x'],
        hidden: [],
        estimates: { 'public.orders': 9000 },
      },
      votes: [],
      uses: [],
      ended: null,
      run: {
        id: 'run-1',
        sessions: 0,
        requests: 0,
        denied: 0,
        rows: 0,
        bytes: 0,
        tokens: 0,
        cost_micros: 0,
        recent: [],
      },
      session_so_far: {
        requests: 0,
        denied: 0,
        rows: 0,
        bytes: 0,
        tokens: 0,
        cost_micros: 0,
        in_flight: 0,
        recent: [],
      },
      before: [{ id: before.id, state: 'rejected', at: new Date(before.requestedAt).toISOString() }],
    },
  )
  const ended = (await get(api, `/${before.id}`, 'dave')).json<ApprovalPage>()
  assert.equal(ended.ended?.reason, 'not⟨U+202E⟩ now', 'words of people are escaped too')
  assert.equal(ended.votes[0]?.voter, 'test#dave')
})

test('each reader sees their own view, and why they may not vote', async () => {
  const api = await approvalsApi()
  const { id } = await api.ask('alice')
  const read = async (token: string): Promise<ApprovalPage> => (await get(api, `/${id}`, token)).json()
  assert.equal((await read('alice')).may_not_vote, 'Nobody may vote on their own request.')
  assert.equal((await read('grace')).may_not_vote, 'This needs the role approver.')
  const auditor = await read('erin')
  assert.equal(auditor.may_not_vote, 'This needs the role approver.')
  assert.equal(auditor.request?.hidden, 'all')
  assert.doesNotMatch(JSON.stringify(auditor.request), /id = 7|"x"/)
})

test('content that was erased is gone, and the rest stays', async () => {
  const api = await approvalsApi()
  const { id } = await api.ask('alice')
  api.store.contents.clear()
  const page = (await get(api, `/${id}`, 'dave')).json<ApprovalPage>()
  assert.deepEqual([page.request, page.statement, page.action], [null, null, 'sql.delete'])
})

test('who asked takes it back, and an admin may; an approver may not', async () => {
  const api = await approvalsApi()
  const first = await api.ask('alice')
  const second = await api.ask('alice')
  assert.equal((await post(api, `${first.id}/cancel`, 'dave', {})).statusCode, 403)
  const own = await post(api, `${first.id}/cancel`, 'alice', { reason: 'a mistake' })
  assert.deepEqual([own.statusCode, own.json().state], [200, 'cancelled'])
  assert.equal((await post(api, `${second.id}/cancel`, 'grace', {})).json().state, 'cancelled')
  assert.equal((await post(api, `${second.id}/cancel`, 'grace', {})).statusCode, 409)
})

test('reading never decides, by whatever it is asked', async () => {
  const api = await approvalsApi()
  const { id } = await api.ask('alice')
  for (const path of [
    `/${id}`,
    `/${id}/votes`,
    `/${id}/votes?vote=approve`,
    `/${id}?vote=approve`,
    `/${id}/cancel`,
    '?vote=approve',
  ])
    for (const method of ['GET', 'HEAD', 'OPTIONS'] as const)
      await api.app.inject({ url: `/v1/approvals${path}`, method, headers: bearer('dave') })
  assert.equal(api.approvals.find(id)?.state, 'pending')
  assert.deepEqual(await recorded(api, 'ApprovalGranted'), [])
})

test('a vote needs the token in its header: no cookie, form or query does', async () => {
  const api = await approvalsApi()
  const { id } = await api.ask('alice')
  const url = `/v1/approvals/${id}/votes`
  const asJson = { 'content-type': 'application/json', origin: 'https://evil.example' }
  const tries = [
    { url, headers: { ...asJson, cookie: 'authorization=Bearer dave; token=dave' }, payload: approve },
    { url: `${url}?access_token=dave`, headers: asJson, payload: approve },
    {
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'vote=approve&access_token=dave',
    },
    { url, headers: { 'content-type': 'text/plain' }, payload: JSON.stringify(approve) },
  ]
  for (const each of tries) {
    const answer = await api.app.inject({ method: 'POST', ...each })
    assert.ok([400, 401, 415].includes(answer.statusCode), `${answer.statusCode} ${answer.body}`)
  }
  assert.equal(api.approvals.find(id)?.state, 'pending')
})

const wrong: readonly (readonly [string, object | string])[] = [
  ['no vote', {}],
  ['another vote', { vote: 'abstain' }],
  ['a vote in another case', { vote: 'Approve' }],
  ['something else beside it', { vote: 'approve', as: 'carol' }],
  ['a reason that is too long', { vote: 'approve', reason: 'x'.repeat(501) }],
  ['a reason that is no text', { vote: 'approve', reason: { toString: 1 } }],
  ['several votes', [approve, approve]],
]

for (const [name, payload] of wrong)
  test(`${name}: refused before anything is done`, async () => {
    const api = await approvalsApi()
    const { id } = await api.ask('alice')
    assert.equal((await vote(api, id, 'dave', payload as object)).statusCode, 400)
    assert.equal(api.approvals.find(id)?.state, 'pending')
  })

test('an id is an id', async () => {
  const api = await approvalsApi()
  for (const id of ['apr_1', '..%2f..%2fsessions', 'APR_00000000000000000000000000']) {
    const answer = await get(api, `/${id}`, 'dave')
    assert.equal(answer.statusCode, 400)
    assert.equal(answer.json().detail, 'An id here is apr_ and 26 capital letters and digits.')
  }
})

test('a vote that the log does not take was not given', async () => {
  const api = await approvalsApi()
  const { id } = await api.ask('alice')
  api.store.failure = new StoreError('unavailable', 'no log')
  assert.equal((await vote(api, id, 'dave')).statusCode, 503)
  assert.equal(api.approvals.find(id)?.state, 'pending')
})

test('who acts for a person has none of their rights here', async () => {
  const agent = {
    ...identityOf('carol'),
    subject: { ...identityOf('carol').subject, id: 'test#agent', on_behalf_of: 'test#carol' },
  }
  const api = await approvalsApi({ authenticator: { authenticate: async () => agent } })
  const { id } = await api.ask('alice')
  assert.equal((await vote(api, id, 'agent')).statusCode, 404)
  assert.equal((await get(api, `/${id}`, 'agent')).statusCode, 404)
})
