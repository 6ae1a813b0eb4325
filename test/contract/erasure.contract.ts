import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import {
  openLegalHolds,
  systemClock,
  systemIds,
  type Clock,
  type EventData,
  type NewEvent,
  type RecordedEvent,
  type Selector,
} from '@sluice/core'
import {
  ContentRetention,
  dataKeyId,
  eraseContent,
  finishDestroying,
  HeldError,
  StillOpenError,
  type Log,
} from '@sluice/journal'

const ids = systemIds(systemClock)
const now = { withinMs: 5_000, urgency: 'now' } as const

/** What erasing promises on every kind of log. `verify`: what is wrong with its chains. */
export function erasureContract(
  name: string,
  open: () => Promise<{ readonly log: Log; readonly verify: () => Promise<readonly unknown[]> }>,
): void {
  suite(`erasing content: ${name}`, () => {
    let log: Log
    let verify: () => Promise<readonly unknown[]>
    beforeEach(async () => {
      ;({ log, verify } = await open())
      await session('ses_a', 'i#alice', { env: 'prod' })
      await session('ses_b', 'i#bob', { env: 'prod' })
      await session('ses_c', 'i#alice', { env: 'test' })
      const asked = { session: 'ses_a', exchange: 'exc_1', reason: 'shown to an approver' }
      await log.append(
        {
          stream: 'control',
          events: [{ ...event('ExchangeAbandoned', asked), sealed: Buffer.from('of ses_a') }],
        },
        now,
      )
    })
    afterEach(() => log.close())

    async function session(
      id: string,
      subject: string,
      labels: Readonly<Record<string, string>>,
      closed = true,
    ): Promise<void> {
      const who = { id: subject, type: 'human', issuer: 'i', groups: [], on_behalf_of: null }
      const opened = event('SessionOpened', {
        session: id,
        gateway: 'gw',
        target: 'shop',
        protocol: 'postgres',
        subject: who,
        claims: '{}',
        labels: JSON.stringify(labels),
        token_id: 't',
        token_expires_ms: 1,
        client_ip: '::1',
        application: null,
      })
      const request = { session: id, exchange: `exc_${id}`, actions: '[]', digest: 'd', bytes: 1 }
      await log.append(
        {
          stream: id,
          events: [opened, { ...event('RequestReceived', request), sealed: Buffer.from(`of ${id}`) }],
        },
        now,
      )
      const end = { session: id, reason: 'x', requests: 1, denied: 0, rows: 0, bytes: 0 }
      if (closed) await log.append({ stream: id, events: [event('SessionClosed', end)] }, now)
    }

    async function readable(): Promise<readonly string[]> {
      const found: string[] = []
      for await (const each of log.read()) {
        const unsealed = await log.unseal(each)
        if (unsealed.kind === 'content') found.push(Buffer.from(unsealed.content).toString())
      }
      return found.toSorted()
    }

    const erased = (selector: Selector) =>
      eraseContent({ log, clock: systemClock, ids }, selector, { by: 'i#carol', reason: 'asked for' })

    test('of a session, with what an approver was shown of it', async () => {
      assert.deepEqual(await erased({ kind: 'session', session: 'ses_a' }), { sessions: 1, keys: 2 })
      assert.deepEqual(await readable(), ['of ses_b', 'of ses_c'])
      assert.deepEqual(await verify(), [])
    })

    test('of a subject, and by a label of its targets', async () => {
      await erased({ kind: 'subject', subject: 'i#alice' })
      assert.deepEqual(await readable(), ['of ses_b'])
      await erased({ kind: 'label', name: 'env', value: 'prod' })
      assert.deepEqual(await readable(), [])
      const told: RecordedEvent[] = []
      for await (const each of log.read(undefined, 'control')) if (each.type === 'KeyErased') told.push(each)
      assert.deepEqual(
        told.map((each) => (each.type === 'KeyErased' ? [each.data.selector, each.data.by] : [])),
        [
          ['subject=i#alice', 'i#carol'],
          ['label=env=prod', 'i#carol'],
        ],
      )
      assert.deepEqual(await verify(), [])
    })

    test('never of a session that is open', async () => {
      await session('ses_d', 'i#alice', {}, false)
      await assert.rejects(erased({ kind: 'subject', subject: 'i#alice' }), (error) => {
        assert.ok(error instanceof StillOpenError)
        assert.deepEqual(error.sessions, ['ses_d'])
        return true
      })
      assert.equal((await readable()).length, 5)
    })

    const holding = (store: Log) =>
      openLegalHolds({ store, clock: systemClock, ids, report: (what) => assert.fail(what) })
    const because = { by: 'i#carol', reason: 'case 7' }

    test('never of what is under a legal hold, until it is released', async () => {
      await using holds = held(await holding(log))
      const { id } = await holds.place({ kind: 'label', name: 'env', value: 'test' }, because)
      await assert.rejects(erased({ kind: 'subject', subject: 'i#alice' }), (error) => {
        assert.ok(error instanceof HeldError)
        assert.deepEqual(
          error.holds.map((hold) => hold.id),
          [id],
        )
        return true
      })
      assert.equal((await readable()).length, 4)
      await erased({ kind: 'subject', subject: 'i#bob' })
      await holds.release(id, because)
      await erased({ kind: 'subject', subject: 'i#alice' })
      assert.deepEqual(await readable(), [])
      assert.deepEqual(await verify(), [])
    })

    test('never of what is put under a legal hold before the erasure stands in the log', async () => {
      await using holds = held(await holding(log))
      const overtaken = (): Log => {
        let placed = false
        return new Proxy(log, {
          get: (of, name) =>
            name !== 'append'
              ? bound(of, name)
              : async (...args: Parameters<Log['append']>) => {
                  if (!placed) await holds.place({ kind: 'subject', subject: 'i#alice' }, because)
                  placed = true
                  return of.append(...args)
                },
        })
      }
      const ports = { log: overtaken(), clock: systemClock, ids }
      await assert.rejects(
        eraseContent(ports, { kind: 'subject', subject: 'i#alice' }, because),
        (error) => error instanceof HeldError,
      )
      assert.equal((await readable()).length, 4)
    })

    test('that a crash came before is done at the next start', async () => {
      const keys: number[] = []
      for await (const each of log.read())
        if (each.stream === 'ses_a' && each.sealed !== null) keys.push(dataKeyId(each.sealed))
      const data = { keys, selector: 'session=ses_a', by: 'i#carol', reason: 'x', holds: 0 }
      await log.append({ stream: 'control', events: [event('KeyErased', data)] }, now)
      const later = new Proxy(log, {
        get: (of, name) => (name === 'epoch' ? of.epoch + 1 : bound(of, name)),
      })
      await finishDestroying(later)
      assert.deepEqual(await readable(), ['of ses_a', 'of ses_b', 'of ses_c'])
    })

    suite('by age', () => {
      const day = 86_400_000
      const later = (ms: number): Clock => ({ ...systemClock, now: () => systemClock.now() + ms })
      const sweep = (ms: number, keptMs = 90 * day) =>
        new ContentRetention({ log, clock: later(ms), ids }, keptMs).sweep()

      test('once a session has been over for that long, and no sooner', async () => {
        await session('ses_d', 'i#dora', {}, false)
        assert.equal(await sweep(90 * day - 60_000), 0)
        assert.equal(await sweep(90 * day), 0)
        assert.equal((await readable()).length, 5)
        assert.equal(await sweep(90 * day + 600_000), 4)
        assert.deepEqual(await readable(), ['of ses_d'])
        assert.equal(await sweep(91 * day), 0)
        assert.deepEqual(await verify(), [])
      })

      test('says so in the log', async () => {
        await sweep(91 * day)
        const told: RecordedEvent[] = []
        for await (const each of log.read(undefined, 'control'))
          if (each.type === 'KeyErased') told.push(each)
        const [first] = told
        assert.ok(told.length === 1 && first?.type === 'KeyErased')
        assert.deepEqual(
          [first.data.by, first.data.reason, first.data.keys.length],
          ['retention', 'retention', 4],
        )
        assert.match(first.data.selector, /^ended_before=\d{4}-/)
      })

      test('goes on where it was, and forgets nothing that was held meanwhile', async () => {
        await using holds = held(await holding(log))
        const { id } = await holds.place({ kind: 'subject', subject: 'i#alice' }, because)
        let ms = 91 * day
        const clock = { ...systemClock, now: () => systemClock.now() + ms }
        const retention = new ContentRetention({ log, clock, ids }, 90 * day)
        assert.equal(await retention.sweep(), 1)
        assert.deepEqual(await readable(), ['of ses_a', 'of ses_a', 'of ses_c'])
        await holds.release(id, because)
        ms += day
        assert.equal(await retention.sweep(), 3)
        assert.deepEqual(await readable(), [])
      })

      test('of two that do it at once nothing is lost', async () => {
        await Promise.all([sweep(91 * day), sweep(91 * day)])
        assert.deepEqual(await readable(), [])
        assert.deepEqual(await verify(), [])
      })
    })

    test('of nothing that there is', async () => {
      assert.deepEqual(await erased({ kind: 'subject', subject: 'i#nobody' }), { sessions: 0, keys: 0 })
      assert.equal((await readable()).length, 4)
    })
  })
}

function event<T extends NewEvent['type']>(type: T, data: EventData[T]): NewEvent {
  return { id: ids.next('evt'), time: systemClock.now(), type, data } as NewEvent
}

/** A member as its object has it. */
function bound(of: Log, name: string | symbol): unknown {
  const value: unknown = Reflect.get(of, name, of)
  return typeof value === 'function' ? value.bind(of) : value
}

/** Closed at the end of its block. */
function held<T extends { close(): Promise<void> }>(holds: T): T & AsyncDisposable {
  return Object.assign(holds, { [Symbol.asyncDispose]: () => holds.close() })
}
