import { afterEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { systemClock, type EventData } from '@sluice/core'
import type { ExchangesWanted } from './exchange-search.ts'
import { openProjections, type Projections } from './projections.ts'
import { ScriptedLog } from './scripted.ts'

const start = 1_800_000_000_000

suite('a search for exchanges', () => {
  let running: Projections | undefined
  afterEach(() => running?.close())

  async function following(log: ScriptedLog): Promise<Projections> {
    running = openProjections({ store: log, clock: systemClock, report: assert.fail, file: ':memory:' })
    const last = start + (log.events.length - 1) * 1_000
    while (running.status.foldedUpToMs < last) await new Promise((resolve) => setTimeout(resolve, 5))
    return running
  }

  function open(log: ScriptedLog, session: string, who: string, target = 'shop'): void {
    const subject = { id: who, type: 'human', issuer: 'i', groups: [], on_behalf_of: null }
    log.write({ stream: session }, 'SessionOpened', {
      session,
      gateway: 'gw_a',
      target,
      protocol: 'postgres',
      subject,
      claims: '{}',
      labels: '{}',
      token_id: 't',
      token_expires_ms: 9,
      client_ip: '::1',
      application: null,
    })
  }

  interface Asked {
    readonly session: string
    readonly action?: string
    readonly table?: string
    readonly effect?: EventData['DecisionMade']['effect']
    readonly rule?: string
    readonly reason?: string
    readonly run?: string
  }

  let made = 0

  /** Its id, which says when it was asked. */
  function ask(log: ScriptedLog, asked: Asked): string {
    const {
      session,
      action = 'sql.select',
      table = 'orders',
      effect = 'allow',
      rule = 'a/read',
      reason = '',
    } = asked
    const exchange = `exc_${String(made++).padStart(6, '0')}`
    const of = { stream: session, ...(asked.run === undefined ? {} : { run: asked.run }) }
    const relations = [{ schema: 'public', name: table }]
    log.write(of, 'RequestReceived', {
      session,
      exchange,
      actions: JSON.stringify([{ name: action, relations }]),
      digest: 'd',
      bytes: 1,
    })
    log.write(of, 'DecisionMade', {
      session,
      exchange,
      decision: 'dec',
      effect,
      verdicts: JSON.stringify([{ reasons: [{ rule, message: reason, remedy: '' }] }]),
      rule,
      revision: 'v',
      now_ms: 1,
      facts: '{}',
      approvals: '[]',
      grants: '[]',
    })
    return exchange
  }

  function close(log: ScriptedLog, session: string): void {
    const counts = { requests: 1, denied: 0, rows: 0, bytes: 0 }
    log.write({ stream: session }, 'SessionClosed', { session, reason: 'x', ...counts })
  }

  async function ids(of: Projections, wanted: Omit<ExchangesWanted, 'last'>): Promise<readonly string[]> {
    return (await of.exchanges.search({ ...wanted, last: 100 })).map(({ exchange }) => exchange)
  }

  test('by who, where, what, why and when', async () => {
    const log = new ScriptedLog()
    open(log, 'ses_1', 'i#alice')
    open(log, 'ses_2', 'i#bob', 'crm')
    const read = ask(log, { session: 'ses_1', run: 'run_1' })
    const dropped = ask(log, {
      session: 'ses_1',
      action: 'sql.ddl',
      table: 'customers',
      effect: 'deny',
      rule: 'a/drop',
      reason: 'DROP is not allowed.',
    })
    const bobs = ask(log, { session: 'ses_2', table: 'orders_archive' })
    const of = await following(log)
    const cases: readonly (readonly [Omit<ExchangesWanted, 'last'>, readonly string[]])[] = [
      [{}, [bobs, dropped, read]],
      [{ subject: 'i#alice' }, [dropped, read]],
      [{ target: 'crm' }, [bobs]],
      [{ run: 'run_1' }, [read]],
      [{ rule: 'a/drop' }, [dropped]],
      [{ table: 'public.orders' }, [read]],
      [{ action: 'sql.ddl' }, [dropped]],
      [{ action: 'ddl' }, []],
      [{ effect: 'deny' }, [dropped]],
      [{ text: 'drop is NOT' }, [dropped]],
      [{ text: 'archive' }, [bobs]],
      [{ text: '%' }, []],
      [{ subject: 'i#alice', effect: 'allow' }, [read]],
      [{ since_ms: start + 4_000 }, [bobs, dropped]],
      [{ until_ms: start + 4_000 }, [read]],
      [{ subject: "' or 1 = 1 --" }, []],
    ]
    for (const [wanted, found] of cases)
      assert.deepEqual(await ids(of, wanted), found, JSON.stringify(wanted))
    const [one] = await of.exchanges.search({ effect: 'deny', last: 1 })
    assert.deepEqual(
      [one?.subject, one?.target, one?.session, one?.summary, one?.outcome, one?.reason],
      ['i#alice', 'shop', 'ses_1', 'sql.ddl public.customers', 'refused', 'DROP is not allowed.'],
    )
  })

  test('the newest first over sessions that overlap, page by page, whatever ended when', async () => {
    const log = new ScriptedLog()
    const all: string[] = []
    for (let session = 0; session < 450; session++) open(log, `ses_${session}`, 'i#alice')
    for (let round = 0; round < 3; round++)
      for (let session = 0; session < 450; session++) {
        // Some end early, some late, some never; those that ended first have asked last of their round.
        if (session % 3 > round) all.push(ask(log, { session: `ses_${session}` }))
        if (session % 3 === round + 1) close(log, `ses_${session}`)
      }
    const of = await following(log)
    const expected = all.toReversed()
    const paged: string[] = []
    for (let before: ExchangesWanted['before']; ;) {
      const page = await of.exchanges.search({ before, last: 100 })
      paged.push(...page.map(({ exchange }) => exchange))
      before = page.at(-1)
      if (before === undefined) break
    }
    assert.deepEqual(paged, expected)
    assert.deepEqual(
      (await of.exchanges.search({ last: 7 })).map(({ exchange }) => exchange),
      expected.slice(0, 7),
    )
  })
})
