import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { peopleBehind, sharesPeople } from './people.ts'
import type { Subject } from './request.ts'

function subject(name: string, change: Partial<Subject> = {}): Subject {
  return {
    id: `idp#${name}`,
    type: 'service',
    issuer: 'idp',
    groups: [],
    claims: {},
    on_behalf_of: null,
    ...change,
  }
}

suite('the people behind a subject', () => {
  test('are itself', () => {
    assert.deepEqual(peopleBehind(subject('alice'), new Map()), ['idp#alice'])
  })

  test('are whom it acts for, and their owners', () => {
    const owners = new Map([['idp#alice', ['idp#alice-private']]])
    assert.deepEqual(peopleBehind(subject('agent', { on_behalf_of: 'idp#alice' }), owners), [
      'idp#agent',
      'idp#alice',
      'idp#alice-private',
    ])
  })

  test('are the owners that the configuration names, and theirs, also in a circle', () => {
    const owners = new Map([
      ['idp#agent', ['idp#team', 'idp#bob']],
      ['idp#team', ['idp#carol']],
      ['idp#carol', ['idp#agent']],
      ['idp#other', ['idp#dave']],
    ])
    assert.deepEqual(peopleBehind(subject('agent'), owners), [
      'idp#agent',
      'idp#bob',
      'idp#carol',
      'idp#team',
    ])
  })

  test('are the owner whom the issuer names, by id or by name', () => {
    const byName = peopleBehind(subject('agent', { claims: { owner: 'olga' } }), new Map())
    assert.ok(byName.includes('idp#olga'))
    const byId = peopleBehind(subject('agent', { claims: { owner: 'other#olga' } }), new Map())
    assert.ok(byId.includes('other#olga'))
    const owners = new Map([['idp#olga', ['idp#olga-admin']]])
    assert.ok(
      peopleBehind(subject('agent', { claims: { owner: 'olga' } }), owners).includes('idp#olga-admin'),
    )
    for (const owner of ['', 7, null, true, ['olga']])
      assert.deepEqual(peopleBehind(subject('agent', { claims: { owner } }), new Map()), ['idp#agent'])
  })
})

test('sets of people meet in one person', () => {
  assert.ok(sharesPeople(['a', 'b'], ['c', 'b']))
  assert.ok(!sharesPeople(['a', 'b'], ['c']))
  assert.ok(!sharesPeople([], ['c']))
})
