import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createStanding } from '@sluice/core'
import { settling, tellingSeen, type Decided } from './settling.ts'

test('nobody is answered before what was decided is so everywhere', async () => {
  const done: string[] = []
  const step = (what: string) => async () => void done.push(what)
  const decided = {
    policies: { view: () => null, activate: step('activate'), activateFiles: step('activate files') },
    grants: { decide: step('decide'), revoke: step('revoke'), request: step('request') },
    revocations: { revokeToken: step('revoke token'), revokeSubject: step('revoke subject') },
    registrations: { register: step('register'), remove: step('remove') },
    passwords: { mint: step('mint') },
    kills: { kill: step('kill') },
  } as unknown as Decided
  const front = { settled: step('settled') }
  const { policies, grants, revocations, registrations, passwords, kills } = settling(decided, front)
  const calls: readonly (() => Promise<unknown>)[] = [
    () => policies.activate('r', {} as never, ''),
    () => policies.activateFiles({} as never, {} as never, ''),
    () => grants.decide('g', {} as never, 'give', ''),
    () => grants.revoke('g', {} as never, ''),
    () => revocations.revokeToken('t', {} as never),
    () => revocations.revokeSubject('s', {} as never),
    () => registrations.register({} as never),
    () => registrations.remove('t', 'by'),
    () => passwords.mint({} as never, {} as never),
    () => kills.kill('s', 'by', ''),
  ]
  for (const call of calls) {
    done.length = 0
    await call()
    assert.equal(done.length, 2)
    assert.equal(done[1], 'settled')
  }
  done.length = 0
  await grants.request({} as never)
  assert.deepEqual(done, ['request'], 'what changes nothing waits for nobody')
})

test('who is seen with other groups than before is told, and nobody else', () => {
  const told: string[] = []
  const standing = tellingSeen(createStanding(), ({ id, groups }) => told.push(`${id}: ${groups.join(' ')}`))
  standing.note({ id: 'a', groups: ['dba'] })
  standing.note({ id: 'a', groups: ['dba'] })
  standing.note({ id: 'a', groups: [] })
  assert.deepEqual(told, ['a: dba', 'a: '])
  assert.deepEqual(standing.groupsOf('a'), [])
  assert.deepEqual(standing.all(), [{ id: 'a', groups: [] }])
})
