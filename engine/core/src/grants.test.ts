import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Refused, type RefusalCode } from './errors.ts'
import { noGrants } from './grant-fold.ts'
import type { GrantView } from './grant-view.ts'
import { openGrants, type AccessRule, type Grants, type Wanted } from './grants.ts'
import { limits } from './limits.ts'
import { StoreError } from './ports.ts'
import type { Identity, Subject } from './request.ts'
import { countingIds, quiet, SharedLog, SteppedClock } from './scripted-control.ts'

const hourMs = 3_600_000

class World {
  readonly log = new SharedLog()
  readonly clock = new SteppedClock()
  readonly reports: string[] = []
  rule: AccessRule | undefined = { approvers: ['dba'], roles: ['reader'], maxMs: 8 * hourMs }
  readonly #ids = countingIds()

  gateway(writer = 'gw_a', epoch = 1): Promise<Grants> {
    return openGrants({
      store: this.log.store(writer, epoch),
      clock: this.clock,
      ids: this.#ids,
      owners: new Map([['idp#agent', ['idp#olga']]]),
      access: (target) => (target === 'shop' ? this.rule : undefined),
      report: (what) => this.reports.push(what),
    })
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

function wanted(change: Partial<Wanted> = {}): Wanted {
  return { subject: agent, target: 'shop', role: 'reader', lifeMs: hourMs, reason: 'figures', ...change }
}

async function refused(what: Promise<unknown>, code: RefusalCode): Promise<void> {
  await assert.rejects(what, (error) => error instanceof Refused && error.refusal.code === code)
}

suite('asking for access', () => {
  test('gives a request once it is durable and read back', async () => {
    const world = new World()
    const book = await world.gateway()
    world.log.manual = true
    const answered: GrantView[] = []
    const asking = book.request(wanted()).then((given) => answered.push(given))
    await quiet()
    world.log.commit()
    await quiet()
    assert.equal(answered.length, 0, 'durable, and not read back')
    world.log.deliver('gw_a')
    await asking
    assert.deepEqual(answered, book.list())
    const [view] = answered
    assert.deepEqual([view?.state, view?.people], ['requested', ['idp#agent', 'idp#olga']])
    assert.match(view?.id ?? '', /^grt_/)
    assert.equal(book.of(agent, 'shop', world.clock.now()), noGrants)
  })

  test('is refused where nobody may give it, and for more than is given', async () => {
    const book = await new World().gateway()
    await refused(book.request(wanted({ target: 'payroll' })), 'denied')
    await refused(book.request(wanted({ lifeMs: 9 * hourMs })), 'malformed')
    await refused(book.request(wanted({ role: 'owner' })), 'malformed')
    assert.deepEqual(book.list(), [])
  })

  test('is bounded for each subject and target, also for many at once, until some are over', async () => {
    const world = new World()
    const book = await world.gateway()
    const asked = Array.from({ length: limits.grantsLiveMax + 5 }, () => book.request(wanted()))
    const outcomes = await Promise.allSettled(asked)
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, limits.grantsLiveMax)
    await refused(book.request(wanted()), 'too_many')
    await book.request(wanted({ subject: subject('other') }))
    const [first] = book.list()
    await book.revoke(first?.id ?? '', agent, '')
    await book.request(wanted())
    world.clock.advance(limits.grantDecideMs)
    await book.request(wanted())
  })

  test('of a log that is down is refused, and nothing was asked', async () => {
    const world = new World()
    const book = await world.gateway()
    world.log.failure = new StoreError('unavailable', 'no log')
    await refused(book.request(wanted()), 'log_unavailable')
    world.log.failure = undefined
    assert.deepEqual(book.list(), [])
    await book.request(wanted())
  })
})

suite('deciding', () => {
  test('gives it from then on, at every gateway, and it ends at its time', async () => {
    const world = new World()
    const [one, two] = [await world.gateway('gw_a'), await world.gateway('gw_b')]
    const { id } = await one.request(wanted())
    world.clock.advance(5_000)
    const result = await two.decide(id, identity('bob'), 'give', 'go on')
    assert.equal(result.kind, 'accepted')
    await quiet()
    const ends = world.clock.now() + hourMs
    for (const book of [one, two]) {
      assert.deepEqual(book.of(agent, 'shop', ends - 1), [
        { id, target: 'shop', role: 'reader', until_ms: ends, reason: 'figures', given_by: 'idp#bob' },
      ])
      assert.equal(book.find(id)?.state, 'given')
    }
    world.clock.pass(hourMs)
    for (const book of [one, two]) {
      assert.equal(book.of(agent, 'shop', world.clock.now()), noGrants)
      assert.equal(book.find(id)?.state, 'ended')
      assert.equal((await book.revoke(id, agent, '')).kind, 'conflict')
    }
  })

  test('happens once: the first in the log wins, and the other is told', async () => {
    const world = new World()
    const [one, two] = [await world.gateway('gw_a'), await world.gateway('gw_b')]
    const { id } = await one.request(wanted())
    await quiet()
    const results = await Promise.all([
      one.decide(id, identity('bob'), 'give', ''),
      two.decide(id, identity('carol'), 'reject', ''),
    ])
    assert.deepEqual(results.map(({ kind }) => kind).toSorted(), ['accepted', 'conflict'])
    await quiet()
    assert.deepEqual(one.list(), two.list())
  })

  const nobodies: readonly (readonly [string, Identity])[] = [
    ['the requester', { ...identity('agent'), subject: agent }],
    ['its owner', identity('olga')],
    ['a stranger', identity('mallory', { groups: [] })],
    ['a service', identity('robot', { type: 'service' })],
    ['whose token is over', { ...identity('bob'), expiresAt: 1 }],
  ]
  for (const [who, by] of nobodies)
    test(`is not for ${who}, and nothing is recorded`, async () => {
      const world = new World()
      const book = await world.gateway()
      const { id } = await book.request(wanted())
      assert.equal((await book.decide(id, by, 'give', '')).kind, 'forbidden')
      assert.deepEqual(
        world.log.events.map(({ type }) => type),
        ['GrantRequested'],
      )
    })

  test('follows the configuration of now where that gives less', async () => {
    const world = new World()
    const book = await world.gateway()
    const [first, second, third] = [
      await book.request(wanted()),
      await book.request(wanted()),
      await book.request(wanted()),
    ]
    world.rule = { approvers: ['dba'], roles: ['reader'], maxMs: 60_000 }
    await book.decide(first.id, identity('bob'), 'give', '')
    assert.equal(book.find(first.id)?.endsAt, world.clock.now() + 60_000)
    world.rule = { approvers: ['leads'], roles: ['reader'], maxMs: hourMs }
    assert.equal((await book.decide(second.id, identity('bob'), 'give', '')).kind, 'forbidden')
    world.rule = undefined
    assert.equal((await book.decide(third.id, identity('bob'), 'give', '')).kind, 'forbidden')
  })

  test('of what nobody asked for is unknown', async () => {
    const book = await new World().gateway()
    assert.equal((await book.decide('grt_none', identity('bob'), 'give', '')).kind, 'unknown')
    assert.equal((await book.revoke('grt_none', agent, '')).kind, 'unknown')
  })
})

suite('what was given', () => {
  async function given(world: World): Promise<{ readonly book: Grants; readonly id: string }> {
    const book = await world.gateway()
    const { id } = await book.request(wanted())
    await book.decide(id, identity('bob'), 'give', '')
    return { book, id }
  }

  test('is taken back at once, everywhere', async () => {
    const world = new World()
    const other = await world.gateway('gw_b')
    const { book, id } = await given(world)
    const seen: (readonly [string, string])[] = []
    using _listening = other.onChange((grant) => seen.push([grant.id, grant.state]))
    assert.equal((await book.revoke(id, agent, 'done')).kind, 'accepted')
    await quiet()
    for (const each of [book, other]) assert.equal(each.of(agent, 'shop', world.clock.now()), noGrants)
    assert.deepEqual(seen, [[id, 'revoked']])
  })

  test('outlives its gateway, and not its time', async () => {
    const world = new World()
    const { book, id } = await given(world)
    await book.close()
    world.log.kill('gw_a')
    const next = await world.gateway('gw_a', 2)
    assert.deepEqual(
      next.of(agent, 'shop', world.clock.now()).map((grant) => grant.id),
      [id],
    )
    world.clock.pass(hourMs)
    const later = await world.gateway('gw_a', 3)
    assert.equal(later.of(agent, 'shop', world.clock.now()), noGrants)
  })

  test('counts only when a gateway signed it', async () => {
    const world = new World()
    await given(world)
    const forged = world.log.events.map((event) =>
      event.type === 'GrantGiven' ? { ...event, sig: null } : event,
    )
    world.log.events.splice(0, forged.length, ...forged)
    const reader = await world.gateway('gw_b')
    assert.equal(reader.list()[0]?.state, 'requested')
    assert.equal(reader.of(agent, 'shop', world.clock.now()), noGrants)
  })

  test('is told to everybody who listens, whatever one of them does', async () => {
    const world = new World()
    const book = await world.gateway()
    const seen: string[] = []
    book.onChange(() => assert.fail('a listener that fails'))
    book.onChange(({ state }) => seen.push(state))
    const { id } = await book.request(wanted())
    await book.decide(id, identity('bob'), 'reject', '')
    assert.deepEqual(seen, ['requested', 'rejected'])
    assert.deepEqual(world.reports, ['a listener of grants failed', 'a listener of grants failed'])
  })
})
