import { test } from 'node:test'
import assert from 'node:assert/strict'
import { GrantMirror } from './grant-mirror.ts'
import type { GrantView } from './grant-view.ts'

const alice = { id: 'idp#alice', on_behalf_of: null }
const by = { id: 'idp#bob', type: 'human', issuer: 'idp', groups: ['dba'], on_behalf_of: null } as const

function view(change: Partial<GrantView> = {}): GrantView {
  const event = { id: 'evt_1', hash: '00' }
  return {
    id: 'grt_1',
    state: 'given',
    subject: { ...by, id: alice.id },
    people: [alice.id],
    target: 'shop',
    role: 'reader',
    lifeMs: 1_000,
    reason: 'figures',
    approvers: ['dba'],
    requestedAt: 0,
    endsAt: 1_000,
    decided: { by, reason: '', time: 0, event },
    revoked: null,
    requested: event,
    ...change,
  }
}

test('has what was given before it began, and hears of what is given and revoked', () => {
  const mirror = new GrantMirror({ now: () => 0 }, [view()])
  const heard: string[] = []
  mirror.onChange(({ id, state }) => heard.push(`${id} ${state}`))
  const given = mirror.of(alice, 'shop', 999)
  assert.deepEqual(
    given.map(({ id, role, until_ms }) => [id, role, until_ms]),
    [['grt_1', 'reader', 1_000]],
  )
  assert.equal(mirror.of(alice, 'shop', 1), given, 'the same list until something changes')
  assert.deepEqual(mirror.of(alice, 'shop', 1_000), [])

  mirror.take(view({ id: 'grt_2', endsAt: 5_000 }))
  assert.deepEqual(
    mirror.of(alice, 'shop', 2_000).map(({ id }) => id),
    ['grt_2'],
  )
  mirror.take(view({ id: 'grt_2', state: 'revoked', revoked: { time: 3, by: by.id, reason: '' } }))
  assert.deepEqual(mirror.of(alice, 'shop', 2_000), [])
  assert.deepEqual(heard, ['grt_2 given', 'grt_2 revoked'])
})
