import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { systemClock, systemIds, type EventData, type NewEvent, type RecordedEvent, type Selector } from '@sluice/core'
import { eraseContent, StillOpenError, type Log } from '@sluice/journal'

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

    test('of nothing that there is', async () => {
      assert.deepEqual(await erased({ kind: 'subject', subject: 'i#nobody' }), { sessions: 0, keys: 0 })
      assert.equal((await readable()).length, 4)
    })
  })
}

function event<T extends NewEvent['type']>(type: T, data: EventData[T]): NewEvent {
  return { id: ids.next('evt'), time: systemClock.now(), type, data } as NewEvent
}
