import { test } from 'node:test'
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { lost } from './lost.ts'
import { countedMax, searchSessions, sessionSorts, type SessionsSought } from './session-search.ts'
import { sessions, type SessionView } from './sessions.ts'

interface Row {
  readonly subject: string
  readonly on_behalf_of: string | null
  readonly target: string
  readonly run: string | null
  readonly opened_ms: number
  readonly requests: number
  readonly rows: number
  readonly state: 'open' | 'closed'
}

function databaseOf(rows: readonly Row[]): DatabaseSync {
  const db = new DatabaseSync(':memory:')
  db.exec(`${lost.tables} ${sessions.tables}`)
  const insert = db.prepare(
    `insert into sessions (id, writer, epoch, state, gateway, target, protocol, subject, on_behalf_of, client_ip, run,
       opened_ms, token_id, token_expires_ms, requests, rows)
     values (?, 'gw', 1, ?, 'gw', ?, 'postgres', ?, ?, '10.0.0.1', ?, ?, 't', 9, ?, ?)`,
  )
  db.exec('begin')
  for (const [index, row] of rows.entries())
    insert.run(
      idOf(index),
      row.state,
      row.target,
      row.subject,
      row.on_behalf_of,
      row.run,
      row.opened_ms,
      row.requests,
      row.rows,
    )
  db.exec('commit')
  return db
}

function idOf(index: number): string {
  return `ses_${String(index).padStart(26, '0')}`
}

const row = fc.record<Row>({
  subject: fc.constantFrom('i#alice', 'i#bob'),
  on_behalf_of: fc.constantFrom(null, 'i#carol'),
  target: fc.constantFrom('shop', 'crm'),
  run: fc.constantFrom(null, 'Run-1'),
  opened_ms: fc.integer({ min: 1, max: 6 }),
  requests: fc.integer({ min: 0, max: 3 }),
  rows: fc.integer({ min: 0, max: 3 }),
  state: fc.constantFrom('open', 'closed'),
})

const wanted = fc.record({
  state: fc.constantFrom(undefined, 'open' as const, 'closed' as const),
  subject: fc.constantFrom(undefined, 'i#alice'),
  on_behalf_of: fc.constantFrom(undefined, null, 'i#carol'),
  target: fc.constantFrom(undefined, 'shop'),
  text: fc.constantFrom(undefined, 'run-1', 'CRM', '%', "'"),
  opened_since_ms: fc.constantFrom(undefined, 3),
  opened_until_ms: fc.constantFrom(undefined, 5),
  sort: fc.constantFrom(...sessionSorts),
  order: fc.constantFrom('ascending' as const, 'descending' as const),
})

test('pages together are what fits, each once, in order', () => {
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 25 }),
      wanted,
      fc.integer({ min: 1, max: 7 }),
      (rows, sought, last) => {
        using db = databaseOf(rows)
        const search = searchSessions(db)
        const found: SessionView[] = []
        let after: SessionsSought['after']
        for (;;) {
          const { sessions: page, total } = search({ ...sought, after, last })
          found.push(...page)
          assert.equal(total, expected(rows, sought).length)
          const end = page.at(-1)
          if (end === undefined) break
          after = { value: valueOf(end, sought.sort), id: end.id }
        }
        assert.deepEqual(
          found.map(({ id }) => id),
          expected(rows, sought),
        )
      },
    ),
    { numRuns: 150 },
  )
})

function valueOf(session: SessionView, sort: SessionsSought['sort']): number {
  return sort === 'opened' ? session.opened_ms : session[sort]
}

function expected(rows: readonly Row[], sought: Omit<SessionsSought, 'last'>): readonly string[] {
  const { state, subject, on_behalf_of, target, text, sort, order } = sought
  const value = (each: Row): number =>
    sort === 'opened' ? each.opened_ms : sort === 'requests' || sort === 'rows' ? each[sort] : 0
  const sign = order === 'ascending' ? 1 : -1
  return rows
    .map((each, index) => ({ each, id: idOf(index) }))
    .filter(
      ({ each, id }) =>
        (state === undefined || each.state === state) &&
        (subject === undefined || each.subject === subject) &&
        (on_behalf_of === undefined || each.on_behalf_of === on_behalf_of) &&
        (target === undefined || each.target === target) &&
        each.opened_ms >= (sought.opened_since_ms ?? 0) &&
        each.opened_ms < (sought.opened_until_ms ?? Infinity) &&
        (text === undefined ||
          [id, each.subject, each.on_behalf_of ?? '', each.target, each.run ?? '', '10.0.0.1'].some((part) =>
            part.toLowerCase().includes(text.toLowerCase()),
          )),
    )
    .toSorted((a, b) => sign * (value(a.each) - value(b.each) || (a.id < b.id ? -1 : 1)))
    .map(({ id }) => id)
}

test('a page of a hundred thousand sessions keeps nobody waiting', () => {
  const rows = Array.from({ length: 100_000 }, (_, index): Row => ({
    subject: `i#${index % 500}`,
    on_behalf_of: null,
    target: `t${index % 20}`,
    run: null,
    opened_ms: index + 1,
    requests: index % 977,
    rows: 0,
    state: index % 50 === 0 ? 'open' : 'closed',
  }))
  using db = databaseOf(rows)
  const search = searchSessions(db)
  const questions: readonly Partial<SessionsSought>[] = [
    {},
    { after: { value: 50_000, id: idOf(49_999) } },
    { subject: 'i#7', on_behalf_of: null },
    { state: 'open', target: 't0' },
    { sort: 'requests' },
    { text: 'nowhere' },
  ]
  for (const question of questions) {
    search({ sort: 'opened', order: 'descending', last: 50, ...question })
    const started = performance.now()
    const { sessions: page, total } = search({ sort: 'opened', order: 'descending', last: 50, ...question })
    const ms = performance.now() - started
    assert.ok(page.length <= 50 && total <= countedMax)
    // What a slow machine under load needs; it is a tenth of that as a rule.
    assert.ok(ms < 1_000, `${JSON.stringify(question)} took ${ms.toFixed(0)} ms`)
    if (process.env['SLUICE_MEASURE'] !== undefined)
      console.log(JSON.stringify(question), ms.toFixed(1), 'ms')
  }
})
