import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Lane, Session } from './adapter.ts'
import { openApprovals, type Approvals } from './approvals.ts'
import type { RecordedEvent } from './events.ts'
import { createGate } from './gate.ts'
import { openGrants, type Grants } from './grants.ts'
import { limits } from './limits.ts'
import type { PolicyGrant, PolicyInput } from './ports.ts'
import { byToken, tokenIn } from './proof.ts'
import type { Hello, Identity } from './request.ts'
import { countingIds, quiet, SharedLog, SteppedClock } from './scripted-control.ts'
import { allow, denied, scriptedExchange, scriptedPseudonyms } from './scripted.ts'
import { createStanding } from './standing.ts'
import type { Verdict } from './verdict.ts'

const hello: Hello = {
  protocol: 'postgres',
  target: 'shop',
  proof: byToken('alice'),
  client: { ip: '127.0.0.1', application: null },
  run: { id: null, trace_id: null },
}

const lifeMs = 10_000
const holding: Verdict = {
  ...allow,
  effect: 'hold',
  reasons: [{ rule: 'review/delete', message: 'Ask first.', remedy: '' }],
  approval: { approvers: ['dba'], quorum: 1, expires_s: 600, hold_s: 60, scope: 'once' },
}

function identity(name: string): Identity {
  const subject = {
    id: `idp#${name}`,
    type: 'human',
    issuer: 'idp',
    groups: name === 'bob' ? ['dba'] : [],
    claims: {},
    on_behalf_of: null,
  } as const
  return { subject, tokenId: `tok_${name}`, expiresAt: 4e12 }
}

/** Only somebody with a grant may do what is not `free`. */
function verdictOf({ action, grants, approvals }: PolicyInput): Verdict {
  if (!action.name.startsWith('free') && grants.length === 0) return denied
  return action.name.startsWith('delete') && approvals.length === 0 ? holding : allow
}

/** One session of alice. */
class World {
  readonly log = new SharedLog()
  readonly clock = new SteppedClock()
  readonly seen: PolicyInput[] = []
  readonly grants: Grants
  readonly approvals: Approvals
  readonly session: Session<unknown>

  private constructor(parts: Pick<World, 'log' | 'clock' | 'seen' | 'grants' | 'approvals' | 'session'>) {
    this.log = parts.log
    this.clock = parts.clock
    this.seen = parts.seen
    this.grants = parts.grants
    this.approvals = parts.approvals
    this.session = parts.session
  }

  static async open(): Promise<World> {
    const [log, clock] = [new SharedLog(), new SteppedClock()]
    const access = { approvers: ['dba'], roles: ['reader'], maxMs: 1e9 }
    const ports = {
      writer: 'gw',
      epoch: 1,
      store: log.store('gw'),
      unseal: async () => null,
      clock,
      ids: countingIds(),
      owners: new Map<string, readonly string[]>(),
      standing: createStanding(),
      access: () => access,
      report: (what: string) => assert.fail(what),
    }
    const [grants, approvals] = [await openGrants(ports), await openApprovals(ports)]
    const seen: PolicyInput[] = []
    const address = { host: 'db', port: 1 }
    const target = { name: 'shop', protocol: 'postgres', labels: {}, address, settings: null }
    const engine = createGate({
      ...ports,
      gateway: 'gw',
      authenticator: { authenticate: async (proof) => identity(tokenIn(proof)) },
      credentials: { credential: async () => ({ user: 'app', password: 'x' }) },
      dialer: { dial: () => Promise.reject(new Error('no network in this test')) },
      targets: { find: () => target, list: () => [target] },
      pdp: {
        revision: 'v1',
        evaluate: (input) => {
          seen.push(input)
          return { verdict: verdictOf(input), revision: 'v1' }
        },
      },
      grants,
      approvals,
      pseudonyms: scriptedPseudonyms,
    })
    return new World({ log, clock, seen, grants, approvals, session: await engine.open(hello) })
  }

  /** Asked for by alice and given by bob. */
  async give(forMs: number = lifeMs): Promise<string> {
    const { subject } = identity('alice')
    const wanted = { subject, target: 'shop', role: 'reader', lifeMs: forMs, reason: 'figures' }
    const { id } = await this.grants.request(wanted)
    assert.equal((await this.grants.decide(id, identity('bob'), 'give', '')).kind, 'accepted')
    return id
  }

  async runs(name: string): Promise<string | undefined> {
    const exchange = scriptedExchange({ upstream: [], client: [] }, name)
    const [admission] = this.session.lane().submit([exchange], false)
    return (await admission?.done)?.outcome
  }

  /** One that runs until it is stopped, or the test ends it. */
  async starts(name: string, lane: Lane = this.session.lane()): Promise<Running> {
    const over = Promise.withResolvers<void>()
    let stopped: string | undefined
    const exchange = scriptedExchange({ upstream: [], client: [] }, name, [], {
      forward: (permit, _plan, _body, stop) => {
        permit.spend(Buffer.from(name))
        stop.on((reason) => {
          stopped = reason
          over.resolve()
        })
        return (async function* () {
          await over.promise
          yield 'done'
        })()
      },
    })
    const [admission] = lane.submit([exchange], false)
    assert.equal(await admission?.admitted, 'forwarded')
    return {
      stopped: () => stopped,
      end: async () => {
        over.resolve()
        return (await admission?.done)?.outcome
      },
    }
  }

  /** The grants with which each decision was recorded. */
  recorded(): readonly (readonly PolicyGrant[])[] {
    return this.log.events.flatMap((event: RecordedEvent) =>
      event.type === 'DecisionMade' ? [JSON.parse(event.data.grants) as readonly PolicyGrant[]] : [],
    )
  }
}

interface Running {
  readonly stopped: () => string | undefined
  readonly end: () => Promise<string | undefined>
}

suite('an exchange', () => {
  test('is judged by the grants that are valid at that moment, on an open session', async () => {
    const world = await World.open()
    assert.equal(await world.runs('select'), 'refused')
    const id = await world.give()
    assert.equal(await world.runs('select'), 'completed')
    world.clock.pass(lifeMs - 1)
    assert.equal(await world.runs('select'), 'completed')
    world.clock.pass(1)
    assert.equal(await world.runs('select'), 'refused', 'no timer has noticed')
    assert.deepEqual(
      world.recorded().map((grants) => grants.map((grant) => grant.id)),
      [[], [id], [id], []],
    )
  })

  test('is recorded with the very grants that its policy saw', async () => {
    const world = await World.open()
    await world.give()
    await world.runs('select')
    const input = world.seen.at(-1)
    assert.ok(input)
    assert.deepEqual(world.recorded().at(-1), input.grants)
    assert.deepEqual(Object.keys(input.grants[0] ?? {}), [
      'id',
      'target',
      'role',
      'until_ms',
      'reason',
      'given_by',
    ])
  })

  test('costs nothing where nobody was given anything', async () => {
    const world = await World.open()
    await world.runs('free')
    await world.runs('free')
    const [one, two] = world.seen
    assert.equal(one?.grants, two?.grants)
  })

  test('that was held is judged at release by the grants of then', async () => {
    const world = await World.open()
    const id = await world.give()
    const exchange = scriptedExchange({ upstream: [], client: [] }, 'delete')
    const [admission] = world.session
      .lane()
      .submit([{ ...exchange, forward: () => assert.fail('it was forwarded') }], false)
    await quiet()
    const [approval] = world.approvals.list()
    assert.ok(approval)
    await world.grants.revoke(id, identity('alice').subject, '')
    await world.approvals.vote(approval.id, identity('bob'), 'approve', '')
    assert.equal((await admission?.done)?.outcome, 'refused')
    assert.deepEqual(
      world.recorded().map((grants) => grants.length),
      [1, 0],
    )
  })
})

suite('what runs by a grant', () => {
  test('may finish within the grace after its end, and is stopped then', async () => {
    const world = await World.open()
    await world.give()
    const running = await world.starts('select')
    world.clock.advance(lifeMs)
    await quiet()
    assert.equal(running.stopped(), undefined)
    world.clock.advance(limits.exchangeGraceMs - 1)
    await quiet()
    assert.equal(running.stopped(), undefined)
    world.clock.advance(1)
    await quiet()
    assert.equal(running.stopped(), 'ending')
    await running.end()
    assert.equal(world.session.ending.requested, undefined, 'the session goes on')
    assert.equal(await world.runs('free'), 'completed')
  })

  test('is stopped at once when the grant is revoked', async () => {
    const world = await World.open()
    const id = await world.give()
    const running = await world.starts('select')
    await world.grants.revoke(id, identity('bob').subject, 'enough')
    await quiet()
    assert.equal(running.stopped(), 'ending')
    await running.end()
    assert.equal(await world.runs('select'), 'refused')
  })

  test('runs on where the policy would allow it without the grant', async () => {
    const world = await World.open()
    const id = await world.give()
    const running = await world.starts('free')
    await world.grants.revoke(id, identity('bob').subject, '')
    await quiet()
    world.clock.advance(lifeMs + limits.exchangeGraceMs)
    await quiet()
    assert.equal(running.stopped(), undefined)
    assert.equal(await running.end(), 'completed')
  })

  test('runs on by another grant, until that is over too', async () => {
    const world = await World.open()
    const first = await world.give()
    await world.give(2 * lifeMs)
    const running = await world.starts('select')
    await world.grants.revoke(first, identity('bob').subject, '')
    await quiet()
    world.clock.advance(lifeMs + limits.exchangeGraceMs)
    await quiet()
    assert.equal(running.stopped(), undefined)
    world.clock.advance(lifeMs)
    await quiet()
    assert.equal(running.stopped(), 'ending')
    await running.end()
  })

  test('is not confused with what ran before it on the same lane', async () => {
    const world = await World.open()
    await world.give()
    const lane = world.session.lane()
    const [done] = lane.submit([scriptedExchange({ upstream: [], client: [] }, 'select')], false)
    await done?.done
    world.clock.pass(lifeMs)
    const running = await world.starts('free', lane)
    world.clock.advance(limits.exchangeGraceMs)
    await quiet()
    assert.equal(running.stopped(), undefined)
    assert.equal(await running.end(), 'completed')
  })
})
