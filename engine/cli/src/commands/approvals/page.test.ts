import { test } from 'node:test'
import assert from 'node:assert/strict'
import { pageText } from './page.ts'
import { page } from './scripted-page.ts'

test('everything that an approver must know is on the page', () => {
  assert.deepEqual(pageText(page).split('\n'), [
    'apr_01M8A3CF2M00000MB6X3TDGJ82  pending, 0 of 1 approved',
    '  asked by    demo#alice (service; analysts) on behalf of demo#zoe',
    '  target      shop',
    '  held by     starter/delete: Deleting rows needs an approval.',
    '  approvers   1 of dba; it lets pass: once',
    '  until       2026-01-02T03:04:05.000Z (600 s)',
    '  run         run-1: 1 sessions, 4 requests, 1 denied',
    '  session     ses_01M8A3CF2M00000MB6X3TDGJ82: 4 requests, 1 denied, 20 rows, 300 bytes so far',
    '              02:54:00  sql.select  completed  public.orders',
    '  action      sql.delete; delete public.orders (id); with WHERE; calls now',
    '  estimate    public.orders: about 9000 rows',
    '  statement   31 bytes, 2 lines',
    '    | delete from orders',
    '    | where id = 7',
    '  $1          "x"',
    '  $2          {"masked":"*****","tag":"1a2b3c4d"}',
    '  hidden      values, since the policy masks public.orders.total',
    '  before      apr_before rejected, asked for at 2026-01-01T00:00:00.000Z',
    '',
    'sluice approvals approve apr_01M8A3CF2M00000MB6X3TDGJ82',
    'sluice approvals reject apr_01M8A3CF2M00000MB6X3TDGJ82 --reason <text>',
    '',
  ])
})

test('a caller that waits no more is said, and what was used has run', () => {
  assert.match(
    pageText({ ...page, caller_waits: false }),
    /caller {6}waits no more: once it is approved, the same request/,
  )
  const ended = { at: '2026-01-02T03:00:00.000Z', by: 'demo#alice', reason: 'it was used' }
  assert.match(
    pageText({ ...page, state: 'consumed', caller_waits: null, ended }),
    /ended {7}2026-01-02T03:00:00\.000Z by demo#alice: what it let pass has run\n/,
  )
})

test('no text on it moves the cursor, breaks a line or looks like another part of it', () => {
  const evil = 'x\u001b[2J\u202e\u0007'
  const text = `a\n  statement   1 bytes\n\nsluice approvals approve`
  const shown = pageText({
    ...page,
    message: `${evil}\nnext`,
    requester: { ...page.requester, id: evil, groups: [evil] },
    request: {
      statement: { text: `${text}\n${evil}`, bytes: 1, lines: 5 },
      stands_for: [{ text, bytes: 1, lines: 4 }],
      parameters: [evil],
      hidden: 'all',
      estimates: { [evil]: null },
    },
    votes: [{ voter: evil, vote: 'approve', reason: `${evil}\n`, at: 'now' }],
  })
  assert.doesNotMatch(shown.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
  for (const line of ['statement   1 bytes', 'sluice approvals approve\n'])
    assert.ok(shown.includes(`    |   ${line}`) || shown.includes(`    | ${line}`), line)
  assert.match(shown, /hidden {6}all values/)
})

test('who may not vote is told why, and whom to ask', () => {
  const shown = pageText({ ...page, may_not_vote: 'Nobody may vote on their own request.' })
  assert.match(shown, /You may not vote: Nobody may vote on their own request\. Ask one of dba\.\n$/)
  assert.doesNotMatch(shown, /approvals approve/)
})

test('one that is over says how, and asks for nothing', () => {
  const shown = pageText({
    ...page,
    state: 'rejected',
    request: null,
    session_so_far: null,
    run: null,
    ended: { at: '2026-01-02T03:00:00.000Z', by: 'demo#bob', reason: 'no' },
  })
  assert.match(shown, /ended {7}2026-01-02T03:00:00\.000Z by demo#bob: no\n$/)
  assert.match(shown, /statement {3}erased/)
  assert.match(shown, /not open here/)
})
