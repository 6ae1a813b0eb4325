import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Message, Notice } from './notice.ts'
import { alarm, approvalId, waitingNotice, wanted } from './scripted.ts'
import { told } from './told.ts'

function one(notice: Notice): Message {
  return { kind: 'notice', id: notice.id, notice }
}

const link = (path: string): string => `https://sluice.example${path}`

suite('a notice in words', () => {
  test('of a request that waits', () => {
    assert.deepEqual(told(one(waitingNotice({ quorum: 2 })), link), {
      title: 'Approval needed: sql.delete on shop',
      facts: [
        ['Asked by', 'idp#agent'],
        ['Target', 'shop'],
        ['What', 'sql.delete public.orders (delete)'],
        ['Rule', 'starter/delete'],
        ['Why it waits', 'Deleting rows needs an approval.'],
        ['Approvals', '0 of 2, by dba'],
        ['Expires', '2023-11-14T22:23:20.000Z'],
        ['Reference', approvalId(1)],
      ],
      link: `https://sluice.example/approvals/${approvalId(1)}`,
      votable: approvalId(1),
    })
  })

  test('of its end: by whom and why, and nobody may vote any more', () => {
    const ended = { time: 1_700_000_000_000, by: 'idp#bob', reason: 'not\nnow' }
    const { title, facts, votable } = told(one(waitingNotice({ state: 'rejected', ended })), link)
    assert.equal(title, 'Rejected: sql.delete on shop')
    assert.ok(facts.some(([name, value]) => name === 'Ended' && value.endsWith('by idp#bob: not now')))
    assert.equal(votable, null)
  })

  test('of an alarm, and of access that is asked for', () => {
    const raised = told(one({ id: 'evt_1', time: 0, type: 'alarm.raised', alarm }), link)
    assert.equal(raised.title, 'Alarm: sql.delete on shop was let through')
    assert.equal(raised.link, 'https://sluice.example/v1/sessions/ses_1')
    const access = told(one({ id: 'evt_1', time: 0, type: 'access.requested', access: wanted }), link)
    assert.equal(access.title, 'Access asked for: pii_reader on shop')
    assert.ok(access.facts.some(([, value]) => value === 'a customer asked'))
    assert.equal(access.votable, null)
  })

  test('of many: how many, and each that is named with its reference', () => {
    const notices = [waitingNotice({}, 1), waitingNotice({}, 2)]
    const { title, facts, votable } = told({ kind: 'digest', id: 'd', notices, count: 30 }, link)
    assert.equal(title, '30 notices at once')
    assert.deepEqual(facts.at(0), [approvalId(1), 'Approval needed: sql.delete on shop'])
    assert.deepEqual(facts.at(-1), ['And', '28 more'])
    assert.equal(votable, null)
  })

  test('names no more relations than people read, and counts the others', () => {
    const relations = Array.from({ length: 40 }, (_, index) => ({
      schema: 'p',
      name: `t${index}`,
      access: 'read',
    }))
    const summary = JSON.stringify([{ name: 'sql.select', kind: 'select', relations }])
    const what = told(one(waitingNotice({ summary })), link).facts.find(([name]) => name === 'What')?.[1]
    assert.match(what ?? '', /p\.t9 \(read\), 30 more$/)
  })
})
