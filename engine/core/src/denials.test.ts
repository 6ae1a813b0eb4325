import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import type { Exchange, Lane } from './adapter.ts'
import type { Refusal } from './errors.ts'
import type { EventData, NewEvent } from './events.ts'
import { limits } from './limits.ts'
import { StoreError } from './ports.ts'
import { allow, denied, pieces, scriptedExchange } from './scripted.ts'
import { byToken } from './proof.ts'
import { hello, types, world, type World } from './scripted-gate.ts'
import type { LiveSession } from './session.ts'
import { denial } from './verdict.ts'

type Scripted = Exchange<string, string, null>

/** Somebody of whom `drop` is denied and `delete` held. */
async function given({ token = 'good', of = world({ drop: denied, delete: held }) } = {}) {
  const session = (await of.engine.open({ ...hello, proof: byToken(token) })) as LiveSession<unknown>
  const lane = session.lane()
  const refusals: Refusal[] = []
  const exchange = (name: string, change: Partial<Scripted> = {}): Scripted =>
    scriptedExchange({ upstream: [], client: [] }, name, [], {
      refuse: (refusal) => {
        refusals.push(refusal)
        return pieces([])
      },
      ...change,
    })
  const send = (...names: readonly string[]) =>
    all(
      lane,
      names.map((name) => exchange(name)),
      false,
    )
  const sendAtomic = (...names: readonly string[]) =>
    all(
      lane,
      names.map((name) => exchange(name)),
      true,
    )
  const flood = async (times: number): Promise<void> => {
    for (let count = 0; count < times; count++) await send('drop')
  }
  return { ...of, session, lane, refusals, exchange, send, sendAtomic, flood }
}

const held = { ...allow, effect: 'hold' as const }

async function all(lane: Lane, batch: readonly Scripted[], atomic: boolean): Promise<readonly string[]> {
  return Promise.all(lane.submit(batch, atomic).map(async ({ done }) => (await done).outcome))
}

function of<T extends NewEvent['type']>({ events }: Pick<World, 'events'>, type: T): readonly EventData[T][] {
  return events.flatMap((event) => (event.type === type ? [event.data as EventData[T]] : []))
}

const countOf = (who: Pick<World, 'events'>, type: NewEvent['type']): number => of(who, type).length

/** The time after which a count is told. */
async function told({ clock }: Pick<World, 'clock'>): Promise<void> {
  clock.advance(limits.countedMs)
  await turn()
}

const burst = limits.denialsBurst

suite('a flood of denials', () => {
  test('within the budget each is recorded', async () => {
    const who = await given()
    await who.flood(burst)
    assert.equal(countOf(who, 'RequestReceived'), burst)
    assert.equal(countOf(who, 'DecisionMade'), burst)
    await told(who)
    assert.equal(countOf(who, 'DenialsCounted'), 0)
  })

  test('beyond it they are counted, and one event says how many', async () => {
    const who = await given()
    await who.flood(burst)
    const before = who.events.length
    who.clock.ms += 7
    await who.flood(90)
    assert.equal(who.events.length, before)
    await told(who)
    const [counted] = of(who, 'DenialsCounted')
    const { decision, ...rest } = counted ?? assert.fail('nothing is told')
    assert.match(decision, /^dec_/)
    assert.deepEqual(rest, {
      session: who.session.id,
      subject: 'okta#alice',
      target: 'shop',
      requests: 90,
      denied: 90,
      from_ms: 1_007,
      until_ms: 1_007,
      rules: [{ rule: 'test/deny', denied: 90 }],
    })
    await told(who)
    assert.equal(who.events.length, before + 1, 'and nothing more once it is over')
  })

  test('each is refused as before, with a reference that the log knows', async () => {
    const who = await given()
    await who.flood(burst + 3)
    await told(who)
    const [first, ...others] = who.refusals.map(({ code, rule, message, reference }) => ({
      code,
      rule,
      message: message.replace(reference ?? '-', 'REF'),
    }))
    for (const other of others) assert.deepEqual(other, first)
    const known = new Set([
      ...of(who, 'DecisionMade').map(({ decision }) => decision),
      ...of(who, 'DenialsCounted').map(({ decision }) => decision),
    ])
    for (const { reference } of who.refusals) assert.ok(known.has(reference ?? ''))
  })

  test('as time goes by, some of them are recorded again', async () => {
    const who = await given()
    await who.flood(burst + 100)
    who.clock.ms += 1_000
    await who.flood(100)
    assert.equal(countOf(who, 'DecisionMade'), burst + limits.denialsPerSecond)
    await told(who)
    assert.equal(of(who, 'DenialsCounted')[0]?.denied, 200 - limits.denialsPerSecond)
  })

  test('a large one counts as several', async () => {
    const who = await given()
    const large = who.exchange('drop', { recordable: Buffer.alloc(limits.denialBytes * burst * 2) })
    await all(who.lane, [large], false)
    await who.flood(5)
    assert.equal(countOf(who, 'DecisionMade'), 1)
    who.clock.ms += (burst / limits.denialsPerSecond) * 1_000
    await who.flood(1)
    assert.equal(countOf(who, 'DecisionMade'), 1, 'it is not yet paid for')
    who.clock.ms += 50
    await who.flood(1)
    assert.equal(countOf(who, 'DecisionMade'), 2)
  })

  test('hides nothing that is performed or waits: such a batch is recorded whole', async () => {
    const who = await given()
    await who.flood(burst + 1)
    const before = who.events.length
    assert.deepEqual(await who.send('drop', 'select', 'drop'), ['refused', 'completed', 'refused'])
    assert.deepEqual(types(who.events.slice(before)), [
      ...Array.from({ length: 3 }, () => ['RequestReceived', 'DecisionMade']).flat(),
      'ResponseCompleted',
    ])
    await who.send('drop', 'delete')
    const effects = of(who, 'DecisionMade').map(({ effect }) => effect)
    assert.deepEqual(effects.slice(-3), ['deny', 'hold', 'deny'])
    await told(who)
    assert.equal(of(who, 'DenialsCounted')[0]?.requests, 1)
  })

  test('what is skipped behind one is counted apart', async () => {
    const who = await given()
    await who.flood(burst)
    const before = who.events.length
    assert.deepEqual(await who.sendAtomic('drop', 'select', 'select'), ['refused', 'skipped', 'skipped'])
    assert.equal(who.events.length, before)
    await told(who)
    const [{ requests, denied, rules } = assert.fail('nothing is told')] = of(who, 'DenialsCounted')
    assert.deepEqual([requests, denied, rules], [3, 1, [{ rule: 'test/deny', denied: 1 }]])
  })

  test('names so many rules and no more, and counts all', async () => {
    const names = Array.from({ length: limits.countedNamesMax + 9 }, (_, index) => `rule_${index}`)
    const verdicts = Object.fromEntries(names.map((name) => [name, denial(`test/${name}`, 'No.')]))
    const who = await given({ of: world({ drop: denied, ...verdicts }) })
    await who.flood(burst)
    for (const name of names) await who.send(name)
    await told(who)
    const [{ rules, denied: times } = assert.fail('nothing is told')] = of(who, 'DenialsCounted')
    assert.equal(rules.length, limits.countedNamesMax + 1)
    assert.deepEqual(rules.at(-1), { rule: 'other', denied: 9 })
    assert.equal(times, names.length)
  })

  test('facts and the totals of the session stay exact, and its end is its last word', async () => {
    const who = await given()
    await who.flood(burst + 40)
    await who.send('select')
    assert.deepEqual([who.session.facts.requests, who.session.facts.denied], [burst + 41, burst + 40])
    await who.session.close('gone')
    assert.deepEqual(types(who.events.slice(-2)), ['DenialsCounted', 'SessionClosed'])
    const [closed] = of(who, 'SessionClosed')
    assert.deepEqual([closed?.requests, closed?.denied], [burst + 41, burst + 40])
    await told(who)
    assert.equal(countOf(who, 'DenialsCounted'), 1)
  })

  test('is shared by the sessions of one subject, and by nobody else', async () => {
    const one = await given()
    await one.flood(burst)
    const other = await given({ of: one })
    const bob = await given({ of: one, token: 'bob' })
    await other.flood(10)
    await bob.flood(10)
    await told(one)
    assert.deepEqual(
      of(one, 'DenialsCounted').map(({ session, denied: times }) => [session, times]),
      [[other.session.id, 10]],
    )
    const ofBob = of(one, 'DecisionMade').filter(({ session }) => session === bob.session.id)
    assert.equal(ofBob.length, 10)
  })
})

suite('a flood of requests that wait in vain', () => {
  test('is refused at once beyond a budget, then counted as denials are, and nothing else is refused', async () => {
    const who = await given()
    for (let count = 0; count < limits.vainWaitsBurst; count++) await who.send('delete')
    const holds = (): number => of(who, 'DecisionMade').filter(({ effect }) => effect === 'hold').length
    assert.equal(holds(), limits.vainWaitsBurst)
    await who.send('delete')
    assert.equal(holds(), limits.vainWaitsBurst)
    assert.deepEqual([who.refusals.at(-1)?.code, who.refusals.at(-1)?.rule], ['too_many', 'sluice/holds'])
    assert.deepEqual(await who.send('select'), ['completed'])
    for (let count = 0; count < burst + 6; count++) await who.send('delete')
    await told(who)
    const [{ rules } = assert.fail('nothing is told')] = of(who, 'DenialsCounted')
    assert.deepEqual(rules, [{ rule: 'sluice/holds', denied: 7 }])
  })

  test('may wait again as time goes by', async () => {
    const who = await given()
    for (let count = 0; count <= limits.vainWaitsBurst; count++) await who.send('delete')
    who.clock.ms += 1_000
    await who.send('delete')
    assert.equal(of(who, 'DecisionMade').at(-2)?.effect, 'hold')
  })
})

suite('a count that the log does not take', () => {
  const down = new StoreError('unavailable', 'no log')
  /** Of the budget, while a count waits to be told. */
  const backMeanwhile = (limits.denialsPerSecond * limits.countedMs) / 1_000

  async function uncounted() {
    const who = await given()
    await who.flood(burst + 5)
    who.store.failure = down
    await told(who)
    await who.flood(backMeanwhile + 1)
    return who
  }

  test('is kept as it is and told once the log is back, and then the next', async () => {
    const who = await uncounted()
    await told(who)
    who.store.failure = undefined
    await told(who)
    await told(who)
    const counted = of(who, 'DenialsCounted')
    assert.deepEqual(
      counted.map(({ denied: times }) => times),
      [5, 1],
    )
    assert.equal(counted[0]?.decision, who.refusals[burst]?.reference)
    assert.equal(counted[1]?.decision, who.refusals.at(-1)?.reference)
  })

  test('is told by the end of its session', async () => {
    const who = await uncounted()
    who.store.failure = undefined
    await who.session.close('gone')
    assert.deepEqual(types(who.events.slice(-3)), ['DenialsCounted', 'DenialsCounted', 'SessionClosed'])
    assert.deepEqual(
      of(who, 'DenialsCounted').map(({ denied: times }) => times),
      [5, 1],
    )
  })

  test('is told even when its session ended while the log was away', async () => {
    const who = await uncounted()
    await who.session.close('gone')
    who.store.failure = undefined
    await told(who)
    assert.deepEqual(
      of(who, 'DenialsCounted').map(({ denied: times }) => times),
      [5, 1],
    )
  })

  test('in time is not told twice: it still lands', async () => {
    const who = await given()
    await who.flood(burst + 5)
    who.store.failure = new StoreError('deadline', 'late')
    await told(who)
    who.store.failure = undefined
    await told(who)
    await who.session.close('gone')
    assert.equal(countOf(who, 'DenialsCounted'), 0)
  })
})
