import { setImmediate as turn } from 'node:timers/promises'
import { suite, test, beforeEach, afterEach } from 'node:test'
import assert from 'node:assert/strict'
import type { Admission, Exchange, Hold } from './adapter.ts'
import { bindingOf } from './approval-binding.ts'
import { openApprovals, type Approvals } from './approvals.ts'
import { OrderedLane, type LaneContext } from './lane.ts'
import type { PolicyInput } from './ports.ts'
import type { Identity } from './request.ts'
import { SharedLog } from './scripted-control.ts'
import {
  allow,
  denied,
  logDown,
  scriptedContext,
  scriptedExchange,
  ScriptedLog,
  scriptedPseudonyms,
  type Wire,
} from './scripted.ts'
import { createStanding } from './standing.ts'
import type { Passed } from './telemetry.ts'
import type { Approval, Verdict } from './verdict.ts'

const asked: Approval = { approvers: ['dba'], quorum: 1, expires_s: 600, hold_s: 60, scope: 'once' }

function holding(change: Partial<Approval> = {}): Verdict {
  const reasons = [{ rule: 'review/delete', message: 'Deleting rows needs an approval.', remedy: '' }]
  return { ...allow, effect: 'hold', reasons, approval: { ...asked, ...change } }
}

function person(name: string, groups: readonly string[] = ['dba']): Identity {
  const id = `demo#${name}`
  const subject = { id, type: 'human' as const, issuer: 'demo', groups, claims: {}, on_behalf_of: null }
  return { subject, tokenId: `tok_${name}`, expiresAt: 1e15 }
}

const bob = person('bob')

/** A clock that moves only by hand. */
class Hands {
  #ms = 1_000
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>()

  readonly now = (): number => this.#ms
  readonly monotonic = (): number => this.#ms

  readonly after = (ms: number, callback: () => void): Disposable => {
    const timer = { at: this.#ms + ms, callback }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }

  pass(ms: number): void {
    this.#ms += ms
    for (const timer of this.#timers) {
      if (timer.at > this.#ms || !this.#timers.delete(timer)) continue
      timer.callback()
    }
  }
}

suite('a held exchange', () => {
  let log: ScriptedLog
  let clock: Hands
  let wire: Wire
  let holds: (Hold & { over: boolean })[]
  let verdict: Verdict
  let approvals: Approvals
  let ended: string[]
  let ids = 0

  beforeEach(async () => {
    log = new ScriptedLog()
    clock = new Hands()
    wire = { upstream: [], client: [] }
    holds = []
    verdict = holding()
    ended = []
    approvals = await openApprovals({
      writer: 'gw_1',
      epoch: 1,
      store: new SharedLog().store('gw_1'),
      unseal: async () => null,
      clock,
      ids: { next: (prefix) => `${prefix}_${++ids}`, random32: () => 4 },
      owners: new Map(),
      standing: createStanding(),
      report: (what) => assert.fail(what),
    })
  })

  afterEach(() => approvals.close())

  /** Held until the input names an approval. */
  function context(change: Partial<LaneContext> = {}): LaneContext {
    const base = scriptedContext(log)
    return {
      ...base,
      ...clock,
      approvals,
      end: (reason) => ended.push(reason.code),
      bindingOf: (part, rule, requirement) =>
        bindingOf({ subject: base.subject(), target: 'shop', part, rule, requirement }, scriptedPseudonyms),
      pdp: {
        revision: 'v1',
        evaluate: ({ action, approvals: given }: PolicyInput) => {
          const held = action.name.startsWith('delete') && given.length === 0
          return { verdict: held ? verdict : allow, revision: 'v1' }
        },
      },
      ...change,
    }
  }

  function request(
    name: string,
    change: Partial<Exchange<string, string, null>> = {},
  ): Exchange<string, string, null> {
    return scriptedExchange(wire, name, undefined, {
      held: (hold) => {
        const told = { ...hold, over: false }
        holds.push(told)
        return { [Symbol.dispose]: () => void (told.over = true) }
      },
      ...change,
    })
  }

  async function settled(): Promise<void> {
    for (let i = 0; i < 30; i++) await turn()
  }

  async function outcome(admission: Admission | undefined): Promise<string | undefined> {
    return (await admission?.done)?.outcome
  }

  function pending(): string {
    const [first] = approvals.list().filter(({ state }) => state === 'pending')
    assert.ok(first, 'something is pending')
    return first.id
  }

  function decisions(): readonly string[] {
    return log.bodies.flatMap((body) => (body.type === 'DecisionMade' ? [body.data.effect] : []))
  }

  test('runs once it is approved, by a second decision that names the approval', async () => {
    const lane = new OrderedLane(context())
    const [admission] = lane.submit([request('delete 1')], true)
    await settled()
    assert.deepEqual(wire, { upstream: [], client: [] })
    assert.equal(holds.length, 1)
    assert.equal(holds[0]?.reference, pending())
    assert.equal((await approvals.vote(pending(), bob, 'approve', 'fine')).kind, 'accepted')
    assert.equal(await outcome(admission), 'completed')
    assert.deepEqual(wire.upstream, ['delete 1'])
    assert.equal(holds[0].over, true)
    assert.deepEqual(decisions(), ['hold', 'allow'])
    const last = log.bodies.findLast((body) => body.type === 'DecisionMade')
    assert.match(last?.type === 'DecisionMade' ? last.data.approvals : '', /apr_.*demo#bob/)
    assert.equal(approvals.list()[0]?.state, 'consumed')
  })

  test('is measured as one that waited for people and was judged twice', async () => {
    const passages: Passed[] = []
    const lane = new OrderedLane(context({ telemetry: { passed: (passage) => passages.push(passage) } }))
    const [admission] = lane.submit([request('delete 1')], true)
    await settled()
    clock.pass(5_000)
    await approvals.vote(pending(), bob, 'approve', '')
    assert.equal(await outcome(admission), 'completed')
    const [{ stays, judgements } = assert.fail('nothing was told')] = passages
    const stations = ['evaluate', 'lane', 'append', 'hold', 'evaluate', 'hold', 'append', 'upstream', 'mask']
    assert.deepEqual(stays.map(({ station }) => station).slice(2), stations)
    const [held] = stays.filter(({ station }) => station === 'hold').map(({ fromMs, toMs }) => toMs - fromMs)
    assert.equal(held, 5_000)
    assert.deepEqual(
      judgements.map(({ effect }) => effect),
      ['hold', 'allow'],
    )
  })

  test('parks its lane, and keeps the order of a batch', async () => {
    const lane = new OrderedLane(context())
    const first = lane.submit(
      ['a', 'delete 1', 'b'].map((name) => request(name)),
      true,
    )
    const second = lane.submit([request('c')], true)
    await settled()
    assert.deepEqual(wire.upstream, ['a'])
    await approvals.vote(pending(), bob, 'approve', '')
    assert.deepEqual(await Promise.all([...first, ...second].map((admission) => outcome(admission))), [
      'completed',
      'completed',
      'completed',
      'completed',
    ])
    assert.deepEqual(wire.upstream, ['a', 'delete 1', 'b', 'c'])
    assert.deepEqual(wire.client, ['a done', 'delete 1 done', 'b done', 'c done'])
  })

  test('that is rejected makes the rest of its batch be skipped', async () => {
    const lane = new OrderedLane(context())
    const batch = lane.submit(
      ['a', 'delete 1', 'b'].map((name) => request(name)),
      true,
    )
    await settled()
    await approvals.vote(pending(), bob, 'reject', 'not today')
    assert.deepEqual(await Promise.all(batch.map((admission) => outcome(admission))), [
      'completed',
      'refused',
      'skipped',
    ])
    assert.deepEqual(wire.upstream, ['a', 'poison'])
    assert.deepEqual(decisions(), ['allow', 'hold', 'deny'])
  })

  for (const reason of ['cancelled', 'ending'] as const)
    test(`never runs once it is ${reason}, and nobody can approve it any more`, async () => {
      const lane = new OrderedLane(context())
      const [admission] = lane.submit([request('delete 1')], true)
      await settled()
      const id = pending()
      if (reason === 'cancelled') lane.cancel()
      else lane.stopAll()
      assert.equal(await outcome(admission), 'refused')
      assert.equal((await approvals.vote(id, bob, 'approve', '')).kind, 'conflict')
      await settled()
      assert.deepEqual(wire, { upstream: ['poison'], client: ['cancelled before'] })
      assert.equal(approvals.find(id)?.state, 'cancelled')
      assert.equal(log.types().at(-1), 'ExchangeAbandoned')
    })

  test('a caller that has said farewell waits for nobody', async () => {
    const lane = new OrderedLane(context())
    const [first] = lane.submit([request('delete 1')], true)
    await settled()
    lane.leave()
    const [second, third] = lane.submit(
      ['delete 2', 'a'].map((name) => request(name)),
      false,
    )
    assert.deepEqual(await Promise.all([first, second, third].map((admission) => outcome(admission))), [
      'refused',
      'refused',
      'completed',
    ])
    assert.deepEqual(wire.upstream, ['poison', 'poison', 'a'])
    assert.equal(
      approvals.list().every(({ state }) => state === 'cancelled'),
      true,
    )
  })

  test('a cancel ends the wait also behind answers that its batch has not flushed', async () => {
    const lane = new OrderedLane(context())
    const silent = request('a', { forward: () => never })
    const [, admission] = lane.submit([silent, request('delete 1')], true)
    await settled()
    const id = pending()
    lane.cancel()
    await admission?.admitted
    assert.equal(approvals.find(id)?.state, 'cancelled')
  })

  test('gets the pending answer in time; its retry waits for the same approval and passes once', async () => {
    const lane = new OrderedLane(context())
    const [first] = lane.submit([request('delete 1')], true)
    await settled()
    const id = pending()
    clock.pass(60_000)
    assert.equal(await outcome(first), 'refused')
    assert.deepEqual(wire.client, ['pending before'])
    const [second] = lane.submit([request('delete 1')], true)
    await settled()
    assert.equal(pending(), id)
    clock.pass(60_000)
    assert.equal(await outcome(second), 'refused')
    await approvals.vote(id, bob, 'approve', '')
    const [third] = lane.submit([request('delete 1')], true)
    assert.equal(await outcome(third), 'completed')
    const [fourth] = lane.submit([request('delete 1')], true)
    await settled()
    assert.notEqual(pending(), id)
    lane.cancel()
    assert.equal(await outcome(fourth), 'refused')
    assert.deepEqual(wire.upstream.filter((name) => name === 'delete 1').length, 1)
  })

  test('with no time to wait it is pending at once', async () => {
    verdict = holding({ hold_s: 0 })
    const lane = new OrderedLane(context())
    const [admission] = lane.submit([request('delete 1')], true)
    assert.equal(await outcome(admission), 'refused')
    assert.deepEqual(wire.client, ['pending before'])
    assert.equal(holds.length, 0)
    assert.equal(approvals.find(pending())?.state, 'pending')
  })

  test('identical ones share an approval, which releases one of them', async () => {
    const lanes = [new OrderedLane(context()), new OrderedLane(context())]
    const admissions = lanes.map((lane) => lane.submit([request('delete 1')], true)[0])
    await settled()
    const id = pending()
    assert.equal(approvals.list().length, 1)
    await approvals.vote(id, bob, 'approve', '')
    await settled()
    assert.deepEqual(wire.upstream, ['delete 1'])
    assert.notEqual(pending(), id)
    assert.equal(holds.length, 2)
    await approvals.vote(pending(), bob, 'approve', '')
    assert.deepEqual(await Promise.all(admissions.map((admission) => outcome(admission))), [
      'completed',
      'completed',
    ])
  })

  test('is judged by what holds when it is released', async () => {
    const lane = new OrderedLane(
      context({
        pdp: {
          revision: 'v2',
          evaluate: ({ approvals: given }) => ({
            verdict: given.length === 0 ? verdict : denied,
            revision: 'v2',
          }),
        },
      }),
    )
    const [admission] = lane.submit([request('delete 1')], true)
    await settled()
    await approvals.vote(pending(), bob, 'approve', '')
    assert.equal(await outcome(admission), 'refused')
    assert.deepEqual(wire.client, ['denied before'])
    assert.equal(approvals.list()[0]?.state, 'approved')
  })

  test('asks again when what it does has changed meanwhile', async () => {
    let part = 'one'
    const lane = new OrderedLane(context())
    const [admission] = lane.submit([request('delete 1', { bound: () => Buffer.from(part) })], true)
    await settled()
    const id = pending()
    part = 'another'
    await approvals.vote(id, bob, 'approve', '')
    await settled()
    assert.deepEqual(wire.upstream, [])
    assert.notEqual(pending(), id)
    await approvals.vote(pending(), bob, 'approve', '')
    assert.equal(await outcome(admission), 'completed')
  })

  test('a policy that heeds no approval refuses instead of asking for ever', async () => {
    const lane = new OrderedLane(
      context({ pdp: { revision: 'v1', evaluate: () => ({ verdict, revision: 'v1' }) } }),
    )
    const [admission] = lane.submit([request('delete 1')], true)
    await settled()
    await approvals.vote(pending(), bob, 'approve', '')
    assert.equal(await outcome(admission), 'refused')
    assert.deepEqual(wire.client, ['policy_error before'])
  })

  test('a broken glass is in the log before anything is done, or nothing is', async () => {
    const alarmed = { ...allow, labels: { alarm: 'on_call/break_glass' } }
    const pdp = { revision: 'v1', evaluate: () => ({ verdict: alarmed, revision: 'v1' }) }
    const lane = new OrderedLane(context({ pdp }))
    assert.equal(await outcome(lane.submit([request('delete 1')], true)[0]), 'completed')
    assert.deepEqual(log.types().slice(0, 3), ['RequestReceived', 'DecisionMade', 'AlarmRaised'])
    const alarm = log.bodies[2]
    assert.equal(alarm?.type === 'AlarmRaised' && alarm.data.alarm, 'on_call/break_glass')

    const silent = new OrderedLane(context({ pdp, raise: () => Promise.reject(logDown) }))
    assert.equal(await outcome(silent.submit([request('delete 2')], true)[0]), 'refused')
    assert.deepEqual(wire.upstream, ['delete 1', 'poison'])
    assert.equal(log.types().at(-1), 'ExchangeAbandoned')
  })

  test('without anybody to ask it is refused', async () => {
    const lane = new OrderedLane(context({ approvals: undefined }))
    const [admission] = lane.submit([request('delete 1')], true)
    assert.equal(await outcome(admission), 'refused')
    assert.deepEqual(wire.upstream, ['poison'])
  })

  test('with the log down nothing that was approved runs', async () => {
    const lane = new OrderedLane(context())
    const [admission] = lane.submit([request('delete 1')], true)
    await settled()
    log.manual = true
    await approvals.vote(pending(), bob, 'approve', '')
    await settled()
    assert.deepEqual(wire.upstream, [])
    log.waiting.shift()?.()
    await admission?.admitted
    assert.deepEqual(wire.upstream, ['delete 1'])
    log.manual = false
    while (log.waiting.length > 0) log.waiting.shift()?.()
    assert.equal(await outcome(admission), 'completed')
  })
})

const never: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
}
