import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import {
  StoreError,
  systemClock,
  systemIds,
  type EventData,
  type EventStore,
  type LogFollower,
  type NewEvent,
  type RecordedEvent,
  type Unit,
} from '@sluice/core'

/** A log under test, and what the suite may do to what is behind it. */
export interface LogUnderTest {
  readonly store: EventStore & LogFollower
  /** Closes the store and opens the same log again, as the next incarnation of its gateway. */
  reopen(): Promise<EventStore & LogFollower>
  /** From now on no write ends, until `resume`. */
  stall(): void
  resume(): void
  /** Everything that is stored, for a search. */
  stored(): Promise<Buffer>
  unseal(event: RecordedEvent): Promise<Uint8Array | null>
  /** The same log, as a version wrote it that calls ExchangeAbandoned by this name. The store was closed. */
  renamed(type: string): Promise<EventStore>
  close(): Promise<void>
}

/** The queue that `open` must make: small enough for a test to fill it. */
export const queueBytesMax = 262_144

/** What every implementation of the log port promises. */
export function eventStoreContract(name: string, open: () => Promise<LogUnderTest>): void {
  suite(`the log contract: ${name}`, () => {
    let log: LogUnderTest
    beforeEach(async () => {
      log = await open()
    })
    afterEach(async () => {
      log.resume()
      await log.close()
    })

    test('what was appended is read back, chained', async () => {
      const events: readonly [NewEvent, ...NewEvent[]] = [
        { ...request('a', 'select 1'), trace_id: 'trace', run_id: 'run' },
        abandoned('a', 'twice'),
      ]
      await log.store.append({ stream: 'ses_a', events }, now)
      await log.store.append(unit('ses_a', 'late'), now)
      const [first, second, third, ...rest] = await all(log.store.read())
      assert.ok(first && second && third)
      assert.deepEqual(rest, [])
      const { id, time, type, data, trace_id, run_id } = first
      const { sealed: _, ...given } = events[0]
      assert.deepEqual({ id, time, type, data, trace_id, run_id }, given)
      assert.deepEqual([second.trace_id, second.run_id, second.sealed], [null, null, null])
      assert.deepEqual([first.seq, second.seq, third.seq], [0, 1, 2])
      assert.deepEqual(Buffer.from(first.prev_hash), Buffer.alloc(32))
      assert.deepEqual(second.prev_hash, first.hash)
      assert.deepEqual(third.prev_hash, second.hash)
      assert.equal(new Set([first.epoch, second.epoch, third.epoch]).size, 1)
      assert.equal(new Set([first.writer, second.writer, third.writer]).size, 1)
    })

    test('the order of a stream is that of the calls, and units stay together', async () => {
      const streams = ['ses_a', 'ses_b', 'ses_c']
      const appended = streams.flatMap((stream) =>
        Array.from({ length: 40 }, (_, index) => unit(stream, `${index}`, `${index}`, `${index}`)),
      )
      await Promise.all(appended.map((each, index) => log.store.append(each, index % 3 === 0 ? soon : now)))
      const read = await all(log.store.read())
      for (const stream of streams) {
        const ids = read.filter((event) => event.stream === stream).map(({ id }) => id)
        const expected = appended.filter((each) => each.stream === stream).flatMap(({ events }) => events)
        assert.deepEqual(
          ids,
          expected.map(({ id }) => id),
        )
      }
    })

    test('a clock that is set back changes no order, and what was said when is kept', async () => {
      const times = [2_000, 3_000, 1_000, 2_500]
      for (const [index, time] of times.entries()) {
        const { stream, events } = unit('ses_a', `${index}`)
        await log.store.append({ stream, events: [{ ...events[0], time }] }, now)
      }
      const of = (store: EventStore) => all(store.read(undefined, 'ses_a'))
      const expected = times.map((time, index) => [`${index}`, time, index])
      const told = (events: readonly RecordedEvent[]) =>
        events.map((event) => [reasons([event])[0], event.time, event.seq])
      assert.deepEqual(told(await of(log.store)), expected)
      assert.deepEqual(told(await of(await log.reopen())), expected)
    })

    test('a position reads on from there, inside a unit and after a restart', async () => {
      const position = await log.store.append(unit('ses_a', '0', '1', '2'), now)
      await log.store.append(unit('ses_a', '3'), now)
      const [first] = await all(log.store.read())
      assert.ok(first)
      assert.deepEqual(reasons(await all(log.store.read(first.position))), ['1', '2', '3'])
      assert.deepEqual(reasons(await all(log.store.read(position))), ['3'])
      const again = await log.reopen()
      await again.append(unit('ses_b', '4'), now)
      assert.deepEqual(reasons(await all(again.read(position))), ['3', '4'])
      const last = (await all(again.read())).at(-1)
      assert.deepEqual(await all(again.read(last?.position)), [])
    })

    test('subscribers get what is there, then what comes, each at its own pace, until they leave', async () => {
      await log.store.append(unit('ses_a', '0'), now)
      const leave = new AbortController()
      const seen: string[][] = [[], []]
      const following = seen.map(async (mine) => {
        for await (const event of log.store.subscribe(undefined, leave.signal)) {
          mine.push(...reasons([event]))
          if (mine === seen[1]) await pause(2)
        }
      })
      for (const reason of ['1', '2', '3', '4']) await log.store.append(unit('ses_a', reason), now)
      await until(() => seen.every((mine) => mine.length === 5))
      leave.abort()
      await Promise.all(following)
      assert.deepEqual(seen, [
        ['0', '1', '2', '3', '4'],
        ['0', '1', '2', '3', '4'],
      ])
      const left = log.store.subscribe(undefined, AbortSignal.abort())
      assert.deepEqual(await all(left), [])
    })

    test('a subscription ends with the log', async () => {
      const following = all(log.store.subscribe(undefined, new AbortController().signal))
      await log.store.append(unit('ses_a', '0'), now)
      await log.store.close()
      assert.deepEqual(reasons(await following), ['0'])
    })

    test('nothing is seen before it is durable', async () => {
      await log.store.append(unit('ses_a', 'durable'), now)
      log.stall()
      const pending = log.store.append(unit('ses_a', 'not yet', 'nor this'), now)
      await pause(30)
      assert.deepEqual(reasons(await all(log.store.read())), ['durable'])
      log.resume()
      await pending
      assert.deepEqual(reasons(await all(log.store.read())), ['durable', 'not yet', 'nor this'])
    })

    test('a deadline refuses its caller, and gives nothing up', async () => {
      log.stall()
      const late = log.store.append(unit('ses_a', 'late'), { withinMs: 30, urgency: 'now' })
      const patient = log.store.append(unit('ses_a', 'patient'), now)
      await refused(late, 'deadline')
      log.resume()
      await patient
      assert.deepEqual(reasons(await all(log.store.read())), ['late', 'patient'])
    })

    test('a full queue refuses, and leaves no trace of what it refused', async () => {
      log.stall()
      const half = 'x'.repeat(queueBytesMax / 2 - 4_096)
      const [a, b] = [half, half].map((content) =>
        log.store.append({ stream: 'ses_a', events: [request('a', content)] }, now),
      )
      await refused(log.store.append({ stream: 'ses_a', events: [request('a', half)] }, now), 'full')
      log.resume()
      await Promise.all([a, b])
      await log.store.append(unit('ses_a', 'room again'), now)
      const read = await all(log.store.read())
      assert.deepEqual(
        read.map(({ type, seq }) => `${type} ${seq}`),
        ['RequestReceived 0', 'RequestReceived 1', 'ExchangeAbandoned 2'],
      )
      assert.deepEqual(read[2]?.prev_hash, read[1]?.hash)
      await refused(
        log.store.append({ stream: 'ses_a', events: [request('a', 'x'.repeat(2 * queueBytesMax))] }, now),
        'full',
      )
    })

    test('a log that takes nothing says so at once after a while, and serves again', async () => {
      assert.ok(log.store.healthy)
      log.stall()
      const waiting = log.store.append(unit('ses_a', 'waiting'), { withinMs: 10_000, urgency: 'now' })
      await until(() => !log.store.healthy)
      await refused(log.store.append(unit('ses_a', 'refused'), now), 'unavailable')
      log.resume()
      await waiting
      assert.ok(log.store.healthy)
      await log.store.append(unit('ses_a', 'served'), now)
      assert.deepEqual(reasons(await all(log.store.read())), ['waiting', 'served'])
    })

    test('closing keeps what was accepted and refuses what comes later', async () => {
      const accepted = [now, soon].map((options) => log.store.append(unit('ses_a', options.urgency), options))
      await Promise.all([log.store.close(), log.store.close()])
      await Promise.all(accepted)
      await refused(log.store.append(unit('ses_a', 'later'), now), 'closed')
      assert.ok(!log.store.healthy)
      const again = await log.reopen()
      assert.deepEqual(reasons(await all(again.read())), ['now', 'soon'])
    })

    test('what nobody waits for is durable soon all the same', async () => {
      await log.store.append(unit('ses_a', 'alone'), soon)
      assert.deepEqual(reasons(await all(log.store.read())), ['alone'])
    })

    test('the next incarnation has the same writer, a later epoch, and chains of its own', async () => {
      await log.store.append(unit('ses_a', '0'), now)
      const again = await log.reopen()
      await again.append(unit('ses_a', '1', '2'), now)
      const [before, first, second, ...rest] = await all(again.read())
      assert.ok(before && first && second)
      assert.deepEqual(rest, [])
      assert.equal(first.writer, before.writer)
      assert.ok(first.epoch > before.epoch)
      assert.deepEqual([before.seq, first.seq, second.seq], [0, 0, 1])
      assert.deepEqual(Buffer.from(first.prev_hash), Buffer.alloc(32))
      assert.deepEqual(second.prev_hash, first.hash)
    })

    test('events of the whole process are signed, those of a session are not', async () => {
      await log.store.append(unit('control', '0'), now)
      await log.store.append(unit('ses_a', '1'), now)
      const read = await all(log.store.read())
      assert.deepEqual(
        read.map(({ sig }) => sig?.length ?? null),
        [64, null],
      )
    })

    test('an event of an unknown type is kept as it is', async () => {
      await log.store.append({ stream: 'ses_a', events: [request('a', 'x'), abandoned('a', 'unknown')] }, now)
      await log.store.append({ stream: 'ses_a', events: [request('a', 'y')] }, now)
      await log.store.close()
      const again = await log.renamed('ExchangeRetried')
      const [first, second, third] = await all(again.read())
      assert.ok(first && second && third)
      assert.equal(second.type, 'Unknown')
      assert.ok(second.type === 'Unknown' && second.unknown === 'ExchangeRetried')
      assert.ok(Buffer.from(second.data).includes('unknown'))
      assert.deepEqual(second.prev_hash, first.hash)
      assert.deepEqual(third.prev_hash, second.hash)
    })

    test('what the schema would lose is refused, and the chain goes on without it', async () => {
      const { data, ...event } = abandoned('a', 'x')
      const lossy: readonly unknown[] = [
        { ...event, data: { ...data, surplus: 1 } },
        { ...event, data: { ...data, reason: 'half \ud83d' } },
        { ...event, data: { ...data, reason: undefined } },
        { ...event, data: { ...data, reason: 7 } },
        { ...event, data, time: Number.NaN },
        { ...event, data, run_id: '\udc00' },
        { ...event, data, type: 'NeverHeardOf' },
      ]
      for (const each of lossy) {
        const mixed = [abandoned('a', 'good'), each as NewEvent] as const
        await assert.rejects(log.store.append({ stream: 'ses_a', events: mixed }, now), JSON.stringify(each))
      }
      await log.store.append(unit('ses_a', 'after'), now)
      const read = await all(log.store.read())
      assert.deepEqual(reasons(read), ['after'])
      assert.equal(read[0]?.seq, 0)
    })
  })
}

export const now = { withinMs: 5_000, urgency: 'now' } as const
export const soon = { withinMs: 5_000, urgency: 'soon' } as const
const ids = systemIds(systemClock)

function event<T extends NewEvent['type']>(type: T, data: EventData[T]): NewEvent {
  return { id: ids.next('evt'), time: systemClock.now(), type, data } as NewEvent
}

export function request(session: string, content: string): NewEvent {
  const data = { session, exchange: ids.next('exc'), actions: '[]', digest: 'd', bytes: content.length }
  return { ...event('RequestReceived', data), sealed: Buffer.from(content) }
}

function abandoned(session: string, reason: string): NewEvent & { readonly type: 'ExchangeAbandoned' } {
  const data = { session, exchange: ids.next('exc'), reason }
  return event('ExchangeAbandoned', data) as NewEvent & { readonly type: 'ExchangeAbandoned' }
}

export function unit(stream: string, first: string, ...rest: readonly string[]): Unit {
  return { stream, events: [abandoned(stream, first), ...rest.map((reason) => abandoned(stream, reason))] }
}

/** Without what a log that several gateways share says of these themselves. */
export async function all(events: AsyncIterable<RecordedEvent>): Promise<RecordedEvent[]> {
  const read: RecordedEvent[] = []
  for await (const each of events) if (!isOfGateways(each)) read.push(each)
  return read
}

export function isOfGateways({ type }: Pick<RecordedEvent, 'type'>): boolean {
  return type === 'GatewayJoined' || type === 'GatewayLeft'
}

export function reasons(events: readonly RecordedEvent[]): readonly string[] {
  return events.flatMap((each) => (each.type === 'ExchangeAbandoned' ? [each.data.reason] : []))
}

async function refused(append: Promise<unknown>, reason: StoreError['reason']): Promise<void> {
  await assert.rejects(append, (error) => {
    assert.ok(error instanceof StoreError)
    assert.equal(error.reason, reason)
    return true
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!holds()) {
    assert.ok(performance.now() < deadline, 'it never came to that')
    await pause(5)
  }
}
