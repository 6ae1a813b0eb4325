import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import {
  openGrants,
  systemClock,
  systemIds,
  type Grants,
  type Identity,
  type RecordedEvent,
  type Subject,
  type Wanted,
} from '@sluice/core'
import type { ApprovalLog } from './approvals.contract.ts'

/** What grants promise on every log. */
export function grantsContract(name: string, open: () => Promise<ApprovalLog>): void {
  suite(`grants on the log ${name}`, () => {
    let log: ApprovalLog
    const books: Grants[] = []

    async function book(): Promise<Grants> {
      const opened = await openGrants({
        store: log.store,
        clock: systemClock,
        ids: systemIds(systemClock),
        owners: new Map(),
        access: () => ({ approvers: ['dba'], roles: ['reader'], maxMs: 3_600_000 }),
        report: (what, error) => assert.fail(`${what}: ${String(error)}`),
      })
      books.push(opened)
      return opened
    }

    const valid = (grants: Grants): readonly string[] =>
      grants.of(agent, 'shop', systemClock.now()).map(({ id }) => id)

    beforeEach(async () => {
      log = await open()
    })
    afterEach(async () => {
      for (const opened of books.splice(0)) await opened.close()
      await log.close()
    })

    test('one is asked for, given and revoked, and two books tell the same of it', async () => {
      const [one, two] = [await book(), await book()]
      const { id } = await one.request(wanted())
      await until(() => two.find(id) !== undefined)
      assert.equal((await two.decide(id, person('bob'), 'give', 'as agreed')).kind, 'accepted')
      await until(() => valid(one).length === 1)
      assert.deepEqual([valid(one), valid(two)], [[id], [id]])
      assert.equal((await one.revoke(id, agent, 'done')).kind, 'accepted')
      await until(() => valid(two).length === 0)
      assert.deepEqual(valid(one), [])
      assert.deepEqual(one.list(), two.list())
    })

    test('many at once, among the events of sessions, are each decided once', async () => {
      const [one, two] = [await book(), await book()]
      const traffic = Array.from({ length: 100 }, (_, at) => log.store.append(...noise(at)))
      const views = await Promise.all(
        Array.from({ length: 15 }, (_, at) => (at % 2 === 0 ? one : two).request(wanted())),
      )
      await until(() => one.list().length === 15 && two.list().length === 15)
      const results = await Promise.all(
        views.flatMap(({ id }) => [
          one.decide(id, person('bob'), 'give', ''),
          two.decide(id, person('carol'), 'reject', ''),
        ]),
      )
      await Promise.all(traffic)
      for (const [at] of views.entries())
        assert.deepEqual([results[2 * at]?.kind, results[2 * at + 1]?.kind].map(String).toSorted(), [
          'accepted',
          'conflict',
        ])
      const settled = (grants: Grants): boolean => grants.list().every(({ state }) => state !== 'requested')
      await until(() => settled(one) && settled(two))
      assert.deepEqual(one.list(), two.list())
      assert.deepEqual(valid(one), valid(two))
    })

    for (const how of ['closed', 'killed'] as const)
      test(`what was given outlives a gateway that was ${how}, what was over stays over`, async () => {
        const before = await book()
        const [kept, revoked, asked, brief] = [
          await before.request(wanted()),
          await before.request(wanted()),
          await before.request(wanted()),
          await before.request(wanted({ lifeMs: 1_000 })),
        ]
        for (const { id } of [kept, revoked, brief]) await before.decide(id, person('bob'), 'give', '')
        await before.revoke(revoked.id, agent, '')
        for (const opened of books.splice(0)) await opened.close()
        log = await log.reopen(how)
        await until(() => systemClock.now() >= brief.requestedAt + 2_000)
        const after = await book()
        assert.deepEqual(valid(after), [kept.id])
        assert.deepEqual(
          [kept, revoked, asked, brief].map(({ id }) => after.find(id)?.state),
          ['given', 'revoked', 'requested', 'ended'],
        )
        assert.equal((await after.decide(asked.id, person('bob'), 'give', '')).kind, 'accepted')
        assert.deepEqual(valid(after), [kept.id, asked.id])
      })

    test('nothing of them is sealed, and their events are signed', async () => {
      const grants = await book()
      const { id } = await grants.request(wanted())
      await grants.decide(id, person('bob'), 'give', '')
      const found: RecordedEvent[] = []
      for await (const event of log.store.read(undefined, 'control')) found.push(event)
      const own = found.filter(({ type }) => type.startsWith('Grant'))
      assert.deepEqual(
        own.map(({ type, sealed, sig }) => [type, sealed, sig !== null]),
        [
          ['GrantRequested', null, true],
          ['GrantGiven', null, true],
        ],
      )
    })
  })
}

function subject(name: string, type: Subject['type'], groups: readonly string[]): Subject {
  return { id: `idp#${name}`, type, issuer: 'idp', groups, claims: {}, on_behalf_of: null }
}

const agent = subject('agent', 'service', [])

function person(name: string): Identity {
  const named = subject(name, 'human', ['dba'])
  return { subject: named, tokenId: `tok_${name}`, expiresAt: Number.MAX_SAFE_INTEGER }
}

function wanted(change: Partial<Wanted> = {}): Wanted {
  return { subject: agent, target: 'shop', role: 'reader', lifeMs: 600_000, reason: 'figures', ...change }
}

function noise(at: number): Parameters<ApprovalLog['store']['append']> {
  const session = `ses_${at % 7}`
  const data = { session, exchange: `exc_${at}`, reason: 'x' }
  return [
    { stream: session, events: [{ id: `evt_${at}`, time: at, type: 'ExchangeAbandoned', data }] },
    { withinMs: 10_000, urgency: at % 2 === 0 ? 'now' : 'soon' },
  ]
}

async function until(holds: () => boolean): Promise<void> {
  for (const start = performance.now(); !holds(); await new Promise((resolve) => setTimeout(resolve, 2)))
    assert.ok(performance.now() - start < 10_000, 'it did not come about')
}
