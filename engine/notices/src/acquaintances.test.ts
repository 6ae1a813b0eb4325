import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import {
  byToken,
  createStanding,
  limits,
  noting,
  type Authenticator,
  type Standing,
  type Subject,
} from '@sluice/core'
import { Acquaintances } from './acquaintances.ts'
import { SteppedClock } from './scripted.ts'

const bob: Subject = {
  id: 'idp#bob',
  type: 'human',
  issuer: 'idp',
  groups: ['dba'],
  claims: { owner: 'idp#olga' },
  on_behalf_of: null,
}

interface Door {
  readonly clock: SteppedClock
  readonly standing: Standing
  readonly acquaintances: Acquaintances
  readonly authenticator: Authenticator
}

function door(): Door {
  const clock = new SteppedClock()
  const standing = createStanding()
  const acquaintances = new Acquaintances({ clock, standing })
  const issuer = {
    authenticate: async () => ({ subject: bob, tokenId: 'tok_1', expiresAt: clock.now() + 1 }),
  }
  return { clock, standing, acquaintances, authenticator: noting(acquaintances.meeting(issuer), standing) }
}

suite('somebody else’s word for who clicked', () => {
  test('is nobody before they have shown a token here', async () => {
    const { acquaintances, authenticator } = door()
    assert.equal(acquaintances.identityOf(bob.id, 'slack:T1/U1'), undefined)
    await authenticator.authenticate(byToken('token'))
    assert.equal(acquaintances.identityOf('idp#carol', 'slack:T1/U2'), undefined)
  })

  test('is them as their token said, for a while, and the record says by what', async () => {
    const { acquaintances, authenticator, clock } = door()
    await authenticator.authenticate(byToken('token'))
    assert.deepEqual(acquaintances.identityOf(bob.id, 'slack:T1/U1'), {
      subject: bob,
      tokenId: 'slack:T1/U1',
      expiresAt: clock.now() + limits.slackWindowMs,
    })
    clock.advance(limits.slackStandingMs)
    assert.equal(
      acquaintances.identityOf(bob.id, 'slack:T1/U1'),
      undefined,
      'nobody knows their groups by now',
    )
  })

  test('has the groups that count now', async () => {
    const { acquaintances, authenticator, standing } = door()
    await authenticator.authenticate(byToken('token'))
    standing.note({ id: bob.id, groups: [] })
    assert.deepEqual(acquaintances.identityOf(bob.id, 'slack:T1/U1')?.subject.groups, [])
  })

  test('is nobody any more once what they showed was revoked, until they show another token', async () => {
    const { acquaintances, authenticator, clock } = door()
    await authenticator.authenticate(byToken('token'))
    const told = { at: clock.now(), until: clock.now() + 1, by: 'idp#root', reason: 'left' }
    acquaintances.forget({ kind: 'token', token: 'tok_other', fingerprint: 'x', ...told })
    assert.ok(acquaintances.identityOf(bob.id, 'slack:T1/U1') !== undefined)
    acquaintances.forget({ kind: 'subject', subject: bob.id, issuedUpTo: clock.now(), ...told })
    assert.equal(acquaintances.identityOf(bob.id, 'slack:T1/U1'), undefined)
    await authenticator.authenticate(byToken('token'))
    assert.ok(acquaintances.identityOf(bob.id, 'slack:T1/U1') !== undefined)
  })
})
