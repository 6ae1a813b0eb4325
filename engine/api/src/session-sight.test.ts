import { test } from 'node:test'
import assert from 'node:assert/strict'
import { isSameCaller, type Subject } from '@sluice/core'
import { maySee } from './session-sight.ts'
import { identityOf } from './scripted.ts'

const roles = { admin: ['admins'], approver: ['approvers'], auditor: ['auditors'], operator: ['operators'] }
const service: Subject = { ...identityOf('alice').subject, id: 'idp#agent', groups: [] }
const actingFor = (person: string | null): Subject => ({ ...service, on_behalf_of: person })

test('a service sees what it does for somebody while it acts for the same one, and for nobody else', () => {
  for (const [owner, caller, sees] of [
    [null, null, true],
    ['idp#alice', 'idp#alice', true],
    ['idp#alice', 'idp#bob', false],
    ['idp#alice', null, false],
    [null, 'idp#alice', false],
  ] as const) {
    assert.equal(isSameCaller(actingFor(owner), actingFor(caller)), sees, `${owner} by ${caller}`)
    assert.equal(maySee(actingFor(owner), actingFor(caller), roles), sees)
  }
})

test('the person that it acts for does not thereby own it', () => {
  assert.equal(isSameCaller(actingFor('idp#alice'), { id: 'idp#alice', on_behalf_of: null }), false)
})
