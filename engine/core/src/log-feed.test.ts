import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { RecordedEvent } from './events.ts'
import { LogFeed, type LogFeedPorts } from './log-feed.ts'
import type { Position } from './ports.ts'

/** A log of three events whose reading fails as often as it is told, and where it was begun to be read. */
function log(failures: readonly Error[], more: Partial<LogFeedPorts> = {}) {
  const left = [...failures]
  const begun: (Position | undefined)[] = []
  const told: string[] = []
  const leaving = new AbortController()
  const ports: LogFeedPorts = {
    async *read(after) {
      begun.push(after)
      for (let at = Number(after ?? 0) + 1; at <= 3; at++) {
        if (at === 2 && left.length > 0) throw left.shift()
        yield { id: String(at), position: String(at) as Position } as RecordedEvent
      }
    },
    clock: {
      after: (_ms, callback) => {
        queueMicrotask(callback)
        return { [Symbol.dispose]: () => {} }
      },
    },
    leaving: leaving.signal,
    retryMs: 1_000,
    failed: (error) => told.push(String(error)),
    ...more,
  }
  return { feed: new LogFeed(undefined, ports), begun, told, leaving }
}

async function rest(feed: LogFeed): Promise<readonly string[]> {
  const ids: string[] = []
  for (let event = await feed.next(); event !== undefined; event = await feed.next()) ids.push(event.id)
  return ids
}

test('goes on behind the last event, and tells a row of failures once', async () => {
  const { feed, begun, told } = log([new Error('down'), new Error('still down')])
  assert.deepEqual(await rest(feed), ['1', '2', '3'])
  assert.deepEqual(begun, [undefined, '1', '1'])
  assert.deepEqual(told, ['Error: down'])
  assert.equal(feed.ended, true)
})

test('begins anew where what follows its place is gone, and its owner can', async () => {
  const gone = new RangeError('removed')
  let told = 0
  const again = log([gone], { gone: () => (told += 1) })
  assert.deepEqual(await rest(again.feed), ['1', '1', '2', '3'])
  assert.equal(told, 1)
  assert.deepEqual(await rest(log([gone]).feed), ['1', '2', '3'])
})

test('what does not come in time is there the next time', async () => {
  const { feed } = log([])
  assert.equal(await feed.next(Promise.resolve()), undefined)
  assert.equal(feed.ended, false)
  assert.deepEqual(await rest(feed), ['1', '2', '3'])
})

test('leaves when it is told to, also between two attempts', async () => {
  const endless = { after: () => ({ [Symbol.dispose]: () => {} }) }
  const { feed, leaving } = log([new Error('down')], { clock: endless })
  assert.equal((await feed.next())?.id, '1')
  const next = feed.next()
  leaving.abort()
  assert.equal(await next, undefined)
  await feed.close()
})
