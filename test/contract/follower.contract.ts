import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { FollowedEvent, LogFollower, Position, RecordedEvent } from '@sluice/core'
import {
  all,
  isOfGateways,
  now,
  request,
  soon,
  unit,
  until,
  type LogUnderTest,
} from './event-store.contract.ts'

/** What every implementation of the log port promises to who follows all of it. */
export function followerContract(name: string, open: () => Promise<LogUnderTest>): void {
  suite(`following the log: ${name}`, () => {
    let log: LogUnderTest
    let leave: AbortController
    beforeEach(async () => {
      log = await open()
      leave = new AbortController()
    })
    afterEach(async () => {
      leave.abort()
      await log.close()
    })

    function follow(store: LogFollower, after?: Position, busyMs = 0) {
      const events: FollowedEvent[] = []
      const positions: Position[] = []
      const over = store.follow(after, leave.signal, (some) => {
        events.push(...some.events.filter((event) => !isOfGateways(event)))
        positions.push(some.position)
        return busyMs === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, busyMs))
      })
      return { events, positions, over }
    }

    async function appendMany(count: number): Promise<void> {
      const appends = Array.from({ length: count }, (_, index) =>
        log.store.append(
          { stream: `ses_${index % 7}`, events: [request('ses', 'sealed'), request('ses', 'as well')] },
          index % 3 === 0 ? soon : now,
        ),
      )
      await Promise.all(appends)
    }

    for (const busyMs of [0, 3])
      test(`gives what is read, ${busyMs === 0 ? 'as it is written' : 'to who is busy'}`, async () => {
        await appendMany(20)
        const { events, over } = follow(log.store, undefined, busyMs)
        await appendMany(30)
        await log.store.append(unit('control', 'of all'), now)
        await until(() => events.length >= 60)
        await appendMany(30)
        await until(() => events.length === 161)
        leave.abort()
        await over
        const read = await all(log.store.read())
        assert.deepEqual(inStreams(events), inStreams(read))
        assert.deepEqual(
          events.flatMap(({ recorded }) => (recorded === null ? [] : [recorded])),
          read.filter(({ stream }) => stream === 'control'),
        )
      })

    test('goes on after each place that it gave, also of another start', async () => {
      const first = follow(log.store)
      await appendMany(12)
      await until(() => first.events.length === 24)
      leave.abort()
      await first.over
      leave = new AbortController()
      const store = await log.reopen()
      const known = new Set(first.events.map(({ id }) => id))
      const rest = follow(store, first.positions.at(-1))
      await store.append(unit('ses_a', 'new'), now)
      await until(() => rest.events.some(({ stream }) => stream === 'ses_a'))
      assert.deepEqual(
        rest.events.filter(({ id }) => known.has(id)),
        [],
      )
    })

    test('rejects with what taking throws, and the log goes on', async () => {
      await appendMany(1)
      let taken = 0
      const over = log.store.follow(undefined, leave.signal, ({ events }) => {
        taken += events.length
        if (taken > 3) throw new Error('not taken')
        return undefined
      })
      const rejected = assert.rejects(over, /not taken/)
      await appendMany(5)
      await rejected
      await appendMany(5)
      const later = follow(log.store)
      await until(() => later.events.length === 22)
    })

    test('ends with the log', async () => {
      const { events, over } = follow(log.store)
      await appendMany(3)
      await log.store.close()
      await over
      assert.equal(events.length, 6)
    })

    test('ends at once for who has left', async () => {
      leave.abort()
      await follow(log.store).over
    })
  })
}

/** What followers are promised of events. Streams are ordered, and between them nothing is promised. */
function inStreams(events: readonly (FollowedEvent | RecordedEvent)[]): unknown {
  const streams = Map.groupBy(events, ({ stream }) => stream)
  return [...streams].toSorted(([a], [b]) => a.localeCompare(b)).map(([, ofStream]) => ofStream.map(promised))
}

function promised(event: FollowedEvent | RecordedEvent): unknown {
  const { hash, sig } = event
  const { id, stream, seq, writer, epoch, time, trace_id, run_id, type, data } = event
  const proof = [Buffer.from(hash).toString('hex'), sig === null ? null : Buffer.from(sig).toString('hex')]
  return { id, stream, seq, writer, epoch, time, trace_id, run_id, type, data, proof }
}
