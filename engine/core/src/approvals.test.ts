import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { ApprovalView } from './approval-view.ts'
import { openApprovals, type Approvals, type Asked } from './approvals.ts'
import { Refused, type RefusalCode } from './errors.ts'
import { limits } from './limits.ts'
import { StoreError } from './ports.ts'
import type { Identity, Run, Subject } from './request.ts'
import { countingIds, quiet, SharedLog, SteppedClock } from './scripted-control.ts'
import { createStanding, type Standing } from './standing.ts'

interface World {
  readonly log: SharedLog
  readonly clock: SteppedClock
  readonly standing: Standing
  readonly reports: string[]
  readonly gateway: (writer?: string, epoch?: number) => Promise<Approvals>
}

function world(): World {
  const log = new SharedLog()
  const clock = new SteppedClock()
  const standing = createStanding()
  const reports: string[] = []
  const ids = countingIds()
  return {
    log,
    clock,
    standing,
    reports,
    gateway: (writer = 'gw_a', epoch = 1) =>
      openApprovals({
        writer,
        epoch,
        store: log.store(writer, epoch),
        unseal: async ({ sealed }) => sealed,
        clock,
        ids,
        owners: new Map([['idp#agent', ['idp#olga']]]),
        standing,
        report: (what) => reports.push(what),
      }),
  }
}

function subject(name: string, change: Partial<Subject> = {}): Subject {
  return {
    id: `idp#${name}`,
    type: 'human',
    issuer: 'idp',
    groups: ['dba'],
    claims: {},
    on_behalf_of: null,
    ...change,
  }
}

function identity(name: string, change: Partial<Subject> = {}): Identity {
  return { subject: subject(name, change), tokenId: `tok_${name}`, expiresAt: 2_000_000_000_000 }
}

const agent = subject('agent', { type: 'service', groups: [] })
const run: Run = { id: 'run_1', trace_id: null }
const binding = Buffer.alloc(32, 7)

function asked(change: Partial<Asked> = {}, requirement: Partial<Asked['requirement']> = {}): Asked {
  return {
    binding,
    subject: agent,
    target: 'shop',
    session: 'ses_1',
    exchange: 'exc_1',
    run,
    rule: 'review/delete',
    message: 'Deleting rows needs an approval.',
    requirement: { approvers: ['dba'], quorum: 1, expires_s: 60, hold_s: 30, scope: 'once', ...requirement },
    summary: [{ name: 'sql.delete' }],
    shown: Buffer.from("delete from orders where id = 'secret'"),
    ...change,
  }
}

const performing = (exchange: string) => ({ session: 'ses_1', exchange, decision: `dec_${exchange}` })

async function refused(what: Promise<unknown>, code: RefusalCode): Promise<void> {
  await assert.rejects(what, (error) => error instanceof Refused && error.refusal.code === code)
}

function types(log: SharedLog): readonly string[] {
  return log.events.map(({ type }) => type)
}

suite('asking', () => {
  test('gives an approval once its request is durable and read back, with the content sealed', async () => {
    const { log, gateway } = world()
    const book = await gateway()
    log.manual = true
    const asking = book.ask(asked())
    let given: ApprovalView | undefined
    void asking.then((view) => (given = view))
    await quiet()
    assert.deepEqual(book.list(), [])
    log.commit()
    await quiet()
    assert.equal(given, undefined, 'durable, and not read back')
    log.deliver('gw_a')
    const view = await asking
    assert.deepEqual(
      [view.state, view.subject.id, view.people],
      ['pending', 'idp#agent', ['idp#agent', 'idp#olga']],
    )
    assert.deepEqual(book.list(), [view])
    const [event] = log.events
    assert.ok(event?.type === 'ApprovalRequested')
    assert.ok(!JSON.stringify(event.data).includes('secret'))
    assert.match(Buffer.from(event.sealed ?? []).toString(), /secret/)
    assert.deepEqual([event.run_id, event.data.binding], ['run_1', binding.toString('hex')])
    assert.match(view.id, /^apr_/)
  })

  test('the same again shares the approval while it is pending', async () => {
    const { log, gateway } = world()
    const book = await gateway()
    const [one, two] = await Promise.all([book.ask(asked()), book.ask(asked({ exchange: 'exc_2' }))])
    assert.equal(one, two)
    assert.equal((await book.ask(asked({ session: 'ses_2' }))).id, one.id)
    assert.deepEqual(types(log), ['ApprovalRequested'])
    await book.vote(one.id, identity('bob'), 'approve', '')
    assert.notEqual((await book.ask(asked())).id, one.id, 'an approved one is for usable to find')
  })

  test('nobody shares what another subject asked, or what is bound to something else', async () => {
    const { gateway } = world()
    const book = await gateway()
    const [one, ...others] = await Promise.all([
      book.ask(asked()),
      book.ask(asked({ subject: subject('other') })),
      book.ask(asked({ binding: Buffer.alloc(32, 8) })),
    ])
    for (const other of others) assert.notEqual(other.id, one.id)
  })

  test('another gateway shares it too', async () => {
    const { gateway } = world()
    const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
    const { id } = await a.ask(asked())
    await quiet()
    assert.equal((await b.ask(asked())).id, id)
  })

  test('what the log refuses is refused, and leaves nothing', async () => {
    const { log, gateway } = world()
    const book = await gateway()
    for (const reason of ['unavailable', 'full'] as const) {
      log.failure = new StoreError(reason, 'no')
      await refused(book.ask(asked()), 'log_unavailable')
    }
    log.failure = undefined
    assert.deepEqual(book.list(), [])
    assert.equal((await book.ask(asked())).state, 'pending')
  })

  test('what the log takes too late is cancelled', async () => {
    const { log, gateway } = world()
    const book = await gateway()
    log.manual = true
    const asking = book.ask(asked())
    log.timeOut()
    await refused(asking, 'log_unavailable')
    log.manual = false
    log.commit()
    const { id } = await book.ask(asked({ binding: Buffer.alloc(32, 9) }))
    await quiet()
    assert.deepEqual(
      book.list().map((view) => [view.id === id, view.state, view.ended?.reason]),
      [
        [false, 'cancelled', 'nobody waits for it'],
        [true, 'pending', undefined],
      ],
    )
  })

  test('what is not read back in time is refused and cancelled', async () => {
    const { log, clock, gateway } = world()
    const book = await gateway()
    log.manual = true
    const asking = book.ask(asked())
    log.commit()
    await quiet()
    clock.advance(limits.appendWaitMs)
    await refused(asking, 'log_unavailable')
    log.manual = false
    log.deliver('gw_a')
    await quiet()
    assert.deepEqual(
      book.list().map(({ state }) => state),
      ['cancelled'],
    )
  })

  test('has limits', async () => {
    const { gateway } = world()
    const book = await gateway()
    await refused(book.ask(asked({ shown: Buffer.alloc(limits.approvalShownBytesMax + 1) })), 'too_large')
    await refused(book.ask(asked({}, { approvers: [] })), 'denied')
    const nth = (at: number): Asked => asked({ binding: Buffer.from(`binding ${at}`) })
    const views = await Promise.all(
      Array.from({ length: limits.approvalsPendingMax }, (_, at) => book.ask(nth(at))),
    )
    await refused(book.ask(nth(99)), 'too_many')
    assert.equal((await book.ask(nth(0))).id, views[0]?.id, 'what is asked already is asked')
    await book.ask(asked({ binding: Buffer.from('other'), target: 'shop-2' }))
    await book.ask(asked({ binding: Buffer.from('another'), subject: subject('other') }))
    await book.cancel(views[0]?.id ?? '', agent, 'no need')
    await book.ask(nth(99))
  })

  test('does not outrun its limits while requests are under way', async () => {
    const { log, gateway } = world()
    const book = await gateway()
    log.manual = true
    const asking = Array.from({ length: limits.approvalsPendingMax }, (_, at) =>
      book.ask(asked({ binding: Buffer.from(`binding ${at}`) })),
    )
    await refused(book.ask(asked()), 'too_many')
    for (const _ of asking) log.commit()
    log.deliver('gw_a')
    await Promise.all(asking)
  })

  test('lives no longer than the requirement says, or than anything may', async () => {
    const { clock, gateway } = world()
    const book = await gateway()
    assert.equal((await book.ask(asked())).expiresAt, clock.now() + 60_000)
    const long = asked({ binding: Buffer.alloc(32, 1) }, { expires_s: 2 ** 40 })
    assert.equal((await book.ask(long)).expiresAt, clock.now() + limits.approvalLifeMs)
  })
})

suite('voting', () => {
  test('is answered by what the fold made of it', async () => {
    const { clock, gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked({}, { quorum: 2 }))
    const voted = async (name: string, vote: 'approve' | 'reject', change: Partial<Subject> = {}) =>
      (await book.vote(id, identity(name, change), vote, 'because')).kind
    assert.equal(await voted('mallory', 'approve', { groups: [] }), 'forbidden')
    assert.equal(await voted('agent', 'approve'), 'forbidden')
    assert.equal(await voted('olga', 'reject'), 'forbidden')
    const late: Identity = { ...identity('bob'), expiresAt: clock.now() }
    assert.equal((await book.vote(id, late, 'approve', '')).kind, 'forbidden')
    assert.equal(await voted('bob', 'approve'), 'accepted')
    assert.equal(await voted('bob', 'approve'), 'conflict')
    assert.equal(book.find(id)?.state, 'pending')
    assert.equal(await voted('carol', 'approve'), 'accepted')
    assert.equal(book.find(id)?.state, 'approved')
    assert.equal(await voted('dave', 'reject'), 'conflict')
    assert.equal((await book.vote('apr_none', identity('bob'), 'approve', '')).kind, 'unknown')
  })

  test('at once at two gateways counts in the order of the log', async () => {
    for (const [first, state] of [
      ['approve', 'approved'],
      ['reject', 'rejected'],
    ] as const) {
      const { log, gateway } = world()
      const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
      const { id } = await a.ask(asked())
      await quiet()
      log.manual = true
      const votes = [
        a.vote(id, identity('bob'), 'approve', ''),
        b.vote(id, identity('carol'), 'reject', ''),
      ] as const
      await quiet()
      assert.equal(log.waiting.length, 2, 'neither knows of the other')
      log.commit(first === 'approve' ? 0 : 1)
      log.commit()
      for (const writer of ['gw_a', 'gw_b']) log.deliver(writer)
      const [approve, reject] = await Promise.all(votes)
      assert.deepEqual(
        [approve.kind, reject.kind],
        first === 'approve' ? ['accepted', 'conflict'] : ['conflict', 'accepted'],
      )
      assert.deepEqual([a.find(id)?.state, b.find(id)?.state], [state, state])
    }
  })

  test('keeps as much of the reason as there is room for', async () => {
    const { gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked())
    await book.vote(id, identity('bob'), 'approve', `${'x'.repeat(limits.approvalReasonCharsMax - 1)}😀`)
    const reason = book.find(id)?.votes[0]?.reason
    assert.equal(reason?.length, limits.approvalReasonCharsMax)
    assert.ok(reason?.isWellFormed())
  })

  test('that cannot be recorded is refused', async () => {
    const { log, gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked())
    log.failure = new StoreError('unavailable', 'no')
    await refused(book.vote(id, identity('bob'), 'approve', ''), 'log_unavailable')
    assert.equal(book.find(id)?.state, 'pending')
  })
})

suite('waiting', () => {
  test('ends with the decision, for all who wait for the same', async () => {
    const { gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked())
    const parked = [book.park(id), book.park(id)]
    await book.vote(id, identity('bob'), 'approve', '')
    for (const { settled } of parked) assert.equal((await settled).state, 'approved')
    assert.equal((await book.park(id).settled).state, 'approved', 'who comes later does not wait')
    assert.throws(() => book.park('apr_none'))
  })

  test('of one that leaves ends nothing while another waits; the last one cancels', async () => {
    const { gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked())
    const [one, two] = [book.park(id), book.park(id)]
    await one.leave('gone', 'disconnected')
    await one.leave('gone', 'disconnected')
    assert.equal(book.find(id)?.state, 'pending')
    await two.leave('gone', 'disconnected')
    assert.equal((await two.settled).state, 'cancelled')
    assert.deepEqual(book.find(id)?.ended?.reason, 'disconnected')
  })

  test('that ends with the pending answer leaves the approval open, and who listens hears that nobody waits', async () => {
    const { gateway } = world()
    const [book, other] = [await gateway(), await gateway()]
    const { id } = await book.ask(asked())
    const heard: (boolean | undefined)[] = []
    book.onChange((view) => heard.push(book.isWaitedFor(view.id)))
    const [one, two] = [book.park(id), book.park(id)]
    await one.leave('pending', 'answered')
    assert.deepEqual(heard, [true])
    await two.leave('pending', 'answered')
    assert.deepEqual(heard, [true, false])
    assert.equal(other.isWaitedFor(id), undefined, 'it was asked for elsewhere')
    await book.park(id).leave('released', '')
    assert.equal(book.find(id)?.state, 'pending')
  })

  test('cancels what was approved for once and is not used, and leaves what others may use', async () => {
    const { gateway } = world()
    const book = await gateway()
    for (const scope of ['once', 'run', 'window'] as const) {
      const { id } = await book.ask(asked({ binding: Buffer.from(scope) }, { scope }))
      const parked = book.park(id)
      await book.vote(id, identity('bob'), 'approve', '')
      await parked.leave('gone', 'disconnected')
      assert.equal(book.find(id)?.state, scope === 'once' ? 'cancelled' : 'approved')
    }
  })

  test('at another gateway does not end what this one asked for', async () => {
    const { gateway } = world()
    const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
    const { id } = await a.ask(asked())
    await quiet()
    const parked = a.park(id)
    await b.park(id).leave('gone', 'disconnected')
    assert.equal(a.find(id)?.state, 'pending')
    await parked.leave('gone', 'disconnected')
    await quiet()
    assert.equal(b.find(id)?.state, 'cancelled')
  })

  test('nobody is given an approval that is about to be cancelled', async () => {
    const { log, clock, reports, gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked())
    const parked = book.park(id)
    log.failure = new StoreError('unavailable', 'no')
    await parked.leave('gone', 'disconnected')
    assert.equal(reports.length, 1)
    log.failure = undefined
    const again = await book.ask(asked())
    assert.notEqual(again.id, id)
    await book.vote(id, identity('bob'), 'approve', '')
    assert.equal(book.usable(binding, agent, run), undefined)
    assert.equal(await book.consume(id, performing('exc_1')), false)
    clock.advance(limits.approvalRetryMs)
    await quiet()
    assert.equal(book.find(id)?.state, 'cancelled')
    assert.equal(book.find(again.id)?.state, 'pending')
  })

  test('has a limit', async () => {
    const { gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked())
    const parked = Array.from({ length: limits.approvalsParkedMax }, () => book.park(id))
    const other = asked({ binding: Buffer.alloc(32, 1), target: 'shop-2' })
    await refused(book.ask(other), 'too_many')
    await parked[0]?.leave('pending', '')
    await book.ask(other)
  })
})

suite('using', () => {
  test('an approval for once releases one of those who wait; the others ask again', async () => {
    const { gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked())
    await book.vote(id, identity('bob'), 'approve', '')
    assert.equal(book.usable(binding, agent, run)?.id, id)
    const claims = await Promise.all([
      book.consume(id, performing('exc_1')),
      book.consume(id, performing('exc_2')),
    ])
    assert.deepEqual(claims, [true, false])
    assert.equal(book.find(id)?.state, 'consumed')
    assert.equal(book.usable(binding, agent, run), undefined)
    assert.notEqual((await book.ask(asked())).id, id)
  })

  test('at two gateways at once the first in the log has it', async () => {
    const { log, gateway } = world()
    const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
    const { id } = await a.ask(asked())
    await a.vote(id, identity('bob'), 'approve', '')
    await quiet()
    log.manual = true
    const claims = [a.consume(id, performing('exc_1')), b.consume(id, performing('exc_2'))]
    await quiet()
    log.commit(1)
    log.commit()
    for (const writer of ['gw_a', 'gw_b']) log.deliver(writer)
    assert.deepEqual(await Promise.all(claims), [false, true])
  })

  test('is for the same request of the same subject, as far as the scope reaches', async () => {
    const { gateway } = world()
    const book = await gateway()
    const other: Run = { id: 'run_2', trace_id: null }
    const none: Run = { id: null, trace_id: null }
    for (const [scope, uses] of [
      ['once', [run, other, none]],
      ['run', [run]],
      ['window', [run, other, none]],
    ] as const) {
      const of = Buffer.from(scope)
      const { id } = await book.ask(asked({ binding: of }, { scope }))
      await book.vote(id, identity('bob'), 'approve', '')
      for (const each of [run, other, none])
        assert.equal(book.usable(of, agent, each)?.id, uses.includes(each) ? id : undefined, scope)
      assert.equal(book.usable(of, subject('other'), run), undefined)
      assert.equal(book.usable(Buffer.from('x'), agent, run), undefined)
    }
  })

  test('of an approval for a run is for once when the caller names no run', async () => {
    const { gateway } = world()
    const book = await gateway()
    const none: Run = { id: null, trace_id: null }
    const view = await book.ask(asked({ run: none }, { scope: 'run' }))
    assert.equal(view.scope, 'once')
  })

  test('goes on within a run or window, once for each execution', async () => {
    const { gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked({}, { scope: 'window' }))
    await book.vote(id, identity('bob'), 'approve', '')
    assert.equal(await book.consume(id, performing('exc_1')), true)
    assert.equal(await book.consume(id, performing('exc_2')), true)
    assert.equal(await book.consume(id, performing('exc_2')), false)
    assert.equal(book.usable(binding, agent, run)?.uses.length, 2)
  })

  test('needs approvers who still are approvers', async () => {
    const { standing, gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked({}, { quorum: 2 }))
    for (const name of ['bob', 'carol']) await book.vote(id, identity(name), 'approve', '')
    assert.equal(book.usable(binding, agent, run)?.id, id)
    standing.note({ id: 'idp#carol', groups: ['former'] })
    assert.equal(book.usable(binding, agent, run), undefined)
    assert.equal(await book.consume(id, performing('exc_1')), false)
    standing.note({ id: 'idp#carol', groups: ['dba'] })
    assert.equal(await book.consume(id, performing('exc_1')), true)
  })

  test('what is not approved, or is unknown, is impossible', async () => {
    const { log, gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked())
    assert.equal(await book.consume(id, performing('exc_1')), false)
    assert.equal(await book.consume('apr_none', performing('exc_1')), false)
    assert.deepEqual(types(log), ['ApprovalRequested'])
  })

  test('that cannot be recorded is refused', async () => {
    const { log, gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked())
    await book.vote(id, identity('bob'), 'approve', '')
    log.failure = new StoreError('full', 'no')
    await refused(book.consume(id, performing('exc_1')), 'log_unavailable')
  })

  test('the log ignores what no command could have meant', async () => {
    const { log, clock, gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked())
    const data = { approval: id, ...performing('exc_9') }
    log.record('gw_x', 1, { id: 'evt_x', time: clock.now(), type: 'ApprovalConsumed', data })
    await quiet()
    assert.equal(book.find(id)?.state, 'pending')
  })
})

suite('time', () => {
  test('ends an approval, and who waits for it', async () => {
    const { log, clock, gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked())
    const parked = book.park(id)
    clock.advance(59_999)
    await quiet()
    assert.equal(book.find(id)?.state, 'pending')
    clock.advance(1)
    assert.equal((await parked.settled).state, 'expired')
    await quiet()
    clock.advance(60_000)
    await quiet()
    assert.deepEqual(types(log), ['ApprovalRequested', 'ApprovalExpired'])
    assert.equal(book.find(id)?.state, 'expired')
  })

  test('that no timer noticed ends it too', async () => {
    const { clock, gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked())
    await book.vote(id, identity('bob'), 'approve', '')
    clock.pass(60_000)
    assert.equal(book.find(id)?.state, 'expired')
    assert.deepEqual(
      book.list().map(({ state }) => state),
      ['expired'],
    )
    assert.equal(book.usable(binding, agent, run), undefined)
    assert.equal(await book.consume(id, performing('exc_1')), false)
    assert.equal((await book.park(id).settled).state, 'expired')
    assert.equal((await book.vote(id, identity('carol'), 'reject', '')).kind, 'conflict')
    assert.notEqual((await book.ask(asked())).id, id)
  })

  test('passes while the log is away: who waits is told, and the end is recorded later, once', async () => {
    const { log, clock, gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked())
    const parked = book.park(id)
    log.failure = new StoreError('unavailable', 'no')
    clock.advance(60_000)
    assert.equal((await parked.settled).state, 'expired')
    for (let count = 0; count < 3; count++) {
      await quiet()
      clock.advance(limits.approvalRetryMs)
    }
    log.failure = undefined
    for (let count = 0; count < 3; count++) {
      await quiet()
      clock.advance(limits.approvalRetryMs)
    }
    await quiet()
    assert.deepEqual(types(log), ['ApprovalRequested', 'ApprovalExpired'])
  })

  test('is each gateway’s own to keep: only who asked records the end', async () => {
    const { log, clock, gateway } = world()
    const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
    const { id } = await a.ask(asked())
    await quiet()
    const parked = b.park(id)
    clock.advance(60_000)
    assert.equal((await parked.settled).state, 'expired')
    await quiet()
    assert.deepEqual(types(log), ['ApprovalRequested', 'ApprovalExpired'])
    assert.equal(b.find(id)?.state, 'expired')
  })
})

suite('a restart', () => {
  test('ends what the earlier incarnation left open, once', async () => {
    const { log, gateway } = world()
    const before = await gateway()
    const { id } = await before.ask(asked())
    const other = await before.ask(asked({ binding: Buffer.alloc(32, 1) }))
    await before.vote(other.id, identity('bob'), 'approve', '')
    await before.close()
    for (const epoch of [2, 3]) {
      const after = await gateway('gw_a', epoch)
      assert.deepEqual([after.find(id)?.state, after.find(other.id)?.state], ['expired', 'expired'])
      assert.equal(after.usable(Buffer.alloc(32, 1), agent, run), undefined)
      assert.equal((await after.vote(id, identity('carol'), 'approve', '')).kind, 'conflict')
      await after.close()
    }
    assert.equal(types(log).filter((type) => type === 'ApprovalExpired').length, 2)
  })

  test('does not end what another gateway asked for', async () => {
    const { gateway } = world()
    const [a] = [await gateway('gw_a')]
    const { id } = await a.ask(asked())
    const b = await gateway('gw_b', 7)
    assert.equal(b.find(id)?.state, 'pending')
  })

  test('of which the log says that the gateway was lost needs no event', async () => {
    const { log, clock, gateway } = world()
    const [a, b] = [await gateway('gw_a', 4), await gateway('gw_b')]
    const { id } = await a.ask(asked())
    const others = await b.ask(asked({ binding: Buffer.alloc(32, 1) }))
    log.kill('gw_a', 4)
    await quiet()
    const parked = b.park(id)
    const data = { writer: 'gw_a', epoch: 4, resumes: 0 }
    log.record('gw_b', 1, { id: 'evt_lost', time: clock.now(), type: 'GatewayLost', data })
    assert.equal((await parked.settled).state, 'expired')
    const again = await gateway('gw_a', 5)
    assert.deepEqual([again.find(id)?.state, again.find(others.id)?.state], ['expired', 'pending'])
    assert.ok(!types(log).includes('ApprovalExpired'))
  })

  test('that cannot end what was left open does not serve', async () => {
    const { log, gateway } = world()
    const before = await gateway()
    await before.ask(asked())
    await before.close()
    log.failure = new StoreError('unavailable', 'no')
    await refused(gateway('gw_a', 2), 'log_unavailable')
  })
})

suite('the book', () => {
  test('shows what an approver must see, also of what has ended, until it is erased', async () => {
    const { gateway } = world()
    const book = await gateway()
    const first = await book.ask(asked({ binding: Buffer.alloc(32, 1), shown: Buffer.from('first') }))
    const { id } = await book.ask(asked())
    const text = async (of: string) => Buffer.from((await book.shown(of)) ?? []).toString()
    assert.match(await text(id), /secret/)
    await book.cancel(id, agent, 'no need')
    await book.cancel(first.id, agent, 'no need')
    assert.match(await text(id), /secret/)
    assert.equal(await text(first.id), 'first')
    assert.equal(await book.shown('apr_none'), null)
  })

  test('tells its listeners of each change in the order of the log, whatever one of them does', async () => {
    const { reports, gateway } = world()
    const book = await gateway()
    const states: string[] = []
    book.onChange(() => {
      throw new Error('broken')
    })
    const listening = book.onChange(({ state }) => states.push(state))
    const { id } = await book.ask(asked())
    await book.vote(id, identity('bob'), 'approve', '')
    await book.consume(id, performing('exc_1'))
    listening[Symbol.dispose]()
    await book.ask(asked())
    assert.deepEqual(states, ['pending', 'approved', 'consumed'])
    assert.equal(reports.length, 4)
  })

  test('follows again after the log could not be read, from where it was', async () => {
    const { log, clock, reports, gateway } = world()
    const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
    log.interrupt('gw_a')
    await quiet()
    assert.deepEqual([a.healthy, b.healthy, reports.length], [false, true, 1])
    const { id } = await b.ask(asked())
    await quiet()
    assert.equal(a.find(id), undefined)
    clock.advance(limits.approvalRetryMs)
    await quiet()
    assert.equal(a.healthy, true)
    assert.equal(a.find(id)?.state, 'pending')
    assert.deepEqual(
      a.list().map((view) => view.id),
      [id],
    )
  })

  test('that is closed tells who waits for the log', async () => {
    const { log, gateway } = world()
    const book = await gateway()
    const { id } = await book.ask(asked())
    log.manual = true
    const voting = book.vote(id, identity('bob'), 'approve', '')
    log.commit()
    await quiet()
    await book.close()
    await refused(voting, 'log_unavailable')
    await refused(book.vote(id, identity('carol'), 'approve', ''), 'log_unavailable')
    assert.equal(book.healthy, false)
  })

  test('forgets what ended long ago, and nothing that is live', async () => {
    const { log, clock, gateway } = world()
    const writing = await gateway('gw_a')
    const { id } = await writing.ask(asked())
    for (let count = 0; count < limits.approvalsEndedMax + 1; count++) {
      const data = { ...requestData(log), approval: `apr_${count}`, binding: `${count}` }
      log.record('gw_x', 1, { id: `evt_${count}`, time: clock.now(), type: 'ApprovalRequested', data })
      const ended = { approval: data.approval, reason: 'time' } as const
      log.record('gw_x', 1, { id: `end_${count}`, time: clock.now(), type: 'ApprovalExpired', data: ended })
    }
    await quiet(20)
    assert.equal(writing.list().length, limits.approvalsEndedMax + 1)
    assert.equal(writing.find('apr_0'), undefined)
    assert.equal(writing.find('apr_1')?.state, 'expired')
    assert.equal(writing.find(id)?.state, 'pending')
  })
})

function requestData(log: SharedLog) {
  const [event] = log.events
  assert.ok(event?.type === 'ApprovalRequested')
  return event.data
}

suite('a voter whose token was revoked', () => {
  const revoked = { by: 'idp#root', reason: 'stolen' }
  const told = { id: 'evt_revoked', until_ms: 3_000_000_000_000 }

  for (const [what, type, data] of [
    ['their token', 'TokenRevoked', { token: 'tok_bob' }],
    ['their subject', 'SubjectRevoked', { subject: 'idp#bob', issued_up_to_ms: 2_000_000_000_000 }],
  ] as const)
    test(`by ${what} has not approved, also in the memory of others; somebody else must`, async () => {
      const { log, gateway, clock } = world()
      const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
      const { id } = await a.ask(asked())
      await b.vote(id, identity('bob'), 'approve', '')
      assert.equal(a.find(id)?.state, 'approved')
      const { id: event, until_ms } = told
      const body = { type, data: { ...data, until_ms, ...revoked } }
      log.record('gw_b', 1, { ...body, id: event, time: clock.now() } as Parameters<SharedLog['record']>[2])
      await quiet()
      for (const book of [a, b, await gateway('gw_c')]) {
        assert.equal(book.find(id)?.state, 'pending')
        assert.equal(book.usable(binding, agent, run), undefined)
      }
      assert.equal(await a.consume(id, performing('exc_1')), false)
      await b.vote(id, identity('carol'), 'approve', '')
      await quiet()
      assert.equal(await a.consume(id, performing('exc_1')), true)
    })

  test('by another token, or before they voted, has approved', async () => {
    const { log, gateway, clock } = world()
    const book = await gateway('gw_a')
    const { id } = await book.ask(asked())
    const before = {
      subject: 'idp#bob',
      issued_up_to_ms: clock.now() - 1,
      until_ms: told.until_ms,
      ...revoked,
    }
    log.record('gw_b', 1, { type: 'SubjectRevoked', id: 'evt_1', time: clock.now(), data: before })
    await book.vote(id, identity('bob'), 'approve', '')
    const other = { token: 'tok_bobby', until_ms: told.until_ms, ...revoked }
    log.record('gw_b', 1, { type: 'TokenRevoked', id: 'evt_2', time: clock.now(), data: other })
    await quiet()
    assert.equal(book.find(id)?.state, 'approved')
  })
})
