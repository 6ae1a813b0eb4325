import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { Elsewhere, Spending } from './elsewhere.ts'
import type { Engine } from './gate.ts'
import { Refused, type Refusal } from './errors.ts'
import { limits } from './limits.ts'
import { StoreError } from './ports.ts'
import type { EventData } from './events.ts'
import { byToken } from './proof.ts'
import type { Identity, Subject } from './request.ts'
import { allow, denied, scriptedExchange } from './scripted.ts'
import { confinedTo, hello, identity, types, world } from './scripted-gate.ts'

test('a session begins with its first event, and ends with its last', async () => {
  const { engine, events } = world()
  const session = await engine.open(hello)
  assert.deepEqual(types(events), ['SessionOpened'])
  await session.close('the client left')
  await session.close('again')
  assert.deepEqual(types(events), ['SessionOpened', 'SessionClosed'])
  assert.equal(engine.sessions().length, 0)
})

test('who is refused is recorded, without the token', async () => {
  const { engine, events } = world()
  await assert.rejects(engine.open({ ...hello, proof: byToken('stolen') }), Refused)
  await assert.rejects(engine.open({ ...hello, target: 'payroll' }), /No target of that name/)
  await assert.rejects(engine.open({ ...hello, protocol: 'http' }), /No target of that name/)
  assert.deepEqual(types(events), ['AuthenticationFailed', 'AuthenticationFailed', 'AuthenticationFailed'])
  assert.equal(JSON.stringify(events).includes('stolen'), false)
})

test('C18 a proof opens the targets that it is good for, and what else it says is kept', async () => {
  const { engine, events } = world()
  await assert.rejects(
    engine.open({ ...hello, proof: byToken('only build') }),
    (error) => error instanceof Refused && error.refusal.rule === 'identity/target',
  )
  assert.deepEqual(types(events), ['AuthenticationFailed'])
  const { id, confined } = await engine.open({ ...hello, proof: byToken('only shop') })
  assert.deepEqual(confined, confinedTo(['shop']))
  const session = engine.session(id)
  await session?.extend(identity('alice', 500_000))
  assert.deepEqual(session?.confined, confinedTo(['shop']), 'a later token permits no more')
  assert.equal((await engine.open(hello)).confined, null)
})

test('without a log there is no session', async () => {
  const { engine, store } = world()
  store.failure = new StoreError('unavailable', 'disk full')
  await assert.rejects(engine.open(hello), (error: unknown) => {
    assert.ok(error instanceof Refused)
    assert.equal(error.refusal.code, 'log_unavailable')
    return true
  })
  assert.equal(engine.sessions().length, 0)
})

async function runs(engine: Engine, sessionId: string): Promise<string> {
  const session = engine.session(sessionId)
  assert.ok(session !== undefined)
  const wire = { upstream: [], client: [] }
  const [admission] = session.lane().submit([scriptedExchange(wire, 'select')], false)
  return (await admission?.done)?.outcome ?? ''
}

test('a token is checked at each exchange: none runs after its life, and the idle session ends', async () => {
  const { engine, clock } = world()
  const session = await engine.open(hello)
  assert.equal(await runs(engine, session.id), 'completed')
  let ending: Refusal | undefined
  session.ending.on((reason) => (ending = reason))
  clock.advance(60_000)
  assert.equal(ending?.code, 'token_expired')
  assert.equal(await runs(engine, session.id), 'refused')
})

test('a timer that is late lets nothing through', async () => {
  const { engine, clock } = world()
  const session = await engine.open(hello)
  clock.ms += 60_000
  assert.equal(await runs(engine, session.id), 'refused')
})

test('a fresh token of the same subject keeps the session going; another subject cannot', async () => {
  const { engine, clock, events } = world()
  const { id } = await engine.open(hello)
  const session = engine.session(id)
  assert.ok(session !== undefined)
  await assert.rejects(session.extend(identity('mallory', 500_000)), /another subject/)
  await session.extend(identity('alice', 500_000))
  clock.advance(100_000)
  assert.equal(await runs(engine, id), 'completed')
  assert.ok(types(events).includes('SessionExtended'))
  clock.advance(400_000)
  await assert.rejects(session.extend(identity('alice', 900_000)), /expired/)
})

test('who acts for one person does not go on for another, nor for nobody', async () => {
  const { engine, events } = world()
  const { id } = await engine.open({ ...hello, proof: byToken('delegated') })
  const session = engine.session(id)
  assert.ok(session !== undefined)
  const of = (person: string | null): Identity =>
    identity('agent', 500_000, { type: 'service', on_behalf_of: person })
  await assert.rejects(session.extend(of('okta#bob')), /another subject/)
  await assert.rejects(session.extend(of(null)), /another subject/)
  assert.equal(session.subject.on_behalf_of, 'okta#alice')
  assert.ok(!types(events).includes('SessionExtended'))
  await session.extend(of('okta#alice'))
  assert.equal(session.identity.expiresAt, 500_000)
})

test('a group that was taken away counts no more from the next token on', async () => {
  const { engine } = world({}, ({ groups }) => (groups.includes('dba') ? allow : denied))
  const { id } = await engine.open(hello)
  const session = engine.session(id)
  assert.ok(session !== undefined)
  assert.equal(await runs(engine, id), 'refused')
  await session.extend(identity('alice', 500_000, { groups: ['dba'] }))
  assert.equal(await runs(engine, id), 'completed')
  await session.extend(identity('alice', 500_000, { groups: [] }))
  assert.equal(await runs(engine, id), 'refused')
})

test('who acts for somebody is recorded with them, and policies see both, with the groups of both', async () => {
  const seen: Subject[] = []
  const { engine, events } = world({}, (subject) => {
    seen.push(subject)
    return allow
  })
  const { id } = await engine.open({ ...hello, proof: byToken('delegated') })
  assert.equal(await runs(engine, id), 'completed')
  assert.deepEqual(
    seen.map(({ id: subject, on_behalf_of: person, groups, claims }) => [subject, person, groups, claims]),
    [['okta#agent', 'okta#alice', ['analysts'], { actor_groups: ['agents'] }]],
  )
  const opened = events.find(({ type }) => type === 'SessionOpened')?.data as EventData['SessionOpened']
  assert.deepEqual([opened.subject.id, opened.subject.on_behalf_of], ['okta#agent', 'okta#alice'])
  assert.deepEqual(JSON.parse(opened.claims), { actor_groups: ['agents'] })
})

test('a running exchange may finish within the grace, and is stopped after it', async () => {
  const { engine, clock } = world()
  const session = await engine.open(hello)
  let stopped: string | undefined
  const gate = Promise.withResolvers<void>()
  const slow = scriptedExchange({ upstream: [], client: [] }, 'select', [], {
    forward: (permit, _plan, _body, stop) => {
      permit.spend(Buffer.from('select'))
      stop.on((reason) => {
        stopped = reason
        gate.resolve()
      })
      return (async function* () {
        await gate.promise
        yield 'cut short'
      })()
    },
  })
  const [admission] = session.lane().submit([slow], false)
  await admission?.admitted
  const ended = (): string | undefined => session.ending.requested?.code
  clock.advance(60_000)
  assert.equal(ended(), undefined)
  clock.advance(limits.exchangeGraceMs)
  assert.equal(stopped, 'ending')
  assert.equal(ended(), 'token_expired')
  await admission?.done
})

test('a cancel key works for its session only', async () => {
  const { engine } = world()
  const session = await engine.open(hello)
  let stopped = false
  const gate = Promise.withResolvers<void>()
  const slow = scriptedExchange({ upstream: [], client: [] }, 'select', [], {
    forward: (permit, _plan, _body, stop) => {
      permit.spend(Buffer.from('select'))
      stop.on(() => {
        stopped = true
        gate.resolve()
      })
      return (async function* () {
        await gate.promise
        yield 'stopped'
      })()
    },
  })
  const [admission] = session.lane().submit([slow], false)
  await admission?.admitted
  engine.cancel({ id: session.cancelKey.id, secret: 'ffffffff' })
  assert.equal(stopped, false)
  engine.cancel(session.cancelKey)
  assert.equal(stopped, true)
  await admission?.done
})

test('a draining gateway takes no session', async () => {
  const { engine } = world()
  await engine.drain(0)
  await assert.rejects(engine.open(hello), /shutting down/)
})

test('a session is announced once it is recorded and once it is over, to whoever still listens', async () => {
  const { engine, store } = world()
  const heard: string[] = []
  const listening = engine.onSession(({ id }, change) => heard.push(`${change} ${id}`))
  const session = await engine.open(hello)
  assert.deepEqual(heard, [`opened ${session.id}`])
  assert.ok(engine.session(session.id)?.opened !== undefined, 'and where the log says so')
  await session.close('gone')
  await session.close('again')
  assert.deepEqual(heard, [`opened ${session.id}`, `closed ${session.id}`])
  store.failure = new StoreError('unavailable', 'no log')
  await assert.rejects(engine.open(hello))
  store.failure = undefined
  listening[Symbol.dispose]()
  await engine.open(hello)
  assert.equal(heard.length, 2)
})

test('of several processes the one that has the session cancels, and what concerns all is told once', async () => {
  const told: unknown[] = []
  const other = world()
  const elsewhere: Elsewhere = {
    cancel: (key) => {
      told.push(key)
      other.engine.here.cancel(key)
    },
    spent: (spending) => told.push(spending),
    changed: (target) => told.push(target),
  }
  const { engine } = world({}, undefined, { elsewhere })
  const here = engine.session((await engine.open(hello)).id)
  // So that no two keys are alike.
  await other.engine.open(hello)
  const there = other.engine.session((await other.engine.open(hello)).id)
  assert.ok(here && there)
  const cancelled: string[] = []
  here.cancel = () => void cancelled.push('here')
  there.cancel = () => void cancelled.push('there')
  engine.cancel(here.cancelKey)
  assert.deepEqual([cancelled, told], [['here'], []])
  engine.cancel(there.cancelKey)
  assert.deepEqual([cancelled, told], [['here', 'there'], [there.cancelKey]])
  engine.cancel({ id: there.cancelKey.id, secret: '00000000' })
  assert.deepEqual(cancelled, ['here', 'there'])

  engine.changed('shop')
  assert.equal(told.at(-1), 'shop')
  const heard: string[] = []
  engine.onChanged((target) => heard.push(target))
  engine.here.changed('other')
  assert.deepEqual([heard, told.at(-1)], [['other'], 'shop'])
})

test('a refused login that another process recorded is one less to record here', async () => {
  const spent: Spending[] = []
  const elsewhere: Elsewhere = {
    cancel: () => {},
    changed: () => {},
    spent: (spending) => spent.push(spending),
  }
  const one = world({}, undefined, { elsewhere })
  const attempt = (engine: Engine) => assert.rejects(engine.open({ ...hello, proof: byToken('stolen') }))
  for (let i = 0; i < limits.loginRefusalsBurst; i++) await attempt(one.engine)
  assert.equal(types(one.events).length, limits.loginRefusalsBurst)
  const other = world()
  for (const spending of spent) other.engine.here.spent(spending)
  await attempt(other.engine)
  assert.deepEqual(types(other.events), [], 'it is counted')
})
