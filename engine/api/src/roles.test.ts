import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { FastifyRequest } from 'fastify'
import { tokenIn, type Proof, Refused, type Subject } from '@sluice/core'
import { callerAs, rolesOf, type Role } from './roles.ts'
import { bearer, identityOf } from './scripted.ts'

const roles = { admin: ['operators'], approver: ['dba', 'leads'], auditor: ['auditors'] }

function subject(change: Partial<Subject>): Subject {
  return { ...identityOf('bob').subject, ...change }
}

const held: readonly (readonly [string, Partial<Subject>, readonly Role[]])[] = [
  ['somebody without groups', {}, ['user']],
  ['a group that holds nothing', { groups: ['analysts'] }, ['user']],
  ['a group named as a role', { groups: ['admin', 'approver', 'auditor'] }, ['user']],
  ['one group', { groups: ['leads'] }, ['user', 'approver']],
  [
    'several groups',
    { groups: ['x', 'auditors', 'dba', 'operators'] },
    ['user', 'admin', 'approver', 'auditor'],
  ],
  ['a group that differs in case', { groups: ['DBA'] }, ['user']],
  [
    'a service, which never approves',
    { type: 'service', groups: ['dba', 'operators', 'auditors'] },
    ['user', 'admin', 'auditor'],
  ],
  [
    "who acts on a person's behalf",
    { groups: ['dba', 'operators', 'auditors'], on_behalf_of: 'test#carol' },
    ['user'],
  ],
]

for (const [name, change, expected] of held)
  test(`${name}: ${expected.join(', ')}`, () => {
    assert.deepEqual([...rolesOf(subject(change), roles)], expected)
  })

test('a role that no group holds is nobody’s', () => {
  const nobody = { admin: [], approver: [], auditor: [] }
  assert.deepEqual([...rolesOf(subject({ groups: ['operators', '', 'dba'] }), nobody)], ['user'])
})

const calls: readonly (readonly [string, readonly [Role, ...Role[]], string | null])[] = [
  ['erin', ['auditor'], null],
  ['erin', ['admin', 'auditor'], null],
  ['erin', ['admin'], 'denied'],
  ['alice', ['admin', 'approver', 'auditor'], 'denied'],
  ['alice', ['user'], null],
  ['mallory', ['user'], 'token_refused'],
]

for (const [name, anyOf, code] of calls)
  test(`${name} asks for what needs ${anyOf.join(' or ')}: ${code ?? 'may'}`, async () => {
    const request = { headers: bearer(name) } as unknown as FastifyRequest
    const authenticator = { authenticate: async (proof: Proof) => identityOf(tokenIn(proof)) }
    const called = callerAs(request, { authenticator, roles }, ...anyOf)
    if (code === null) assert.equal((await called).subject.id, `test#${name}`)
    else
      await assert.rejects(called, (error: unknown) => {
        assert.ok(error instanceof Refused)
        assert.equal(error.refusal.code, code)
        return true
      })
  })
