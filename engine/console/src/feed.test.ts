import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { LogEvent } from './api/shapes.ts'
import { Feed, summaryOf } from './feed.ts'

function event(type: string, data: LogEvent['data'], time = 0): LogEvent {
  const common = {
    id: 'evt',
    stream: 'ses_1',
    seq: 0,
    writer: 'gw',
    epoch: 1,
    run_id: null,
    position: '',
    prev_hash: '',
    hash: '',
    sig: null,
  }
  return { ...common, type, data, time }
}

const actions = JSON.stringify([
  {
    name: 'sql.select',
    relations: [
      { schema: 'public', name: 'a' },
      { schema: 'public', name: 'a' },
    ],
  },
])
const decided = (exchange: string, effect: string): LogEvent =>
  event('DecisionMade', { exchange, effect, rule: 'r' })

test('a request, its decision and its answer are one line', () => {
  const feed = new Feed()
  feed.take(event('SessionOpened', { target: 'shop', protocol: 'postgres', subject: { id: 'demo#bob' } }))
  feed.take(event('RequestReceived', { exchange: 'e', actions }))
  feed.take(decided('e', 'allow'))
  feed.take(
    event('ResponseCompleted', {
      exchange: 'e',
      micros: 1_200,
      rows: 3,
      masked: [{ values: 2 }, { values: 1 }],
    }),
  )
  const [line, ...others] = feed.decisions
  assert.equal(others.length, 0)
  assert.deepEqual([line?.target, line?.subject, line?.summary], ['shop', 'demo#bob', 'sql.select public.a'])
  assert.deepEqual([line?.effect, line?.masked, line?.micros, line?.rows], ['allow', 3, 1_200, 3])
})

test('a hold that was released is the same request', () => {
  const feed = new Feed()
  feed.take(event('RequestReceived', { exchange: 'e', actions }))
  feed.take(decided('e', 'hold'))
  feed.take(decided('f', 'deny'))
  feed.take(decided('e', 'allow'))
  assert.deepEqual(
    feed.decisions.map(({ exchange, effect }) => [exchange, effect]),
    [
      ['e', 'allow'],
      ['f', 'deny'],
    ],
  )
  assert.equal(feed.decisions[0]?.summary, 'sql.select public.a')
})

test('it holds a bounded number, however many come', () => {
  const feed = new Feed()
  for (let index = 0; index < 10_000; index++) {
    feed.take(event('RequestReceived', { exchange: `e${index}`, actions }))
    feed.take(decided(`e${index}`, 'allow'))
  }
  assert.equal(feed.decisions.length, 2_000)
  assert.equal(feed.decisions[0]?.exchange, 'e9999')
})

test('an event that means nothing here changes nothing', () => {
  const feed = new Feed()
  feed.take(event('ResponseCompleted', { exchange: 'gone' }))
  feed.take(event('Later', {}))
  assert.equal(feed.decisions.length, 0)
  assert.equal(summaryOf('not JSON'), '')
  assert.equal(summaryOf('[{"name":"http.get","route":"/a"}]'), 'http.get /a')
})
