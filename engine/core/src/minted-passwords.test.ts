import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { byToken } from './proof.ts'
import { Refused } from './errors.ts'
import { limits } from './limits.ts'
import {
  isPasswordId,
  knowingPasswords,
  openMintedPasswords,
  type MintedPasswords,
} from './minted-passwords.ts'
import type { Identity } from './request.ts'
import { concerns, tokenFingerprint, type TokenRevocation } from './revocation.ts'
import { countingIds, quiet, SharedLog, SteppedClock } from './scripted-control.ts'

const everywhere = { targets: null }

function world() {
  const log = new SharedLog()
  const clock = new SteppedClock()
  const ids = countingIds()
  const gateway = (writer: string): Promise<MintedPasswords> =>
    openMintedPasswords({ store: log.store(writer), clock, ids, report: (what) => assert.fail(what) })
  const identity: Identity = {
    subject: {
      id: 'idp#alice',
      type: 'human',
      issuer: 'idp',
      groups: ['dba'],
      claims: { team: 'blue' },
      on_behalf_of: null,
    },
    tokenId: 'tok_1',
    expiresAt: clock.now() + 600_000,
    issuedAt: clock.now() - 5_000,
    madeFrom: ['of the provider’s'],
  }
  return { log, clock, gateway, identity }
}

suite('a minted password', () => {
  test('speaks at every gateway, also after a restart, for who asked for it and as long as their token', async () => {
    const { gateway, identity, clock, log } = world()
    const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
    const { id } = await a.mint(identity, everywhere)
    assert.ok(isPasswordId(id), id)
    await quiet()
    for (const passwords of [a, b, await gateway('gw_c')]) {
      const known = passwords.of(id)
      assert.deepEqual(known?.subject, identity.subject)
      assert.deepEqual([known.tokenId, known.expiresAt], [id, identity.expiresAt])
      assert.equal(known.issuedAt, identity.issuedAt)
      assert.equal(known.confined, undefined)
    }
    assert.deepEqual(
      b.list().map(({ tokenId }) => tokenId),
      [id],
    )
    clock.advance(600_000)
    assert.deepEqual(b.list(), [])
    assert.equal(b.of(id), undefined)
    assert.equal((await gateway('gw_d')).of(id), undefined)
    assert.deepEqual(
      log.events.map(({ type, sealed }) => [type, sealed]),
      [['PasswordMinted', null]],
    )
  })

  test('is revoked with itself, with the token, and with what that was made from', async () => {
    const { gateway, identity } = world()
    const passwords = await gateway('gw_a')
    const { id } = await passwords.mint(identity, everywhere)
    const known = passwords.of(id)
    assert.ok(known !== undefined)
    const told = { at: 0, until: Infinity, by: 'idp#root', reason: 'leaked' }
    const revoked = (token: string, fingerprint = tokenFingerprint(token)): TokenRevocation => ({
      kind: 'token',
      token,
      fingerprint,
      ...told,
    })
    for (const revocation of [revoked(id), revoked('tok_1'), revoked('idp#x', 'of the provider’s')])
      assert.ok(concerns(revocation, known), revocation.token)
    assert.ok(!concerns(revoked('tok_2'), known))
  })

  test('never outlives what a gateway token may', async () => {
    const { gateway, identity, clock } = world()
    const passwords = await gateway('gw_a')
    const { identity: minted } = await passwords.mint(
      { ...identity, expiresAt: clock.now() + 86_400_000 },
      everywhere,
    )
    assert.equal(minted.expiresAt, clock.now() + limits.tokenLifeMs)
  })

  test('is bound to what it was asked for', async () => {
    const { gateway, identity } = world()
    const passwords = await gateway('gw_a')
    const { id } = await passwords.mint(identity, { targets: ['shop'], networks: ['10.0.0.0/8'] })
    const { targets, networks } = passwords.of(id)?.confined ?? {}
    assert.deepEqual([targets, networks], [['shop'], ['10.0.0.0/8']])
  })

  test('is one of few that a subject has at once, and forgotten when it is over', async () => {
    const { gateway, identity, clock } = world()
    const passwords = await gateway('gw_a')
    for (let at = 0; at < limits.mintedPasswordsOfSubjectMax; at++) await passwords.mint(identity, everywhere)
    await assert.rejects(passwords.mint(identity, everywhere), /try again in some minutes/)
    const { subject } = identity
    await passwords.mint({ ...identity, subject: { ...subject, id: 'idp#bob' } }, everywhere)
    clock.advance(600_000 + limits.mintedPasswordSweepMs)
    await passwords.mint({ ...identity, expiresAt: clock.now() + 1_000 }, everywhere)
  })
})

test('whoever has proven to know a password is who it was minted for; of others nothing is told', async () => {
  const { gateway, identity, clock } = world()
  const passwords = await gateway('gw_a')
  const { id } = await passwords.mint(identity, everywhere)
  const inner = { authenticate: () => Promise.resolve({ ...identity, tokenId: 'by token' }) }
  const authenticator = knowingPasswords(inner, passwords)
  assert.equal((await authenticator.authenticate({ kind: 'password', id })).tokenId, id)
  assert.equal((await authenticator.authenticate(byToken('x'))).tokenId, 'by token')
  const messages = new Set<string>()
  for (const other of ['pwd_00000000000000000000000009', 'tok_1', '']) {
    await assert.rejects(authenticator.authenticate({ kind: 'password', id: other }), (error) => {
      assert.ok(error instanceof Refused)
      messages.add(error.refusal.message)
      return true
    })
  }
  clock.advance(600_000)
  await assert.rejects(authenticator.authenticate({ kind: 'password', id }), (error) => {
    messages.add((error as Refused).refusal.message)
    return true
  })
  assert.equal(messages.size, 1)
})

test('only a whole id is one', () => {
  for (const user of [
    'app',
    'pwd_',
    'pwd_short',
    `PWD_${'0'.repeat(26)}`,
    `pwd_${'0'.repeat(27)}`,
    `pwd_${'U'.repeat(26)}`,
    ` pwd_${'0'.repeat(26)}`,
  ])
    assert.equal(isPasswordId(user), false, user)
})
