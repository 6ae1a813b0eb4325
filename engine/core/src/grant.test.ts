import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { EventData, SubjectRecord } from './events.ts'
import { evolveGrant, grantObjection, grantStateAt } from './grant.ts'
import type { GrantBody, GrantEvent, GrantState, GrantView } from './grant-view.ts'

/** Given what was recorded, when something more is, then this is how the grant stands. */

const asked: EventData['GrantRequested'] = {
  grant: 'grt_1',
  subject: subject('agent', { type: 'service', groups: [] }),
  people: ['idp#agent', 'idp#olga'],
  target: 'shop',
  role: 'reader',
  life_ms: 5_000,
  reason: 'the quarterly figures',
  approvers: ['dba', 'leads'],
  expires_ms: 10_000,
}

function subject(name: string, change: Partial<SubjectRecord> = {}): SubjectRecord {
  return { id: `idp#${name}`, type: 'human', issuer: 'idp', groups: ['dba'], on_behalf_of: null, ...change }
}

const request: GrantBody = { type: 'GrantRequested', data: asked }

function decision(
  type: 'GrantGiven' | 'GrantRejected',
  by: SubjectRecord,
  people: readonly string[] = [by.id],
  expires = 6_000,
): GrantBody {
  const data = { grant: 'grt_1', by, people, token_id: 'tok_1', reason: 'as agreed' }
  return type === 'GrantGiven' ? { type, data: { ...data, expires_ms: expires } } : { type, data }
}

const give = (name = 'bob', change: Partial<SubjectRecord> = {}): GrantBody =>
  decision('GrantGiven', subject(name, change))
const reject: GrantBody = decision('GrantRejected', subject('carol'))
const revoke: GrantBody = {
  type: 'GrantRevoked',
  data: { grant: 'grt_1', by: 'idp#bob', reason: 'no need any more' },
}

let events = 0
function recorded(body: GrantBody, time = 1_000): GrantEvent {
  events += 1
  return { ...body, id: `evt_${events}`, hash: Buffer.from([events]), time }
}

function given(...bodies: readonly (GrantBody | GrantEvent)[]): GrantView {
  const view = bodies.reduce<GrantView | undefined>(
    (before, body) => evolveGrant(before, 'id' in body ? body : recorded(body)),
    undefined,
  )
  assert.ok(view)
  return view
}

/** Refused as a command, and without effect when it was recorded all the same. */
function refused(view: GrantView, body: GrantBody, kind: 'forbidden' | 'conflict', now = 1_000): void {
  assert.equal(grantObjection(view, body, now)?.kind, kind)
  assert.equal(evolveGrant(view, recorded(body, now)), view)
}

suite('a grant', () => {
  test('begins with its request, and with nothing else', () => {
    for (const body of [give(), reject, revoke])
      assert.equal(evolveGrant(undefined, recorded(body)), undefined)
    const view = given(request)
    assert.deepEqual(
      [view.state, view.id, view.endsAt, view.lifeMs, view.decided, view.revoked],
      ['requested', 'grt_1', 10_000, 5_000, null, null],
    )
    refused(view, request, 'conflict')
  })

  test('is given by one of the approvers, from then on, with who and why', () => {
    const view = given(request, give())
    assert.deepEqual([view.state, view.endsAt], ['given', 6_000])
    assert.deepEqual([view.decided?.by.id, view.decided?.reason], ['idp#bob', 'as agreed'])
    assert.match(view.decided?.event.hash ?? '', /^[0-9a-f]+$/)
  })

  test('is never longer than what was asked for, whatever was written down', () => {
    const view = given(request, decision('GrantGiven', subject('bob'), ['idp#bob'], 99_000))
    assert.equal(view.endsAt, 6_000)
    const shorter = given(request, decision('GrantGiven', subject('bob'), ['idp#bob'], 3_000))
    assert.equal(shorter.endsAt, 3_000)
  })

  test('is decided once', () => {
    for (const first of [give(), reject])
      for (const second of [give('carol'), reject]) refused(given(request, first), second, 'conflict')
    assert.equal(given(request, reject).state, 'rejected')
  })

  test('ends exactly at its time', () => {
    const view = given(request, give())
    assert.deepEqual(
      [5_999, 6_000].map((now) => grantStateAt(view, now)),
      ['given', 'ended'],
    )
    refused(view, revoke, 'conflict', 6_000)
  })

  test('that nobody decided in time is given to nobody', () => {
    const view = given(request)
    assert.equal(grantStateAt(view, 10_000), 'ended')
    refused(view, give(), 'conflict', 10_000)
    refused(view, reject, 'conflict', 10_000)
    assert.equal(given(request, recorded(give(), 9_999)).state, 'given')
  })

  test('is revoked while it is asked for or given, and then for good', () => {
    for (const view of [given(request, revoke), given(request, give(), revoke)]) {
      assert.deepEqual([view.state, view.revoked?.by], ['revoked', 'idp#bob'])
      for (const body of [give(), reject, revoke]) refused(view, body, 'conflict')
    }
    refused(given(request, reject), revoke, 'conflict')
  })
})

const nobodies: readonly (readonly [string, GrantBody])[] = [
  ['the requester', give('agent')],
  ['who answers for the requester', give('olga')],
  ['a second account of theirs', decision('GrantGiven', subject('olga2'), ['idp#olga', 'idp#olga2'])],
  ['who acts for the requester', give('bob', { on_behalf_of: 'idp#agent' })],
  ['who acts for anybody', give('bob', { on_behalf_of: 'idp#carol' })],
  ['a service', give('robot', { type: 'service' })],
  ['who is in none of the groups', give('mallory', { groups: ['analysts'] })],
  ['the requester, rejecting', decision('GrantRejected', subject('agent', { groups: ['dba'] }))],
]

for (const [who, body] of nobodies)
  test(`${who} decides nothing`, () => {
    refused(given(request), body, 'forbidden')
  })

test('every state is told apart', () => {
  const states: readonly GrantState[] = [
    given(request).state,
    given(request, give()).state,
    given(request, reject).state,
    given(request, revoke).state,
    grantStateAt(given(request), 1e9),
  ]
  assert.deepEqual(states, ['requested', 'given', 'rejected', 'revoked', 'ended'])
})
