import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { NewEvent } from './events.ts'
import { GrantFold, noGrants } from './grant-fold.ts'
import { limits } from './limits.ts'
import { SharedLog } from './scripted-control.ts'

const record = (name: string, onBehalfOf: string | null = null) => ({
  id: `idp#${name}`,
  type: 'human',
  issuer: 'idp',
  groups: ['dba'],
  on_behalf_of: onBehalfOf,
})

interface Given {
  readonly id?: string
  readonly to?: string
  readonly onBehalfOf?: string
  readonly target?: string
  readonly until?: number
}

class World {
  readonly fold = new GrantFold()
  readonly #log = new SharedLog()
  #ids = 0

  tell(body: Pick<NewEvent, 'type' | 'data'>, time = 0): void {
    this.#log.record('gw', 1, { ...body, id: `evt_${++this.#ids}`, time } as NewEvent)
    const event = this.#log.events.at(-1)
    assert.ok(event)
    this.fold.apply(event)
  }

  ask({ id = 'grt_1', to = 'alice', onBehalfOf, target = 'shop', until = 1_000 }: Given = {}): void {
    this.tell({
      type: 'GrantRequested',
      data: {
        grant: id,
        subject: record(to, onBehalfOf),
        people: [`idp#${to}`],
        target,
        role: 'reader',
        life_ms: until,
        reason: 'figures',
        approvers: ['dba'],
        expires_ms: 1_000_000,
      },
    })
  }

  give(given: Given = {}): void {
    const { id = 'grt_1', until = 1_000 } = given
    this.ask(given)
    const data = { grant: id, by: record('bob'), people: ['idp#bob'], token_id: 't', reason: '' }
    this.tell({ type: 'GrantGiven', data: { ...data, expires_ms: until } })
  }

  revoke(id = 'grt_1'): void {
    this.tell({ type: 'GrantRevoked', data: { grant: id, by: 'idp#bob', reason: '' } })
  }

  of(now: number, name = 'alice', target = 'shop', onBehalfOf: string | null = null) {
    return this.fold.of({ id: `idp#${name}`, on_behalf_of: onBehalfOf }, target, now)
  }

  ids(now: number): readonly string[] {
    return this.of(now).map(({ id }) => id)
  }
}

test('who was given nothing shares one empty list', () => {
  const world = new World()
  assert.equal(world.of(0), noGrants)
  world.ask()
  assert.equal(world.of(0), noGrants)
  world.give({ id: 'grt_2' })
  assert.equal(world.of(0, 'bob'), noGrants)
  assert.equal(world.of(0, 'alice', 'payroll'), noGrants)
})

test('what was given is as policies see it, deeply frozen and the same list each time', () => {
  const world = new World()
  world.give()
  const given = world.of(999)
  assert.deepEqual(given, [
    {
      id: 'grt_1',
      target: 'shop',
      role: 'reader',
      until_ms: 1_000,
      reason: 'figures',
      given_by: 'idp#bob',
    },
  ])
  assert.ok(Object.isFrozen(given) && given.every((grant) => Object.isFrozen(grant)))
  assert.equal(world.of(0), given)
})

test('each ends exactly at its own time', () => {
  const world = new World()
  world.give({ id: 'grt_1', until: 1_000 })
  world.give({ id: 'grt_2', until: 2_000 })
  assert.deepEqual(world.ids(999), ['grt_1', 'grt_2'])
  assert.deepEqual(world.ids(1_000), ['grt_2'])
  assert.deepEqual(world.ids(1_999), ['grt_2'])
  assert.equal(world.of(2_000), noGrants)
  assert.equal(world.of(1_500), noGrants, 'a clock that is set back revives nothing')
  world.give({ id: 'grt_3', until: 3_000 })
  assert.deepEqual(world.ids(2_000), ['grt_3'])
})

test('a revoked one is gone at once, and no other', () => {
  const world = new World()
  world.give({ id: 'grt_1' })
  world.give({ id: 'grt_2' })
  world.revoke('grt_1')
  assert.deepEqual(world.ids(0), ['grt_2'])
  world.revoke('grt_2')
  assert.equal(world.of(0), noGrants)
})

test('what a service was given for one person it has for that person only', () => {
  const world = new World()
  world.give({ to: 'agent', onBehalfOf: 'idp#alice' })
  assert.equal(world.of(0, 'agent', 'shop', 'idp#alice').length, 1)
  assert.equal(world.of(0, 'agent', 'shop', 'idp#bob'), noGrants)
  assert.equal(world.of(0, 'agent'), noGrants)
  assert.equal(world.of(0, 'alice'), noGrants)
})

test('the oldest that are over are forgotten, what is valid never', () => {
  const world = new World()
  world.give({ id: 'first', until: 1e12 })
  for (let at = 0; at < limits.grantsKeptMax + 10; at++) {
    world.ask({ id: `grt_${at}` })
    world.revoke(`grt_${at}`)
  }
  assert.equal(world.fold.all().length, limits.grantsKeptMax)
  assert.deepEqual(world.ids(0), ['first'])
  assert.equal(world.fold.get('grt_0'), undefined)
})
