import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { ExchangeRecord, ExchangesWanted } from './exchange-records.ts'
import type { FoundLine } from './exchange-search.ts'
import { ExchangeTail, type TailWanted } from './exchange-tail.ts'
import { identityOf } from './scripted.ts'

const roles = { admin: ['operators'], approver: ['dba'], auditor: ['auditors'] }

function record(number: number, change: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    exchange: `exc_${String(number).padStart(26, '0')}`,
    session: 'ses_1',
    at_ms: 1_000 + number,
    subject: 'test#alice',
    on_behalf_of: null,
    target: 'shop',
    run: 'run_1',
    summary: 'sql.select public.orders',
    bytes: 8,
    effect: 'allow',
    rule: 'test/read',
    reason: null,
    decision: 'dec_1',
    revision: 'r1',
    outcome: 'running',
    status: null,
    rows: 0,
    masked: 0,
    micros: null,
    ...change,
  }
}

interface Sent {
  readonly exchanges: readonly FoundLine[]
  readonly skipped: number | null
}

function tail(who: string, wanted: TailWanted = {}, past: readonly ExchangeRecord[] = []) {
  const sent: { readonly data: Sent; readonly id: string | undefined }[] = []
  const asked: ExchangesWanted[] = []
  let tell: (changed: readonly ExchangeRecord[], skipped: number) => void = () => {}
  let due: (() => void) | undefined
  let listening = true
  const following = new ExchangeTail(
    identityOf(who).subject,
    { send: (_event, data, id) => void sent.push({ data: data as Sent, id }) },
    wanted,
    {
      roles,
      exchanges: {
        async search(criteria) {
          asked.push(criteria)
          return past.slice(0, criteria.last)
        },
        onChange(listener) {
          tell = listener
          return { [Symbol.dispose]: () => void (listening = false) }
        },
      },
      clock: {
        after(_ms, callback) {
          due = callback
          return { [Symbol.dispose]: () => void (due = undefined) }
        },
      },
    },
  )
  return {
    following,
    sent,
    asked,
    tell: (records: readonly ExchangeRecord[], skipped = 0) => tell(records, skipped),
    pass: () => due?.(),
    state: () => ({ listening, due: due !== undefined }),
    names: () => sent.flatMap(({ data }) => data.exchanges.map(({ exchange }) => Number(exchange.slice(4)))),
  }
}

test('what changes is told in one message a while, each exchange as it is last', () => {
  const { sent, tell, pass } = tail('erin')
  tell([record(1), record(2)])
  tell([record(1, { outcome: 'completed', micros: 70 })])
  assert.equal(sent.length, 0)
  pass()
  assert.deepEqual(
    sent.map(({ data, id }) => [
      data.exchanges.map(({ outcome, micros }) => [outcome, micros]),
      data.skipped,
      id,
    ]),
    [
      [
        [
          ['completed', 70],
          ['running', null],
        ],
        0,
        `1002.${record(2).exchange}`,
      ],
    ],
  )
})

for (const [who, seen] of [
  ['erin', [1, 2, 3]],
  ['grace', [1, 2, 3]],
  ['alice', [1]],
  ['dave', []],
] as const)
  test(`A13 ${who} is told of what exists for them`, () => {
    const { tell, pass, names } = tail(who)
    tell([
      record(1),
      record(2, { subject: 'test#bob' }),
      record(3, { subject: 'test#alice', on_behalf_of: 'test#bob' }),
    ])
    pass()
    assert.deepEqual(names(), seen)
  })

test('of one session, run or target nothing else is told', () => {
  for (const wanted of [{ session: 'ses_1' }, { run: 'run_1' }, { target: 'shop' }]) {
    const { tell, pass, names } = tail('erin', wanted)
    tell([record(1), record(2, { session: 'ses_2', run: null, target: 'other' })])
    pass()
    assert.deepEqual(names(), [1])
  }
})

test('a flood is counted where it cannot be shown', () => {
  const { sent, tell, pass } = tail('erin')
  tell(
    Array.from({ length: 450 }, (_, index) => record(index)),
    7,
  )
  pass()
  assert.deepEqual(
    sent.map(({ data }) => [data.exchanges.length, data.skipped]),
    [[200, 257]],
  )
})

test('who comes back is told what was missed, oldest first', async () => {
  const past = [record(5), record(4, { subject: 'test#bob' }), record(3), record(2)]
  const { following, asked, sent, names } = tail('alice', {}, past)
  await following.resume(`1003.${record(3).exchange}`)
  assert.deepEqual(names(), [5])
  assert.deepEqual(
    [asked[0]?.subject, asked[0]?.on_behalf_of, asked[0]?.since_ms],
    ['test#alice', null, 1003],
  )
  assert.equal(sent[0]?.data.skipped, 0)
})

test('more than can be told is said to be missing', async () => {
  const past = Array.from({ length: 600 }, (_, index) => record(600 - index))
  const { following, sent } = tail('erin', {}, past)
  await following.resume(`1000.${record(0).exchange}`)
  assert.deepEqual([sent[0]?.data.exchanges.length, sent[0]?.data.skipped], [500, null])
})

test('an id of nobody is none', async () => {
  const { following, asked } = tail('erin')
  for (const id of ['', '1', "1.exc_'", '-1.exc_00000000000000000000000000']) await following.resume(id)
  assert.deepEqual(asked, [])
})

test('who leaves is told nothing', () => {
  const { following, tell, state } = tail('erin')
  tell([record(1)])
  following[Symbol.dispose]()
  assert.deepEqual(state(), { listening: false, due: false })
})
