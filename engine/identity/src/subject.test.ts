import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { limits, Refused, type Subject } from '@sluice/core'
import { checkClaims } from './claims.ts'
import { openIssuers, type IssuerConfig } from './issuer.ts'
import { goodClaims, noon, scriptedClock } from './scripted-issuer.ts'
import { subjectOf } from './subject.ts'
import { parseObject } from './strict-json.ts'

const url = 'https://idp.example'
const base: IssuerConfig = { name: 'idp', kind: 'oidc', issuer: url, audience: 'sluice', type_claim: 'kind' }

function subject(changes: Readonly<Record<string, unknown>>, config: Partial<IssuerConfig> = {}): Subject {
  const [issuer] = openIssuers([{ ...base, ...config }], scriptedClock()).values()
  assert.ok(issuer)
  const claims = parseObject(Buffer.from(JSON.stringify({ ...goodClaims(url), ...changes })))
  return subjectOf(checkClaims(claims, issuer, noon), issuer)
}

function refused(
  changes: Readonly<Record<string, unknown>>,
  rule: string,
  config: Partial<IssuerConfig> = {},
): void {
  assert.throws(
    () => subject(changes, config),
    (error) => error instanceof Refused && error.refusal.rule === `identity/${rule}`,
    JSON.stringify(changes),
  )
}

test('T12 a subject is issuer and sub, whatever mutable names the token has', () => {
  const { id, issuer } = subject({ email: 'root@example.com', preferred_username: 'root', name: 'Root' })
  assert.deepEqual([id, issuer], ['idp#alice', 'idp'])
})

suite('type', () => {
  test('is what the configured claim says', () => {
    assert.equal(subject({ kind: 'human' }).type, 'human')
    assert.equal(subject({ kind: 'service' }).type, 'service')
  })
  test('without a claim is service: who is not known to be a person approves nothing', () => {
    assert.equal(subject({}).type, 'service')
    assert.equal(subject({ subject_type: 'human' }).type, 'service')
    const { type_claim: _none, ...without } = base
    const [issuer] = openIssuers([without], scriptedClock()).values()
    assert.ok(issuer)
    const claims = parseObject(Buffer.from(JSON.stringify({ ...goodClaims(url), kind: 'human' })))
    assert.equal(subjectOf(checkClaims(claims, issuer, noon), issuer).type, 'service')
  })
  test('that is neither is refused', () => {
    for (const kind of ['Human', 'admin', true, ['human'], null, '']) refused({ kind }, 'subject_type')
  })
})

suite('T11 groups', () => {
  test('are those of the claim, each once', () => {
    assert.deepEqual(subject({ groups: ['a', 'b', 'a'] }).groups, ['a', 'b'])
    assert.deepEqual(subject({ roles: ['x'] }, { groups_claim: 'roles' }).groups, ['x'])
  })
  test('that are missing are no groups, also where the claim has the name of a method', () => {
    assert.deepEqual(subject({ groups: undefined }).groups, [])
    assert.deepEqual(subject({}, { groups_claim: 'toString' }).groups, [])
  })
  test('that are elsewhere are unknown, so the token is refused', () => {
    refused({ groups: undefined, _claim_names: { groups: 'src1' }, _claim_sources: {} }, 'groups')
    refused({ _claim_names: { roles: 'src1' } }, 'groups', { groups_claim: 'roles' })
    refused({ _claim_names: 'groups' }, 'groups')
    refused({ hasgroups: true }, 'groups')
    refused({ hasgroups: 'true' }, 'groups')
    assert.deepEqual(subject({ _claim_names: { address: 'src1' } }).groups, ['analysts'])
  })
  test('that are no list of names are refused', () => {
    for (const groups of [
      'dba',
      'a,b',
      {},
      { 0: 'a' },
      null,
      7,
      ['a', 1],
      [['a']],
      [''],
      ['a\nb'],
      ['a\u202e'],
    ])
      refused({ groups }, 'groups')
  })
  test('that are too many or too long are refused', () => {
    const many = Array.from({ length: limits.groupsMax + 1 }, (_, at) => `g${at}`)
    assert.equal(subject({ groups: many.slice(1) }).groups.length, limits.groupsMax)
    refused({ groups: many }, 'groups')
    refused({ groups: ['x'.repeat(limits.claimCharsMax + 1)] }, 'groups')
  })
})

suite('T15 a service that acts for a person', () => {
  test('is the subject, and the person is recorded', () => {
    const found = subject({ act: { sub: 'agent', act: { sub: 'earlier' } }, kind: 'human' })
    assert.deepEqual([found.id, found.type, found.on_behalf_of], ['idp#agent', 'service', 'idp#alice'])
    assert.equal(subject({ act: { sub: 'agent', iss: url } }).id, 'idp#agent')
    assert.equal(subject({}).on_behalf_of, null)
  })
  test('may bring groups of its own, which policies see beside those of the token', () => {
    const found = subject({ act: { sub: 'agent', groups: ['agents', 'analysts'] } })
    assert.deepEqual([found.groups, found.claims['actor_groups']], [['analysts'], ['agents', 'analysts']])
    assert.deepEqual(subject({ act: { sub: 'agent', groups: [] } }).claims['actor_groups'], [])
    assert.equal(subject({ act: { sub: 'agent' } }).claims['actor_groups'], undefined)
    for (const groups of ['analysts', null, {}, ['a', 1]])
      refused({ act: { sub: 'agent', groups } }, 'groups')
  })
  test('cannot be made up by a claim of that name', () => {
    const claims = subject({ actor_groups: 'dba' }, { claims: ['actor_groups'] }).claims
    assert.deepEqual(claims, { client_id: 'app' })
  })
  test('and is not named in a usable way is refused', () => {
    for (const act of [
      null,
      'agent',
      [],
      {},
      { sub: '' },
      { sub: 7 },
      { sub: 'a', iss: 'https://other.example' },
    ])
      refused({ act }, 'actor')
  })
})

suite('claims', () => {
  test('that policies see are only those that the configuration names', () => {
    assert.deepEqual(subject({ department: 'sales', email: 'a@b.example' }).claims, { client_id: 'app' })
    assert.deepEqual(
      subject({ department: 'sales', level: 3, vip: true }, { claims: ['department', 'level', 'vip', 'x'] })
        .claims,
      {
        department: 'sales',
        level: 3,
        vip: true,
        client_id: 'app',
      },
    )
    assert.deepEqual(subject({ client_id: undefined, azp: 'other' }).claims, { client_id: 'other' })
  })
  test('cannot pass for the client', () => {
    assert.equal(subject({}, { claims: ['client_id'] }).claims['client_id'], 'app')
  })
  test('that are not scalar are refused', () => {
    for (const department of [{}, [], null, '', 'x'.repeat(257), 1.5])
      refused({ department }, 'claims', { claims: ['department'] })
  })
})
