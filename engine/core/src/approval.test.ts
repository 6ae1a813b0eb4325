import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { evolveApproval, expired, isReleased, objection, stateAt } from './approval.ts'
import type { ApprovalBody, ApprovalEvent, ApprovalState, ApprovalView } from './approval-view.ts'
import type { EventData, SubjectRecord } from './events.ts'
import { limits } from './limits.ts'

/** Given what was recorded, when something more is, then this is how the approval stands. */

const asked: EventData['ApprovalRequested'] = {
  approval: 'apr_1',
  session: 'ses_1',
  exchange: 'exc_1',
  target: 'shop',
  subject: subject('agent', { type: 'service', groups: [] }),
  people: ['idp#agent', 'idp#olga'],
  run: 'run_1',
  binding: 'ab'.repeat(32),
  rule: 'review/delete',
  message: 'Deleting rows needs an approval.',
  summary: '[{"name":"sql.delete"}]',
  shown_bytes: 31,
  approvers: ['dba', 'leads'],
  quorum: 1,
  scope: 'once',
  expires_ms: 10_000,
}

function subject(name: string, change: Partial<SubjectRecord> = {}): SubjectRecord {
  return { id: `idp#${name}`, type: 'human', issuer: 'idp', groups: ['dba'], on_behalf_of: null, ...change }
}

const request = (change: Partial<typeof asked> = {}): ApprovalBody => ({
  type: 'ApprovalRequested',
  data: { ...asked, ...change },
})

function vote(
  type: 'ApprovalGranted' | 'ApprovalRejected',
  voter: SubjectRecord,
  people: readonly string[] = [voter.id],
): ApprovalBody {
  return { type, data: { approval: 'apr_1', voter, people, token_id: 'tok_1', reason: 'as agreed' } }
}

const approve = (name: string, change: Partial<SubjectRecord> = {}): ApprovalBody =>
  vote('ApprovalGranted', subject(name, change))
const reject = (name: string, change: Partial<SubjectRecord> = {}): ApprovalBody =>
  vote('ApprovalRejected', subject(name, change))
const expire: ApprovalBody = { type: 'ApprovalExpired', data: { approval: 'apr_1', reason: 'time' } }
const cancel: ApprovalBody = {
  type: 'ApprovalCancelled',
  data: { approval: 'apr_1', by: 'gateway', reason: 'its caller is gone' },
}
const consume = (exchange = 'exc_1'): ApprovalBody => ({
  type: 'ApprovalConsumed',
  data: { approval: 'apr_1', session: 'ses_1', exchange, decision: 'dec_2' },
})

let events = 0
function recorded(body: ApprovalBody, time = 1_000): ApprovalEvent {
  events += 1
  return { ...body, id: `evt_${events}`, hash: Buffer.from([events]), time, writer: 'gw_1', epoch: 3 }
}

function given(...bodies: readonly (ApprovalBody | ApprovalEvent)[]): ApprovalView {
  const view = bodies.reduce<ApprovalView | undefined>(
    (before, body) => evolveApproval(before, 'id' in body ? body : recorded(body)),
    undefined,
  )
  assert.ok(view)
  return view
}

function stands(view: ApprovalView, state: ApprovalState): void {
  assert.equal(view.state, state)
}

/** Refused as a command, and without effect when it was recorded all the same. */
function refused(view: ApprovalView, body: ApprovalBody, kind: 'forbidden' | 'conflict', now = 1_000): void {
  assert.equal(objection(view, body, now)?.kind, kind)
  assert.equal(evolveApproval(view, recorded(body, now)), view)
}

suite('a request', () => {
  test('is pending, with everything that was asked and who asked', () => {
    const view = given(recorded(request(), 700))
    stands(view, 'pending')
    assert.deepEqual(
      [
        view.id,
        view.subject.id,
        view.people,
        view.binding,
        view.requestedAt,
        view.expiresAt,
        view.shownBytes,
      ],
      ['apr_1', 'idp#agent', asked.people, asked.binding, 700, 10_000, 31],
    )
    assert.deepEqual([view.writer, view.epoch, view.votes, view.uses, view.ended], ['gw_1', 3, [], [], null])
    assert.match(view.requested.hash, /^[0-9a-f]+$/)
  })

  test('is made once', () => {
    const view = given(request())
    refused(view, request({ quorum: 5, expires_ms: 99_999 }), 'conflict')
  })

  test('needs a vote, whatever it says', () => {
    stands(given(request({ quorum: 0 })), 'pending')
    stands(given(request({ quorum: -1 }), approve('bob')), 'approved')
  })

  test('comes first: what is said before it changes nothing', () => {
    for (const body of [approve('bob'), reject('bob'), expire, cancel, consume()])
      assert.equal(evolveApproval(undefined, recorded(body)), undefined)
  })
})

suite('a vote', () => {
  test('of one eligible person approves when one is enough', () => {
    const view = given(request(), recorded(approve('bob'), 1_500))
    stands(view, 'approved')
    assert.deepEqual(
      view.votes.map(({ voter, vote: what, reason, time }) => [voter.id, what, reason, time]),
      [['idp#bob', 'approve', 'as agreed', 1_500]],
    )
  })

  test('of so many distinct people as the requirement says', () => {
    const one = given(request({ quorum: 2 }), approve('bob'))
    stands(one, 'pending')
    stands(given(request({ quorum: 2 }), approve('bob'), approve('carol', { groups: ['leads'] })), 'approved')
  })

  test('counts once for each person, whatever token or account they use', () => {
    const one = given(request({ quorum: 2 }), approve('bob'))
    refused(one, approve('bob'), 'conflict')
    refused(one, vote('ApprovalGranted', subject('bob-admin'), ['idp#bob', 'idp#bob-admin']), 'conflict')
    const two = given(request({ quorum: 2 }), vote('ApprovalGranted', subject('x'), ['idp#x', 'idp#bob']))
    refused(two, vote('ApprovalGranted', subject('y'), ['idp#y', 'idp#bob']), 'conflict')
  })

  test('is only for people in a group of the approvers', () => {
    refused(given(request()), approve('mallory', { groups: ['analysts', 'DBA', 'dba '] }), 'forbidden')
    refused(given(request()), approve('mallory', { groups: [] }), 'forbidden')
    refused(given(request()), approve('bot', { type: 'service' }), 'forbidden')
    refused(given(request()), approve('odd', { type: 'Human' }), 'forbidden')
  })

  const own: readonly (readonly [what: string, body: ApprovalBody, change?: Partial<typeof asked>])[] = [
    ['the requester', approve('agent')],
    ['the owner of the requester', approve('olga')],
    ['the second account of that owner', vote('ApprovalGranted', subject('o2'), ['idp#o2', 'idp#olga'])],
    ['who acts for the requester', approve('bob', { on_behalf_of: 'idp#agent' })],
    ['who acts for anybody', approve('bob', { on_behalf_of: 'idp#carol' })],
    ['a voter whom the requester acts for', approve('alice'), { people: ['idp#agent', 'idp#alice'] }],
    [
      'a voter with the same owner',
      vote('ApprovalGranted', subject('bob'), ['idp#boss', 'idp#bob']),
      { people: ['idp#agent', 'idp#boss'] },
    ],
    ['a requester whose record does not name itself', vote('ApprovalGranted', subject('olga'), [])],
  ]
  for (const [what, body, change] of own)
    test(`is not for ${what}`, () => {
      refused(given(request(change)), body, 'forbidden')
      refused(given(request(change)), { ...body, type: 'ApprovalRejected' } as ApprovalBody, 'forbidden')
    })

  test('against it by one eligible person ends it, whoever approved before', () => {
    const view = given(
      request({ quorum: 3 }),
      approve('bob'),
      approve('carol'),
      recorded(reject('dave'), 2_000),
    )
    stands(view, 'rejected')
    assert.deepEqual(view.ended, { time: 2_000, by: 'idp#dave', reason: 'as agreed' })
    assert.equal(view.votes.length, 3)
    refused(given(request()), reject('mallory', { groups: [] }), 'forbidden')
  })

  test('for it may be taken back while it is pending', () => {
    const view = given(request({ quorum: 2 }), approve('bob'), reject('bob'))
    stands(view, 'rejected')
    assert.deepEqual(
      view.votes.map(({ voter, vote: what }) => [voter.id, what]),
      [['idp#bob', 'reject']],
    )
  })

  test('comes too late when it is decided, or its time is over', () => {
    refused(given(request(), approve('bob')), approve('carol'), 'conflict')
    refused(given(request(), approve('bob')), reject('carol'), 'conflict')
    for (const end of [reject('bob'), expire, cancel]) {
      refused(given(request(), end), approve('carol'), 'conflict')
      refused(given(request(), end), reject('carol'), 'conflict')
    }
    refused(given(request()), approve('bob'), 'conflict', asked.expires_ms)
    refused(given(request()), reject('bob'), 'conflict', asked.expires_ms)
    assert.equal(objection(given(request()), approve('bob'), asked.expires_ms - 1), undefined)
  })
})

suite('an end', () => {
  test('is the only one', () => {
    const approved = [request(), approve('bob')]
    const ends: readonly (readonly [state: ApprovalState, view: ApprovalView])[] = [
      ['rejected', given(request(), reject('bob'))],
      ['expired', given(request(), expire)],
      ['expired', given(...approved, expire)],
      ['cancelled', given(request(), cancel)],
      ['cancelled', given(...approved, cancel)],
      ['consumed', given(...approved, consume())],
      ['expired', expired(given(request()), 5, 'gateway')],
    ]
    for (const [state, view] of ends) {
      stands(view, state)
      assert.ok(view.ended)
      for (const body of [expire, cancel, consume('exc_9'), reject('carol'), approve('carol')])
        refused(view, body, 'conflict')
    }
  })

  test('by time needs no event: what is over is over', () => {
    const view = given(request(), approve('bob'))
    assert.equal(stateAt(view, asked.expires_ms - 1), 'approved')
    assert.equal(stateAt(view, asked.expires_ms), 'expired')
    refused(view, consume(), 'conflict', asked.expires_ms)
    for (const end of [expire, cancel])
      assert.notEqual(evolveApproval(view, recorded(end, asked.expires_ms))?.state, 'approved')
    stands(given(request(), approve('bob'), recorded(expire, 99_999)), 'expired')
    assert.equal(stateAt(given(request(), reject('bob')), 99_999), 'rejected')
  })
})

suite('a use', () => {
  test('needs the approval', () => {
    refused(given(request()), consume(), 'conflict')
    refused(given(request({ quorum: 2 }), approve('bob')), consume(), 'conflict')
  })

  test('of a single approval ends it, and names what it released', () => {
    const view = given(request(), approve('bob'), recorded(consume(), 3_000))
    stands(view, 'consumed')
    assert.deepEqual(
      view.uses.map(({ session, exchange, decision, time }) => [session, exchange, decision, time]),
      [['ses_1', 'exc_1', 'dec_2', 3_000]],
    )
    refused(view, consume('exc_2'), 'conflict')
  })

  for (const scope of ['run', 'window'] as const)
    test(`of an approval for a ${scope} leaves it, but not for the same execution again`, () => {
      const view = given(request({ scope }), approve('bob'), consume('exc_1'), consume('exc_2'))
      stands(view, 'approved')
      assert.equal(view.uses.length, 2)
      refused(view, consume('exc_1'), 'conflict')
      refused(view, consume('exc_3'), 'conflict', asked.expires_ms)
    })

  test('is one of not more than there is room for', () => {
    const uses = Array.from({ length: limits.approvalUsesMax }, (_, at) => consume(`exc_${at}`))
    const view = given(request({ scope: 'window' }), approve('bob'), ...uses)
    stands(view, 'consumed')
    refused(view, consume('exc_x'), 'conflict')
  })
})

suite('a release', () => {
  const two = given(request({ quorum: 2 }), approve('bob'), approve('carol'))
  const groups =
    (of: Readonly<Record<string, readonly string[]>>) =>
    (voter: string): readonly string[] | undefined =>
      of[voter]

  test('counts votes by what is known of the voters now', () => {
    assert.ok(isReleased(two, () => undefined))
    assert.ok(isReleased(two, groups({ 'idp#bob': ['leads'], 'idp#carol': ['x', 'dba'] })))
    assert.ok(!isReleased(two, groups({ 'idp#bob': [] })))
    assert.ok(!isReleased(two, groups({ 'idp#carol': ['analysts'] })))
  })

  test('does not count who refused', () => {
    const view = given(request({ quorum: 1 }), reject('bob'))
    assert.ok(!isReleased(view, () => ['dba']))
    assert.ok(!isReleased(given(request()), () => ['dba']))
  })
})
