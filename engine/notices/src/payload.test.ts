import { test } from 'node:test'
import assert from 'node:assert/strict'
import { payloadOf } from './payload.ts'
import { approvalId, alarm, waitingNotice, wanted } from './scripted.ts'

const link = (path: string): string => `https://sluice.example${path}`

test('a request that waits, without any value or column of it', () => {
  const notice = waitingNotice()
  assert.deepEqual(payloadOf({ kind: 'notice', id: 'evt_1', notice }, link), {
    id: 'evt_1',
    event: 'evt_1',
    type: 'approval.requested',
    time: '2023-11-14T22:13:20.000Z',
    approval: {
      id: approvalId(1),
      state: 'pending',
      subject: 'idp#agent',
      on_behalf_of: null,
      target: 'shop',
      actions: [
        {
          name: 'sql.delete',
          kind: 'delete',
          relations: [{ schema: 'public', name: 'orders', access: 'delete' }],
          relations_count: 1,
        },
      ],
      rule: 'starter/delete',
      message: 'Deleting rows needs an approval.',
      approvers: ['dba'],
      approved: 0,
      quorum: 1,
      expires_at: '2023-11-14T22:23:20.000Z',
      ended: null,
      link: `https://sluice.example/approvals/${approvalId(1)}`,
    },
  })
})

test('a digest holds each of its notices as it would be alone', () => {
  const notices = [
    { id: 'evt_1', time: 0, type: 'alarm.raised', alarm } as const,
    { id: 'evt_2', time: 0, type: 'access.requested', access: wanted } as const,
  ]
  const payload = payloadOf({ kind: 'digest', id: 'evt_1..evt_9', notices, count: 9 }, link)
  assert.ok(payload.type === 'digest')
  assert.deepEqual([payload.id, payload.count], ['evt_1..evt_9', 9])
  assert.deepEqual(
    payload.notices.map(({ event, type }) => [event, type]),
    [
      ['evt_1', 'alarm.raised'],
      ['evt_2', 'access.requested'],
    ],
  )
})
