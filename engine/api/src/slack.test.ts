import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { LightMyRequestResponse } from 'fastify'
import { StoreError } from '@sluice/core'
import type { SlackCallbacks } from './slack.ts'
import { approvalsApi, type ApprovalsApi } from './scripted-approvals.ts'
import { identityOf, scriptedApi } from './scripted.ts'

const secret = 'signing'

interface Slack extends ApprovalsApi {
  /** What whoever clicked was told. */
  readonly told: { readonly url: string; readonly text: string }[]
}

/** In Slack everybody is called as here, in capitals; frank was away, and nobody knows who mallory is. */
async function slackApi(): Promise<Slack> {
  const told: { readonly url: string; readonly text: string }[] = []
  const slack: SlackCallbacks = {
    secret: async () => secret,
    voter: (user) => {
      if (user === 'UMALLORY') return { kind: 'unmapped' }
      if (user === 'UFRANK') return { kind: 'unseen' }
      return { kind: 'known', identity: identityOf(user.slice(1).toLowerCase()) }
    },
    reply: async (url, text) => void told.push({ url, text }),
  }
  return { ...(await approvalsApi({ slack })), told }
}

const replyTo = 'https://hooks.slack.com/actions/1'

function clicked(user: string, approval: string, action = 'sluice_approve'): string {
  const payload = {
    type: 'block_actions',
    user: { id: user, team_id: 'T1', name: 'dave', groups: ['dba'] },
    response_url: replyTo,
    actions: [{ action_id: action, value: approval }],
  }
  return new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
}

function call(
  { app }: Pick<ApprovalsApi, 'app'>,
  body: string,
  change: { readonly secret?: string; readonly at?: number; readonly sent?: string } = {},
): Promise<LightMyRequestResponse> {
  const timestamp = String(Math.floor((change.at ?? Date.now()) / 1_000))
  const digest = createHmac('sha256', change.secret ?? secret)
    .update(`v0:${timestamp}:${body}`)
    .digest('hex')
  return app.inject({
    method: 'POST',
    url: '/v1/notices/slack',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${digest}`,
    },
    payload: change.sent ?? body,
  })
}

suite('a vote from Slack', () => {
  test('of an approver counts, and only they are told', async () => {
    const api = await slackApi()
    const { id } = await api.ask('alice')
    const answer = await call(api, clicked('UDAVE', id))
    assert.deepEqual([answer.statusCode, answer.body], [200, ''])
    const view = api.approvals.find(id)
    assert.deepEqual(
      [view?.state, view?.votes.map(({ voter, reason }) => [voter.id, reason])],
      ['approved', [['test#dave', 'in Slack']]],
    )
    assert.deepEqual(api.told, [{ url: replyTo, text: `You approved ${id}: 1 of 1.` }])
  })

  test('may reject', async () => {
    const api = await slackApi()
    const { id } = await api.ask('alice')
    await call(api, clicked('UDAVE', id, 'sluice_reject'))
    assert.equal(api.approvals.find(id)?.state, 'rejected')
    assert.equal(api.told[0]?.text, `You rejected ${id}.`)
  })

  const barred: readonly (readonly [string, string, RegExp])[] = [
    ['who asked', 'UCAROL', /Nobody may vote on their own request/],
    ['who is no approver', 'UGRACE', /needs the role approver/],
    ['who cannot even see it', 'UBOB', /no approval of that id/],
    ['whom the configuration does not know', 'UMALLORY', /does not know who you are in Slack/],
    ['who was not seen lately', 'UFRANK', /has not seen you lately/],
  ]
  for (const [who, user, why] of barred)
    test(`does not count of one ${who}, and they are told where to go`, async () => {
      const api = await slackApi()
      const { id } = await api.ask('carol')
      assert.equal((await call(api, clicked(user, id))).statusCode, 200)
      assert.deepEqual(api.approvals.find(id)?.votes, [])
      assert.match(api.told[0]?.text ?? '', why)
      assert.match(api.told[0]?.text ?? '', new RegExp(`console.*sluice approvals approve ${id}`))
    })

  test('counts once for each person, in Slack and elsewhere together', async () => {
    const api = await slackApi()
    const requirement = { approvers: ['dba'], quorum: 2, expires_s: 600, hold_s: 60, scope: 'once' } as const
    const { id } = await api.ask('alice', { requirement })
    await call(api, clicked('UDAVE', id), { at: Date.now() - 1_000 })
    await call(api, clicked('UDAVE', id))
    assert.equal(api.approvals.find(id)?.state, 'pending')
    assert.match(api.told[1]?.text ?? '', /voted already/)
  })

  test('that cannot be recorded now is said to be open', async () => {
    const api = await slackApi()
    const { id } = await api.ask('alice')
    api.store.failure = new StoreError('unavailable', 'no log')
    assert.equal((await call(api, clicked('UDAVE', id))).statusCode, 200)
    assert.match(api.told[0]?.text ?? '', /^Your vote may not have been counted\. Vote in the console/)
  })
})

suite('a callback that is not Slack’s', () => {
  const forged: readonly (readonly [string, Parameters<typeof call>[2]])[] = [
    ['signed by somebody else', { secret: 'guessed' }],
    ['of ten minutes ago', { at: Date.now() - 600_000 }],
    ['with a body that was changed', { sent: clicked('UDAVE', `apr_${'1'.repeat(26)}`) }],
  ]
  for (const [what, change] of forged)
    test(`${what} does nothing`, async () => {
      const api = await slackApi()
      const { id } = await api.ask('alice')
      const answer = await call(api, clicked('UDAVE', id), change)
      assert.equal(answer.statusCode, 401)
      assert.equal(answer.json().title, 'token_refused')
      assert.deepEqual(api.approvals.find(id)?.votes, [])
      assert.deepEqual(api.told, [])
    })

  test('that comes again does nothing', async () => {
    const api = await slackApi()
    const requirement = { approvers: ['dba'], quorum: 2, expires_s: 600, hold_s: 60, scope: 'once' } as const
    const { id } = await api.ask('alice', { requirement })
    const at = Date.now()
    assert.equal((await call(api, clicked('UDAVE', id), { at })).statusCode, 200)
    assert.equal((await call(api, clicked('UDAVE', id), { at })).statusCode, 401)
    assert.equal(api.told.length, 1)
  })

  test('without signature, or in another form, is refused before it is read', async () => {
    const api = await slackApi()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const bare = await api.app.inject({
      method: 'POST',
      url: '/v1/notices/slack',
      headers,
      payload: 'payload=x',
    })
    assert.equal(bare.statusCode, 401)
    const json = await api.app.inject({
      method: 'POST',
      url: '/v1/notices/slack',
      payload: { payload: '{}' },
    })
    assert.equal(json.statusCode, 415)
    const empty = await api.app.inject({ method: 'POST', url: '/v1/notices/slack' })
    assert.equal(empty.statusCode, 401)
  })
})

test('other callbacks of Slack are taken and do nothing', async () => {
  const api = await slackApi()
  const { id } = await api.ask('alice')
  const answer = await call(api, clicked('UDAVE', id, 'somebody_elses_button'))
  assert.equal(answer.statusCode, 200)
  assert.deepEqual([api.approvals.find(id)?.state, api.told], ['pending', []])
})

test('looking at the address votes for nobody, and where it is not configured there is none', async () => {
  const api = await slackApi()
  assert.equal((await api.app.inject('/v1/notices/slack')).statusCode, 404)
  assert.equal((await call(scriptedApi(), 'payload=x')).statusCode, 404)
})

test('the document says of it what it says of others', async () => {
  const { paths } = (await (await slackApi()).app.inject('/v1/openapi.json')).json<{
    readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly requestBody?: object }>>>>
  }>()
  assert.ok(paths['/v1/notices/slack']?.['post']?.requestBody !== undefined)
})
