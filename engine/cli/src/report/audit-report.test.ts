import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { EventData, EventType, RecordedEvent } from '@sluice/core'
import { Reporting, type AuditReport } from './audit-report.ts'
import { reportText } from './report-text.ts'

const dayMs = 86_400_000
const since = 20 * dayMs
const actions = JSON.stringify([
  { name: 'sql.select', relations: [{ schema: 'public', name: 'customers' }] },
  { name: 'sql.begin' },
])

type Written = readonly [time: number, type: EventType, data: object]

function reported(...events: readonly (readonly Written[])[]): AuditReport {
  const reporting = new Reporting(since, since + 7 * dayMs)
  for (const [time, type, data] of events.flat())
    reporting.take({ time, type, data, writer: 'gw_a' } as unknown as RecordedEvent)
  return reporting.report
}

function session(time: number, id = 'ses_1', subject = 'i#alice'): readonly Written[] {
  return [[time, 'SessionOpened', { session: id, subject: { id: subject }, target: 'shop' }]]
}

function request(
  time: number,
  effect: EventData['DecisionMade']['effect'],
  { rows = 0, of = 'ses_1', rule = 'r' } = {},
): readonly Written[] {
  const exchange = `exc_${time}`
  return [
    [time, 'RequestReceived', { session: of, exchange, actions }],
    [time, 'DecisionMade', { session: of, exchange, decision: `dec_${time}`, effect, rule }],
    ...(effect === 'allow' ? [[time, 'ResponseCompleted', { session: of, exchange, rows }] as const] : []),
  ]
}

suite('the report on a period', () => {
  test('says what somebody did for the first time, and not what they did before', () => {
    const bob = { of: 'ses_2' }
    const { first_access } = reported(
      session(dayMs),
      request(dayMs, 'allow'),
      session(since, 'ses_2', 'i#bob'),
      request(since + 1, 'allow'),
      request(since + 2, 'allow', bob),
      request(since + 3, 'allow', bob),
    )
    const of = {
      subject: 'i#bob',
      target: 'shop',
      times: 2,
      first_ms: since + 2,
      decision: `dec_${since + 2}`,
    }
    assert.deepEqual(first_access, [
      { ...of, action: 'sql.select', table: 'public.customers' },
      { ...of, action: 'sql.begin', table: null },
    ])
  })

  test('a table that one request names twice is one time', () => {
    const twice = { name: 'sql.select', relations: [1, 2].map(() => ({ schema: 'public', name: 'orders' })) }
    const asked = { session: 'ses_1', exchange: 'exc', actions: JSON.stringify([twice]) }
    const decided = { session: 'ses_1', exchange: 'exc', decision: 'dec', effect: 'allow', rule: 'r' }
    const { first_access } = reported(session(since), [
      [since, 'RequestReceived', asked],
      [since, 'DecisionMade', decided],
    ])
    assert.deepEqual(
      first_access.map(({ table, times }) => [table, times]),
      [['public.orders', 1]],
    )
  })

  test('what was denied or held gave no access', () => {
    assert.deepEqual(
      reported(session(since), request(since, 'deny'), request(since + 1, 'hold')).first_access,
      [],
    )
  })

  test('shows days with unusually many denials and rows', () => {
    const before = Array.from({ length: 8 }, (_, day) => request(day * dayMs, 'allow', { rows: 1_000 }))
    const denials = Array.from({ length: 12 }, (_, at) =>
      request(since + at, 'deny', { rule: 'destructive/drop' }),
    )
    const report = reported(
      session(0),
      before.flat(),
      denials.flat(),
      request(since + dayMs, 'allow', { rows: 50_000 }),
    )
    assert.deepEqual(
      [...report.many_denials, ...report.many_rows].map(({ day, count }) => [day, count]),
      [
        [20, 12],
        [21, 50_000],
      ],
    )
    assert.deepEqual(report.denied_by_rule, [{ rule: 'destructive/drop', times: 12 }])
    assert.deepEqual([report.totals.requests, report.totals.denied, report.totals.rows], [13, 12, 50_000])
  })

  test('counts denials that were only counted', () => {
    const counted = {
      session: 'ses_1',
      subject: 'i#alice',
      target: 'shop',
      requests: 900,
      denied: 800,
      rules: [
        { rule: 'r', denied: 700 },
        { rule: 'other', denied: 100 },
      ],
    }
    const { totals, denied_by_rule, many_denials } = reported(session(0), request(since, 'deny'), [
      [since + 1, 'DenialsCounted', counted],
      [since + 8 * dayMs, 'DenialsCounted', counted],
    ])
    assert.deepEqual([totals.requests, totals.denied], [901, 801])
    assert.deepEqual(denied_by_rule, [
      { rule: 'r', times: 701 },
      { rule: 'other', times: 100 },
    ])
    assert.deepEqual(
      many_denials.map(({ subject, count }) => [subject, count]),
      [['i#alice', 801]],
    )
  })

  test('counts logins that were only counted', () => {
    const { totals } = reported([
      [since, 'AuthenticationFailed', {}],
      [since + 1, 'LoginsRefused', { refused: 70 }],
    ])
    assert.equal(totals.failed_logins, 71)
  })

  test('names broken glass and changes, and nothing outside the period', () => {
    const alarm = { subject: 'i#carol', target: 'shop', alarm: 'e/on_call', decision: 'dec_1' }
    const { break_glass, changes } = reported([
      [since - 1, 'AlarmRaised', alarm],
      [since, 'AlarmRaised', alarm],
      [since + 8 * dayMs, 'AlarmRaised', alarm],
      [since + 1, 'PolicyActivated', { revision: 'a'.repeat(32), by: 'i#carol', reason: 'stricter' }],
    ])
    assert.deepEqual(break_glass, [
      { at_ms: since, subject: 'i#carol', target: 'shop', rule: 'e/on_call', decision: 'dec_1' },
    ])
    assert.deepEqual(changes, [
      { at_ms: since + 1, what: 'policy aaaaaaaaaaaa in force: stricter', by: 'i#carol' },
    ])
  })

  test('as text nothing of the log commands the terminal, and little before is said', () => {
    const text = reportText(reported(session(since, 'ses_1', 'i#\u001b[2J'), request(since, 'allow')))
    assert.ok(!text.includes('\u001b'))
    assert.match(text, /With fewer than seven days before it/)
    assert.match(text, /For the first time\nWHEN/)
  })
})
