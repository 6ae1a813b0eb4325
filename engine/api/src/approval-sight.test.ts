import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { ApprovalView, Subject } from '@sluice/core'
import { concerning, sightOf, type Concerning, type Sight } from './approval-sight.ts'
import { identityOf } from './scripted.ts'

const roles = { admin: ['operators'], approver: ['dba', 'leads'], auditor: ['auditors'] }
const approval = {
  subject: { id: 'test#alice', on_behalf_of: 'test#person' },
  approvers: ['dba'],
  people: ['test#alice', 'test#owner', 'test#person'],
} as unknown as ApprovalView

const cases: readonly (readonly [string, Partial<Subject>, Sight | null])[] = [
  ['who asked', { id: 'test#alice', on_behalf_of: 'test#person' }, 'own'],
  ['whom it was asked for', { id: 'test#person' }, 'own'],
  ['who asked, acting for somebody else', { id: 'test#alice', on_behalf_of: 'test#other' }, null],
  ['who asked, for themselves', { id: 'test#alice' }, null],
  [
    'who acts for somebody as one who stands behind them',
    { id: 'test#owner', on_behalf_of: 'test#other' },
    null,
  ],
  ['who stands behind them', { id: 'test#owner' }, 'own'],
  ['an approver of this one', { groups: ['dba'] }, 'deciding'],
  ['an approver of others', { groups: ['leads'] }, null],
  ['an admin', { groups: ['operators'] }, 'deciding'],
  ['an auditor', { groups: ['auditors'] }, 'masked'],
  ['an auditor who approves others', { groups: ['auditors', 'leads'] }, 'masked'],
  ['a service among the approvers, which never votes', { groups: ['dba'], type: 'service' }, 'masked'],
  ['an agent of an approver', { groups: ['dba', 'operators', 'auditors'], on_behalf_of: 'test#x' }, null],
  ['somebody without groups', {}, null],
  ['somebody of the same name at another issuer', { id: 'other#alice' }, null],
]

function isFound(whom: Concerning | null): boolean {
  if (whom === null || approval.people.includes(whom.person)) return true
  return approval.approvers.some((group) => whom.groups.includes(group))
}

for (const [who, change, expected] of cases)
  test(`${who}: ${expected ?? 'nothing'}`, () => {
    const subject = { ...identityOf('bob').subject, ...change }
    assert.equal(sightOf(approval, subject, roles), expected)
    if (expected !== null) assert.ok(isFound(concerning(subject, roles)), 'a search finds it')
  })

test('without the role, a member of the approvers looks and sees no values', () => {
  const subject = { ...identityOf('bob').subject, groups: ['dba'] }
  assert.equal(sightOf(approval, subject, { ...roles, approver: [] }), 'masked')
})
