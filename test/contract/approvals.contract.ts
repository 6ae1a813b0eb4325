import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import {
  createStanding,
  openApprovals,
  systemClock,
  systemIds,
  type Approvals,
  type Asked,
  type EventStore,
  type Identity,
  type RecordedEvent,
  type Subject,
} from '@sluice/core'

/** A log as the approvals need it, and what the suite may do to its process. */
export interface ApprovalLog {
  readonly store: EventStore
  readonly writer: string
  readonly epoch: number
  unseal(event: RecordedEvent): Promise<Uint8Array | null>
  erase(event: RecordedEvent): Promise<void>
  /** The same log as the next incarnation finds it: closed as it should be, or left by a process that was killed. */
  reopen(how: 'closed' | 'killed'): Promise<ApprovalLog>
  close(): Promise<void>
}

/** What approvals promise on every log. */
export function approvalsContract(name: string, open: () => Promise<ApprovalLog>): void {
  suite(`approvals on the log ${name}`, () => {
    let log: ApprovalLog
    const books: Approvals[] = []

    async function book(): Promise<Approvals> {
      const { store, writer, epoch } = log
      const opened = await openApprovals({
        writer,
        epoch,
        store,
        unseal: (event) => log.unseal(event),
        clock: systemClock,
        ids: systemIds(systemClock),
        owners: new Map(),
        standing: createStanding(),
        report: (what, error) => assert.fail(`${what}: ${String(error)}`),
      })
      books.push(opened)
      return opened
    }

    async function reopen(how: 'closed' | 'killed'): Promise<void> {
      for (const opened of books.splice(0)) await opened.close()
      log = await log.reopen(how)
    }

    beforeEach(async () => {
      log = await open()
    })
    afterEach(async () => {
      for (const opened of books.splice(0)) await opened.close()
      await log.close()
    })

    test('a request is asked, approved and used once, and two books tell the same of it', async () => {
      const [one, two] = [await book(), await book()]
      const { id } = await one.ask(asked('delete'))
      const parked = one.park(id)
      await until(() => two.find(id) !== undefined)
      assert.equal((await two.vote(id, person('bob'), 'approve', 'as agreed')).kind, 'accepted')
      assert.equal((await parked.settled).state, 'approved')
      const claims = await Promise.all([
        one.consume(id, { session: 'ses_1', exchange: 'exc_1', decision: 'dec_1' }),
        two.consume(id, { session: 'ses_1', exchange: 'exc_2', decision: 'dec_2' }),
      ])
      assert.equal(claims.filter((claimed) => claimed).length, 1)
      await until(() => two.find(id)?.state === 'consumed' && one.find(id)?.state === 'consumed')
      assert.deepEqual(one.list(), two.list())
    })

    test('many at once, among the events of sessions, are each decided once', async () => {
      const [one, two] = [await book(), await book()]
      const traffic = Array.from({ length: 100 }, (_, at) =>
        log.store.append(
          {
            stream: `ses_${at % 7}`,
            events: [
              {
                id: `evt_${at}`,
                time: at,
                type: 'ExchangeAbandoned',
                data: { session: `ses_${at % 7}`, exchange: `exc_${at}`, reason: 'x' },
              },
            ],
          },
          { withinMs: 10_000, urgency: at % 2 === 0 ? 'now' : 'soon' },
        ),
      )
      const views = await Promise.all(
        Array.from({ length: 15 }, (_, at) => (at % 2 === 0 ? one : two).ask(asked(`request ${at}`))),
      )
      await until(() => one.list().length === 15 && two.list().length === 15)
      const votes = await Promise.all(
        views.flatMap(({ id }) => [
          one.vote(id, person('bob'), 'approve', ''),
          two.vote(id, person('carol'), 'reject', ''),
        ]),
      )
      await Promise.all(traffic)
      await until(() => one.list().every(({ state }) => state !== 'pending'))
      for (const [at] of views.entries())
        assert.deepEqual([votes[2 * at]?.kind, votes[2 * at + 1]?.kind].map(String).toSorted(), [
          'accepted',
          'conflict',
        ])
      await until(() => two.list().every(({ state }) => state !== 'pending'))
      assert.deepEqual(one.list(), two.list())
    })

    test('what the approver is shown can be read, after its end too, and is erased by itself', async () => {
      const approvals = await book()
      const [first, second] = [await approvals.ask(asked('first')), await approvals.ask(asked('second'))]
      const text = async (id: string): Promise<string | null> => {
        const shown = await approvals.shown(id)
        return shown === null ? null : Buffer.from(shown).toString()
      }
      assert.equal(await text(first.id), 'first')
      await approvals.cancel(first.id, agent, 'no need')
      assert.equal(await text(first.id), 'first')
      for await (const event of log.store.read(undefined, 'control'))
        if (event.type === 'ApprovalRequested' && event.data.approval === first.id) await log.erase(event)
      assert.equal(await text(first.id), null)
      assert.equal(await text(second.id), 'second')
    })

    for (const how of ['closed', 'killed'] as const)
      test(`what a gateway that was ${how} left open has ended when it serves again`, async () => {
        const before = await book()
        const pending = await before.ask(asked('pending'))
        const approved = await before.ask(asked('approved'))
        const done = await before.ask(asked('done'))
        await before.vote(approved.id, person('bob'), 'approve', '')
        await before.cancel(done.id, agent, 'no need')
        for (let start = 0; start < 2; start++) {
          await reopen(how)
          const after = await book()
          assert.deepEqual(
            [pending, approved, done].map(({ id }) => after.find(id)?.state),
            ['expired', 'expired', 'cancelled'],
          )
          assert.equal(after.usable(asked('approved').binding, agent, run), undefined)
          assert.equal((await after.vote(pending.id, person('bob'), 'approve', '')).kind, 'conflict')
          assert.equal((await after.ask(asked(`again ${start}`))).state, 'pending')
        }
        const types = (await events(log.store)).map(({ type }) => type)
        const ends = types.filter((type) => type === 'ApprovalExpired').length
        assert.equal(ends, how === 'closed' ? 3 : 0)
        assert.equal(types.filter((type) => type === 'GatewayLost').length, how === 'closed' ? 0 : 2)
      })
  })
}

const run = { id: 'run_1', trace_id: null }

function subject(name: string, type: Subject['type'], groups: readonly string[]): Subject {
  return { id: `idp#${name}`, type, issuer: 'idp', groups, claims: {}, on_behalf_of: null }
}

const agent = subject('agent', 'service', [])

function person(name: string): Identity {
  return {
    subject: subject(name, 'human', ['dba']),
    tokenId: `tok_${name}`,
    expiresAt: Number.MAX_SAFE_INTEGER,
  }
}

function asked(text: string): Asked {
  return {
    binding: Buffer.from(text),
    subject: agent,
    target: 'shop',
    session: 'ses_1',
    exchange: 'exc_1',
    run,
    rule: 'review/delete',
    message: 'It needs an approval.',
    requirement: { approvers: ['dba'], quorum: 1, expires_s: 60, hold_s: 30, scope: 'once' },
    summary: [{ name: 'sql.delete' }],
    shown: Buffer.from(text),
  }
}

async function events(store: EventStore): Promise<readonly RecordedEvent[]> {
  const all: RecordedEvent[] = []
  for await (const event of store.read()) all.push(event)
  return all
}

async function until(holds: () => boolean): Promise<void> {
  for (const start = performance.now(); !holds(); await new Promise((resolve) => setTimeout(resolve, 2)))
    assert.ok(performance.now() - start < 10_000, 'it did not come about')
}
