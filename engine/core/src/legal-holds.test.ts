import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { EventData } from './events.ts'
import { openLegalHolds, type LegalHolds } from './legal-holds.ts'
import { LegalHoldFold } from './legal-hold-fold.ts'
import { countingIds, SharedLog, SteppedClock } from './scripted-control.ts'
import { selectorFrom, selectorText, selects, type Selector } from './selector.ts'

const because = { by: 'idp#carol', reason: 'case 7' }

function opened(change: Partial<EventData['SessionOpened']> = {}): EventData['SessionOpened'] {
  return {
    session: 'ses_a',
    gateway: 'gw',
    target: 'shop',
    protocol: 'postgres',
    subject: { id: 'idp#alice', type: 'human', issuer: 'idp', groups: [], on_behalf_of: null },
    claims: '{}',
    labels: '{"env":"prod"}',
    token_id: 't',
    token_expires_ms: 1,
    client_ip: '::1',
    application: null,
    ...change,
  }
}

const selectors: readonly (readonly [string, Selector, boolean])[] = [
  ['session=ses_a', { kind: 'session', session: 'ses_a' }, true],
  ['session=ses_b', { kind: 'session', session: 'ses_b' }, false],
  ['subject=idp#a=b', { kind: 'subject', subject: 'idp#a=b' }, false],
  ['subject=idp#alice', { kind: 'subject', subject: 'idp#alice' }, true],
  ['label=env=prod', { kind: 'label', name: 'env', value: 'prod' }, true],
  ['label=env=a=b', { kind: 'label', name: 'env', value: 'a=b' }, false],
]
for (const [text, selector, expected] of selectors)
  test(`${text} is read as it is written, and ${expected ? 'means' : 'does not mean'} the session`, () => {
    assert.equal(selectorText(selector), text)
    assert.deepEqual(selectorFrom(text), selector)
    assert.equal(selects(selector, opened()), expected)
  })

suite('legal holds', () => {
  const log = (): { readonly gateway: (writer: string) => Promise<LegalHolds>; readonly log: SharedLog } => {
    const shared = new SharedLog()
    const ids = countingIds()
    const clock = new SteppedClock()
    return {
      log: shared,
      gateway: (writer) =>
        openLegalHolds({ store: shared.store(writer, 1), clock, ids, report: (what) => assert.fail(what) }),
    }
  }

  test('are the same at every gateway, and after a restart', async () => {
    const { gateway } = log()
    const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
    const { id } = await a.place({ kind: 'subject', subject: 'idp#alice' }, because)
    assert.equal((await b.release(id, { by: 'idp#dave', reason: 'over' })).kind, 'released')
    assert.equal((await a.release(id, because)).kind, 'conflict')
    assert.equal((await a.release('lgh_none', because)).kind, 'unknown')
    const again = await gateway('gw_c')
    assert.deepEqual(again.list(), a.list())
    assert.equal(again.list()[0]?.released?.by, 'idp#dave')
    for (const holds of [a, b, again]) await holds.close()
  })

  test('void an erasure that did not know of one before it, and none that did', async () => {
    const { gateway, log: shared } = log()
    const holds = await gateway('gw_a')
    const { id } = await holds.place({ kind: 'session', session: 'ses_a' }, because)
    await holds.release(id, because)
    const fold = new LegalHoldFold()
    const erased = { keys: [1], selector: 'subject=x', by: 'idp#carol', reason: 'r' }
    assert.ok(fold.admits({ ...erased, holds: 0 }))
    for (const event of shared.events) fold.apply(event)
    assert.ok(!fold.admits({ ...erased, holds: 0 }))
    assert.ok(fold.admits({ ...erased, holds: 1 }))
    await holds.close()
  })

  test('of a kind that this version does not know hold everything', () => {
    const fold = new LegalHoldFold()
    const data = { hold: 'lgh_1', selector: 'matter=7', ...because }
    fold.apply({ type: 'LegalHoldPlaced', time: 1, data } as Parameters<LegalHoldFold['apply']>[0])
    assert.equal(fold.over({ session: 'ses_z', opened: opened({ session: 'ses_z' }) }).length, 1)
  })

  test('by subject or label hold a session of which no more is known', () => {
    const fold = new LegalHoldFold()
    const data = { hold: 'lgh_1', selector: 'subject=idp#bob', ...because }
    fold.apply({ type: 'LegalHoldPlaced', time: 1, data } as Parameters<LegalHoldFold['apply']>[0])
    assert.equal(fold.over({ session: 'ses_a', opened: opened() }).length, 0)
    assert.equal(fold.over({ session: 'ses_a', opened: null }).length, 1)
  })
})
