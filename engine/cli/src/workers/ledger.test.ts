import { test } from 'node:test'
import assert from 'node:assert/strict'
import { workerLost, type NewEvent, type Position, type Unit } from '@sluice/core'
import { Ledger } from './ledger.ts'

const clock = { now: () => 7 }
const ids = { next: (prefix: string) => `${prefix}_1` }

function unit(stream: string, ...bodies: readonly Pick<NewEvent, 'type' | 'data'>[]): Unit {
  const [first, ...rest] = bodies.map((body) => ({ ...body, id: 'evt', time: 1 }) as NewEvent)
  assert.ok(first)
  return { stream, events: [first, ...rest] }
}

const opened = (session: string) => unit(session, { type: 'SessionOpened', data: { session } as never })
const closed = (session: string) => unit(session, { type: 'SessionClosed', data: { session } as never })

async function lost(ledger: Ledger, failing = false) {
  const appended: Unit[] = []
  const approvals: string[] = []
  const reports: string[] = []
  await ledger.lose({
    clock,
    ids,
    report: (what) => void reports.push(what),
    approvals: { lose: async (of) => void approvals.push(...of) },
    store: {
      append: async (of) => {
        if (failing) throw new Error('the log is down')
        appended.push(of)
        return '1' as Position
      },
    },
  })
  return { appended, approvals, reports }
}

test('what a worker left open is ended, with what the log says of it', async () => {
  const ledger = new Ledger()
  for (const session of ['ses_a', 'ses_b', 'ses_c']) ledger.take(opened(session))
  ledger.take(closed('ses_b'))
  const request = { session: 'ses_a', exchange: 'x', actions: '[]', digest: 'd', bytes: 1 }
  ledger.take(
    unit(
      'ses_a',
      { type: 'RequestReceived', data: request },
      { type: 'DecisionMade', data: { effect: 'deny' } as never },
      { type: 'RequestReceived', data: request },
      { type: 'DecisionMade', data: { effect: 'allow' } as never },
    ),
  )
  ledger.take(unit('ses_a', { type: 'ResponseCompleted', data: { rows: 3, bytes: 40 } as never }))
  ledger.take(unit('ses_a', { type: 'DenialsCounted', data: { requests: 5, denied: 4 } as never }))
  for (const approval of ['apr_1', 'apr_2'])
    ledger.take(unit('control', { type: 'ApprovalRequested', data: { approval } as never }))
  ledger.ended('apr_2')
  const { appended, approvals, reports } = await lost(ledger)
  assert.deepEqual(
    appended.map(({ stream, events: [{ type, data }] }) => [stream, type, data]),
    [
      [
        'ses_a',
        'SessionClosed',
        { session: 'ses_a', reason: workerLost, requests: 7, denied: 5, rows: 3, bytes: 40 },
      ],
      [
        'ses_c',
        'SessionClosed',
        { session: 'ses_c', reason: workerLost, requests: 0, denied: 0, rows: 0, bytes: 0 },
      ],
    ],
  )
  assert.deepEqual([approvals, reports], [['apr_1'], []])
})

test('a log that does not take it is told to the operator', async () => {
  const ledger = new Ledger()
  ledger.take(opened('ses_a'))
  const { reports } = await lost(ledger, true)
  assert.deepEqual(reports, ['the end of a lost worker was not recorded'])
})
